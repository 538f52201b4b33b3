import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const ENTRIES = [
  'index.js',
  'browser.js',
  'bullmq.js',
  'charts.js',
  'data.js',
  'io.js',
  'keras.js',
  'metrics.js',
  'mpi.js',
  'search.js',
  'testing.js',
  'gpu.js',
  'node.js',
  'search-worker.js',
  'ndgrad-search-worker.js',
  'ndgrad.min.js',
];

/** Folders whose types are internal, unless an entry exports them. */
const ENGINE = ['ir', 'compiler', 'runtime', 'util'];

/** Entry files that may import `node:` modules. */
const NODE_ENTRIES = ['node.js', 'search-worker.js', 'bullmq.js', 'ndgrad-search-worker.js', 'mpi.js'];

/** Entry files that may import packages which are optional. */
const OPTIONAL: Readonly<Record<string, readonly string[]>> = {
  'gpu.js': ['gpu.js'],
  'charts.js': ['uplot'],
  'bullmq.js': ['bullmq', 'ioredis'],
  'ndgrad-search-worker.js': ['bullmq', 'ioredis'],
  'mpi.js': ['koffi'],
};

/** External modules that a built file imports, itself or through its chunks. */
async function externals(file: string): Promise<string[]> {
  const { metafile } = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    packages: 'external',
    external: ['node:*'],
    logLevel: 'silent',
  });
  const imports = Object.values(metafile.inputs).flatMap((input) => input.imports);
  return [...new Set(imports.filter((found) => found.external).map((found) => found.path))].sort();
}

/** The types of the engine that no entry exports: no declaration file may contain them. */
export function internalTypes(src: string): ReadonlySet<string> {
  const names = new Set<string>();
  const read = (file: string) => readFileSync(join(src, file), 'utf8');
  for (const folder of ENGINE) {
    for (const name of readdirSync(join(src, folder), { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts')) continue;
      const found = read(join(folder, name)).matchAll(
        /^export (?:abstract )?(?:class|interface|type) (\w+)/gm,
      );
      for (const [, type] of found) names.add(type!);
    }
  }
  const exported = new RegExp(`^export (?:type )?\\{([^}]*)\\} from '\\./(?:${ENGINE.join('|')})/`, 'gm');
  for (const entry of readdirSync(src).filter((name) => name.endsWith('.ts'))) {
    for (const [, list] of read(entry).matchAll(exported)) {
      for (const name of list!.match(/\w+/g) ?? []) names.delete(name);
    }
  }
  return names;
}

/**
 * Problems of a built package: files with imports that are not allowed (only `ndgrad/node`, `ndgrad/bullmq`,
 * their workers and `ndgrad/mpi` may import `node:` modules, and each optional package has its entries), modules that are included in two files, so that their state would exist twice,
 * and declarations that contain internal types or members.
 */
export async function distProblems(
  dist: string,
  dependencies: string[],
  internal: ReadonlySet<string>,
): Promise<string[]> {
  const problems: string[] = [];
  for (const entry of ENTRIES) {
    const allowed = (name: string) => {
      if (entry === 'ndgrad.min.js') return false;
      if (OPTIONAL[entry]?.includes(name)) return true;
      if (NODE_ENTRIES.includes(entry)) return name.startsWith('node:') || dependencies.includes(name);
      return name === 'ndarray';
    };
    for (const name of await externals(join(dist, entry))) {
      if (!allowed(name)) problems.push(`dist/${entry} imports '${name}'`);
    }
  }

  const fileOf = new Map<string, string>();
  for (const file of readdirSync(dist).filter((name) => name.endsWith('.js') && !name.endsWith('.min.js'))) {
    // esbuild puts the path of every module above its code.
    for (const [, module] of readFileSync(join(dist, file), 'utf8').matchAll(/^\/\/ (src\/\S+\.ts)$/gm)) {
      const other = fileOf.get(module!);
      if (other !== undefined && other !== file)
        problems.push(`${module} is in dist/${other} and in dist/${file}`);
      fileOf.set(module!, file);
    }
  }
  if (fileOf.size === 0) problems.push('no module paths found in dist/*.js');

  for (const file of readdirSync(dist).filter((name) => name.endsWith('.d.ts'))) {
    const text = readFileSync(join(dist, file), 'utf8');
    for (const [, name] of text.matchAll(
      /^(?:export |declare |abstract )*(?:class|interface|type) (\w+)/gm,
    )) {
      if (internal.has(name!)) problems.push(`dist/${file} declares ${name}, which is internal`);
    }
    if (text.includes('@internal')) problems.push(`dist/${file} declares members that are marked @internal`);
  }
  for (const entry of ENTRIES.filter((name) => !NODE_ENTRIES.includes(name))) {
    const file = entry.replace(/\.js$/, '.d.ts');
    const text = readFileSync(join(dist, file), 'utf8');
    if (/from 'node:|reference types="node"/.test(text)) problems.push(`dist/${file} needs Node's types`);
    if (
      /^(?:import|export)\b.*from '(?:gpu\.js|@?webgpu|uplot|fast-check)|reference types="@webgpu/m.test(text)
    )
      problems.push(`dist/${file} needs the types of optional packages`);
  }
  return problems;
}

/** Packages whose code is in a bundle of everything that `folder`'s source files in src/ export, without `external` ones. */
export async function bundledPackages(folder: string, external: string[]): Promise<string[]> {
  const src = join(folder, 'src');
  const files = readdirSync(src).filter((name) => name.endsWith('.ts'));
  const { metafile } = await build({
    absWorkingDir: folder,
    entryPoints: files.map((name) => join(src, name)),
    bundle: true,
    write: false,
    outdir: 'dist',
    metafile: true,
    format: 'esm',
    external: ['node:*', ...external],
    logLevel: 'silent',
  });
  const names = new Set<string>();
  for (const output of Object.values(metafile.outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) {
      const [, name] = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(path) ?? [];
      if (name !== undefined && bytesInOutput > 0) names.add(name);
    }
  }
  return [...names].sort();
}

/** Packages of which `text` does not contain the license. */
export function licenseProblems(folder: string, packages: readonly string[], text: string): string[] {
  return packages.flatMap((name) => {
    const path = join(folder, 'node_modules', name);
    const file = readdirSync(path).find((entry) => /^licen[cs]e/i.test(entry));
    if (file !== undefined && text.includes(readFileSync(join(path, file), 'utf8').trim())) return [];
    return [`THIRD-PARTY.md lacks the license of ${name}, which is bundled`];
  });
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const ENTRIES = [
  'index.js',
  'testing.js',
  'gpu.js',
  'node.js',
  'search-worker.js',
  'data.js',
  'metrics.js',
  'search.js',
  'ndgrad.min.js',
];

/** Declarations that users must not see. */
const INTERNAL =
  /\b(?:class (?:Node|Storage|Operation|Dataset)|interface (?:Plan|Kernel|LoweringBuilder|DeviceCopy))\b/;

/** Those that may need `node:` modules. */
const NODE = ['node.js', 'search-worker.js'];

/** Names from outside the package that a built file needs, itself or through its chunks. */
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

/**
 * Problems of a built package, empty if there are none: files that need more than they may (only `ndgrad/node` and its
 * worker may need `node:` modules, and only `ndgrad/gpu` gpu.js), and modules that stand in two files, so that their state
 * would exist twice.
 */
export async function distProblems(dist: string, dependencies: string[]): Promise<string[]> {
  const problems: string[] = [];
  for (const entry of ENTRIES) {
    const allowed = (name: string) => {
      if (entry === 'ndgrad.min.js') return false;
      if (entry === 'gpu.js' && name === 'gpu.js') return true;
      if (NODE.includes(entry)) return name.startsWith('node:') || dependencies.includes(name);
      return name === 'ndarray';
    };
    for (const name of await externals(join(dist, entry))) {
      if (!allowed(name)) problems.push(`dist/${entry} imports '${name}'`);
    }
  }

  const home = new Map<string, string>();
  for (const file of readdirSync(dist).filter((name) => name.endsWith('.js') && !name.endsWith('.min.js'))) {
    // esbuild puts the path of every module above its code.
    for (const [, module] of readFileSync(join(dist, file), 'utf8').matchAll(/^\/\/ (src\/\S+\.ts)$/gm)) {
      const other = home.get(module!);
      if (other !== undefined && other !== file)
        problems.push(`${module} stands in dist/${other} and in dist/${file}`);
      home.set(module!, file);
    }
  }
  if (home.size === 0) problems.push('no module paths found in dist/*.js');

  for (const file of readdirSync(dist).filter((name) => name.endsWith('.d.ts'))) {
    const [found] = INTERNAL.exec(readFileSync(join(dist, file), 'utf8')) ?? [];
    if (found !== undefined) problems.push(`dist/${file} declares the internal ${found}`);
  }
  for (const entry of ENTRIES.filter((name) => !NODE.includes(name) && name !== 'ndgrad.min.js')) {
    const file = entry.replace(/\.js$/, '.d.ts');
    const text = readFileSync(join(dist, file), 'utf8');
    if (/from 'node:|reference types="node"/.test(text)) problems.push(`dist/${file} needs Node's types`);
    if (/from '(?:gpu\.js|@?webgpu)|reference types="@webgpu/.test(text))
      problems.push(`dist/${file} needs the types of packages that few install`);
  }
  return problems;
}

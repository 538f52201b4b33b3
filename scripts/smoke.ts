/** Installs the packed package in an empty folder and trains XOR with every way of importing it. */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { inTemporaryFolder, kilobytes, overrides, report, root, run } from './shared.ts';
import { smokeGpu } from './smoke/gpu.ts';

const INSTALLED_BUDGET = 2_900_000;

const program = readFileSync(join(root, 'scripts/smoke/xor.ts'), 'utf8');
/** Imports from every entry point. */
const entries = readFileSync(join(root, 'scripts/smoke/entries.ts'), 'utf8');
const javascript = (format: 'esm' | 'cjs', source = program) =>
  transformSync(source, { loader: 'ts', format, target: 'es2022', platform: 'node' }).code;
const GPU_PROGRAM = `import { setBackend } from 'ndgrad';
import { type GpuOptions, gpu } from 'ndgrad/gpu';
const options: GpuOptions = { adapter: 'low-power' };
await setBackend(await gpu(options));
`;
const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

function folderBytes(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    return sum + (entry.isDirectory() ? folderBytes(path) : statSync(path).size);
  }, 0);
}

inTemporaryFolder((folder) => {
  const problems: string[] = [];
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  const attempt = (what: string, work: () => string) => {
    try {
      console.log(`${what}: ${work().trim()}`);
    } catch (error) {
      problems.push(`${what}: ${(error as Error).message}`);
    }
  };
  const node = (file: string, { flags = [], args = [] }: { flags?: string[]; args?: string[] } = {}) =>
    run(process.execPath, [...flags, file, ...args], { cwd: folder });
  const install = (...packages: string[]) =>
    run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts', ...packages], {
      cwd: folder,
    });

  const [{ filename }] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', folder]));
  const project = { name: 'smoke', private: true, type: 'module', overrides };
  write('package.json', JSON.stringify(project));
  run('npm', ['install', '--no-audit', '--no-fund', join(folder, filename)], { cwd: folder });

  const lock = JSON.parse(readFileSync(join(folder, 'node_modules/.package-lock.json'), 'utf8'));
  const installed = Object.entries<{ hasInstallScript?: boolean }>(lock.packages);
  const bytes = folderBytes(join(folder, 'node_modules'));
  console.log(`installed: ${installed.length} packages, ${kilobytes(bytes)}`);
  if (bytes > INSTALLED_BUDGET)
    problems.push(`the install has ${kilobytes(bytes)}, more than ${kilobytes(INSTALLED_BUDGET)}`);
  for (const [path, { hasInstallScript }] of installed) {
    if (hasInstallScript) problems.push(`${path} has an install script`);
  }

  write('xor.mjs', javascript('esm'));
  attempt('ESM', () => node('xor.mjs'));
  write('xor.cjs', javascript('cjs'));
  attempt('require', () => node('xor.cjs'));
  const single = program
    .replace("from 'ndgrad';", "from 'ndgrad/ndgrad.min.js';")
    .replace(/.*gradcheck.*\n/g, '');
  write('single.mjs', javascript('esm', single));
  attempt('single file', () => node('single.mjs'));
  // Node can forbid the same as a content-security policy without unsafe-eval.
  write('no-eval.mjs', javascript('esm', single.replace(/.*toNdarray.*\n/g, '')));
  attempt('no eval', () => node('no-eval.mjs', { flags: ['--disallow-code-generation-from-strings'] }));
  write('entries.mjs', javascript('esm', entries));
  attempt('every entry point', () => node('entries.mjs'));

  const worker = (...args: string[]) => run('npx', ['ndgrad-search-worker', ...args], { cwd: folder });
  attempt('ndgrad-search-worker --help', () => worker('--help').split('\n', 1)[0]!);
  write('trial.mjs', 'export default ({ x }) => ({ score: x });\n');
  attempt('ndgrad-search-worker without its packages', () => {
    const missing = "[ndgrad-search-worker] ioredis can't be loaded";
    try {
      worker('trial.mjs');
    } catch (error) {
      if ((error as Error).message.includes(missing)) return 'names the first one';
      throw error;
    }
    throw new Error(`wanted ${missing}`);
  });

  const trainsOnGpu = smokeGpu({ folder, attempt, node, install });

  const versions = ['typescript', '@types/node'].map((name) => `${name}@${devDependencies[name]}`);
  install(...versions);
  const strict = { strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, target: 'ES2022' };
  const compile = (name: string, file: string, options: object, source = program) => {
    const project = join(folder, name);
    mkdirSync(project);
    writeFileSync(join(project, file), source);
    const compilerOptions = { ...strict, outDir: './out', ...options };
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [file] }));
    return run('npx', ['tsc', '-p', project], { cwd: folder });
  };
  const browser = { lib: ['ES2022', 'DOM'], types: [] };
  const server = { lib: ['ES2022'], types: ['node'] };
  attempt('TypeScript, module nodenext, browser types', () => {
    compile('nodenext', 'xor.ts', { module: 'NodeNext', ...browser });
    return node('nodenext/out/xor.js');
  });
  attempt('TypeScript, CommonJS, Node types', () => {
    compile('commonjs', 'xor.cts', { module: 'NodeNext', ...server });
    return node('commonjs/out/xor.cjs');
  });
  attempt('TypeScript, bundler resolution, Node types', () => {
    compile('bundler', 'xor.ts', { module: 'ESNext', moduleResolution: 'Bundler', ...server });
    return node('bundler/out/xor.js');
  });

  attempt('TypeScript, every entry point, module node16', () => {
    compile('entries-node16', 'entries.mts', { module: 'Node16', ...server }, entries);
    return node('entries-node16/out/entries.mjs');
  });
  attempt('TypeScript, every entry point, bundler resolution', () => {
    const options = { module: 'ESNext', moduleResolution: 'Bundler', ...server };
    compile('entries-bundler', 'entries.ts', options, entries);
    return node('entries-bundler/out/entries.js');
  });

  attempt('TypeScript, ndgrad/gpu without the packages for GPUs', () =>
    compile('gpu', 'main.mts', { module: 'NodeNext', ...server }, GPU_PROGRAM),
  );
  trainsOnGpu();

  report('smoke: the packed package installs and trains', problems);
});

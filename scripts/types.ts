// Compiles programs against the built declarations with the oldest and the newest TypeScript. Run `npm run build` first.
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inTemporaryFolder, report, root, run } from './shared.ts';

const folder = join(root, 'test/typescript-versions');
const { devDependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
const compilers = Object.keys(devDependencies);
if (!compilers.every((name) => existsSync(join(folder, 'node_modules', name)))) {
  run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder });
}

interface Project {
  readonly name: string;
  readonly files: readonly string[];
  readonly options: object;
  /** Compilers that can't compile it. */
  readonly except?: readonly string[];
}

const host = { lib: ['es2022', 'dom', 'dom.iterable'], types: ['node'] };
const node16 = { module: 'node16', moduleResolution: 'node16' };
const projects: readonly Project[] = [
  { name: 'moduleResolution node16', files: ['consumer.ts', 'host.ts'], options: { ...host, ...node16 } },
  {
    name: 'moduleResolution bundler',
    files: ['consumer.ts', 'host.ts'],
    options: { ...host, module: 'esnext', moduleResolution: 'bundler' },
  },
  {
    name: 'types of Node alone',
    files: ['consumer.ts', 'host.ts'],
    options: { ...node16, lib: ['es2022'], types: ['node'] },
  },
  {
    name: 'types of neither browsers nor Node',
    files: ['consumer.ts'],
    options: { ...node16, lib: ['es2022'], types: [] },
  },
  {
    name: 'import() in CommonJS, module node16',
    files: ['imported.cts'],
    options: { ...node16, lib: ['es2022'], types: [] },
  },
  {
    name: 'require in CommonJS, module nodenext',
    files: ['required.cts'],
    options: { module: 'nodenext', moduleResolution: 'nodenext', lib: ['es2022'], types: [] },
    // From TypeScript 5.8 on.
    except: ['typescript-5.4'],
  },
];
/** What the declarations may import: the package's dependencies; and Node's types. */
const installed = ['ndarray', '@types/ndarray', '@types/node', 'undici-types'];

const problems = inTemporaryFolder((workplace) => {
  const modules = join(workplace, 'node_modules');
  for (const name of ['package.json', 'dist']) {
    cpSync(join(root, name), join(modules, 'ndgrad', name), { recursive: true });
  }
  for (const name of installed) {
    cpSync(join(root, 'node_modules', name), join(modules, name), { recursive: true });
  }
  writeFileSync(join(workplace, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  const found: string[] = [];
  for (const { name: what, files, options, except = [] } of projects) {
    for (const file of files) cpSync(join(folder, file), join(workplace, file));
    const compilerOptions = {
      target: 'es2022',
      strict: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
      noEmit: true,
      ...options,
    };
    writeFileSync(join(workplace, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
    for (const name of compilers.filter((compiler) => !except.includes(compiler))) {
      const compiler = join(folder, 'node_modules', name, 'bin/tsc');
      try {
        run(process.execPath, [compiler, '-p', '.'], { cwd: workplace });
        console.log(`${name}, ${what}: compiles`);
      } catch (error) {
        found.push(`${name}, ${what}: ${(error as Error).message}`);
      }
    }
  }
  return found;
});
report(`types: the declarations compile with ${compilers.join(' and ')}`, problems);

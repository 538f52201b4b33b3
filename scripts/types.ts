// Compiles a program against the built declarations with the oldest and the newest TypeScript. Run `npm run build` first.
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inTemporaryFolder, report, root, run } from './shared.ts';

const folder = join(root, 'test/typescript-versions');
const { devDependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
const compilers = Object.keys(devDependencies);
if (!compilers.every((name) => existsSync(join(folder, 'node_modules', name)))) {
  run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder });
}

const settings = [
  { module: 'node16', moduleResolution: 'node16' },
  { module: 'esnext', moduleResolution: 'bundler' },
];
/** What the declarations may import: the package's dependencies, and Node's types for `ndgrad/node`. */
const installed = ['ndarray', '@types/ndarray', '@types/node', 'undici-types'];

const problems = inTemporaryFolder((project) => {
  const modules = join(project, 'node_modules');
  for (const name of ['package.json', 'dist']) {
    cpSync(join(root, name), join(modules, 'ndgrad', name), { recursive: true });
  }
  for (const name of installed) {
    cpSync(join(root, 'node_modules', name), join(modules, name), { recursive: true });
  }
  cpSync(join(folder, 'consumer.ts'), join(project, 'consumer.ts'));
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  const found: string[] = [];
  for (const setting of settings) {
    const compilerOptions = {
      ...setting,
      target: 'es2022',
      lib: ['es2022', 'dom', 'dom.iterable'],
      types: ['node'],
      strict: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
      noEmit: true,
    };
    writeFileSync(
      join(project, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: ['consumer.ts'] }),
    );
    for (const name of compilers) {
      const compiler = join(folder, 'node_modules', name, 'bin/tsc');
      try {
        run(process.execPath, [compiler, '-p', '.'], { cwd: project });
        console.log(`${name}, moduleResolution ${setting.moduleResolution}: compiles`);
      } catch (error) {
        found.push(`${name}, moduleResolution ${setting.moduleResolution}: ${(error as Error).message}`);
      }
    }
  }
  return found;
});
report(`types: the declarations compile with ${compilers.join(' and ')}`, problems);

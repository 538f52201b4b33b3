// Trains with the packed package in Bun, in Deno and under Jest, set up as docs/environments.md says. The results must be
// those of Node, bit for bit. Run `npm run build` first.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeBlocks } from './markdown.ts';
import { inTemporaryFolder, report, root, run } from './shared.ts';

const packages = [
  'bun@1.4.5',
  'deno@2.9.6',
  'jest@30.5.2',
  'jest-environment-jsdom@30.5.2',
  '@babel/preset-env@8.0.7',
];
const source = (file: string) => join(root, 'scripts/environments', file);

/** The code block of docs/environments.md whose first line is a comment with the name of the file. */
function documented(file: string): string {
  const blocks = codeBlocks(readFileSync(join(root, 'docs/environments.md'), 'utf8'));
  const block = blocks.find(({ code }) => code.startsWith(`// ${file}\n`));
  if (block === undefined) throw new Error(`docs/environments.md has no code block for ${file}`);
  return block.code;
}

const problems = inTemporaryFolder((folder) => {
  const found: string[] = [];
  const attempt = (what: string, work: () => void) => {
    try {
      work();
      console.log(`${what}: the results of Node`);
    } catch (error) {
      found.push(`${what}: ${(error as Error).message}`);
    }
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true }));
  const [{ filename }] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', folder]));
  run(
    'npm',
    ['install', '--no-audit', '--no-fund', '--prefer-offline', join(folder, filename), ...packages],
    {
      cwd: folder,
    },
  );

  for (const file of ['train.mjs', 'trial.mjs', 'program.mjs']) cpSync(source(file), join(folder, file));
  const train = (program: string, ...args: string[]): Record<string, unknown> =>
    JSON.parse(run(program, [...args, 'program.mjs'], { cwd: folder }));
  const wanted = train(process.execPath);
  const wantedText = JSON.stringify(wanted);
  if (wanted.backend !== 'wasm' || wanted.threads !== 2) found.push(`Node: ${wantedText}`);
  const bin = (name: string) => join(folder, 'node_modules/.bin', name);
  for (const [name, ...args] of [['bun'], ['deno', 'run', '--allow-all']] as const) {
    attempt(name, () => {
      const got = JSON.stringify(train(bin(name), ...args));
      if (got !== wantedText) throw new Error(`got ${got}, wanted ${wantedText}`);
    });
  }

  const jest = (name: string, environment: string, files: Record<string, string>, flags: string) => {
    const project = join(folder, name);
    mkdirSync(project);
    for (const [file, text] of Object.entries(files)) writeFileSync(join(project, file), text);
    attempt(`Jest, ${name}, ${environment}`, () =>
      run(process.execPath, [bin('jest'), '--rootDir', project, '--env', environment, '--ci'], {
        cwd: project,
        env: { NODE_OPTIONS: flags, WANTED: wantedText },
      }),
    );
  };
  const [program, test] = ['train.mjs', 'jest.test.mjs'].map((file) => readFileSync(source(file), 'utf8'));
  for (const environment of ['node', 'jsdom']) {
    jest(
      `modules-${environment}`,
      environment,
      { 'package.json': '{}', 'train.mjs': program!, 'train.test.mjs': test! },
      '--experimental-vm-modules',
    );
    jest(
      `babel-${environment}`,
      environment,
      {
        'package.json': '{}',
        'train.js': program!,
        'train.test.js': test!.replace('./train.mjs', './train.js'),
        'babel.config.js': documented('babel.config.js'),
        'jest.config.js': documented('jest.config.js'),
      },
      '',
    );
  }
  return found;
});
report('environments: Bun, Deno and Jest give the results of Node', problems);

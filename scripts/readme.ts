/**
 * Type-checks and runs the code blocks of README.md and docs/ with the built package. A block that is not a complete
 * program is marked ```ts fragment.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { useSwiftShader } from './gpu/swiftshader.ts';
import { codeBlocks } from './markdown.ts';
import { report, root, run } from './shared.ts';

// With SwiftShader the blocks that use a GPU also test the error for a software adapter.
useSwiftShader();

// Inside the repository, where `ndgrad` resolves to the package itself.
const folder = join(root, '.cache/readme');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

const docs = existsSync(join(root, 'docs')) ? readdirSync(join(root, 'docs')).sort() : [];
const files = ['README.md', ...docs.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];

const programs: { where: string; file: string }[] = [];
let typescript = 0;
for (const file of files) {
  const blocks = codeBlocks(readFileSync(join(root, file), 'utf8'));
  for (const block of blocks.filter(({ runs }) => runs)) {
    const name = `${file.replace(/\W/g, '-')}-${block.line}`;
    if (block.language === 'ts') {
      typescript++;
      writeFileSync(join(folder, `${name}.ts`), block.code);
    }
    const { code } = transformSync(block.code, { loader: block.language, target: 'es2022' });
    writeFileSync(join(folder, `${name}.mjs`), code);
    programs.push({ where: `${file}:${block.line}`, file: `${name}.mjs` });
  }
  console.log(
    `${file}: ${blocks.filter(({ runs }) => runs).length} of ${blocks.length} code blocks are programs`,
  );
}

const problems: string[] = [];
const attempt = (where: string, work: () => void) => {
  try {
    work();
  } catch (error) {
    problems.push(`${where}: ${(error as Error).message}`);
  }
};
if (!programs.some(({ where }) => where.startsWith('README.md'))) problems.push('README.md holds no program');

const compilerOptions = {
  strict: true,
  noEmit: true,
  target: 'ES2022',
  module: 'NodeNext',
  moduleDetection: 'force',
  types: ['node'],
};
writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
if (typescript > 0) attempt('types', () => run('npx', ['tsc', '-p', folder]));
for (const { where, file } of programs) {
  attempt(where, () => run(process.execPath, [file], { cwd: folder }));
}
report(`readme: ${programs.length} code blocks ran`, problems);

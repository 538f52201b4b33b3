import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { kilobytes, report, root } from './shared.ts';

const BUDGET = 60_000;

const { outputFiles, metafile } = await build({
  entryPoints: [join(root, 'scripts/size/mlp.ts')],
  bundle: true,
  minify: true,
  write: false,
  metafile: true,
  outdir: 'bundle',
  // What is imported only when it is needed (the reference interpreter) is a file of its own, as Vite and webpack do it.
  splitting: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  // Without the paths of tsconfig.json, `ndgrad` is the built package.
  tsconfigRaw: {},
});
/** What the page loads: the entry and what it imports at once. */
const loaded = new Set(Object.keys(metafile.outputs).filter((name) => metafile.outputs[name]!.entryPoint?.endsWith('mlp.ts')));
for (const name of loaded)
  for (const { path, kind } of metafile.outputs[name]!.imports) if (kind === 'import-statement') loaded.add(path);
const files = outputFiles.filter(({ path }) => loaded.has(relative(process.cwd(), path)));
const bytes = files.reduce((sum, { contents }) => sum + contents.length, 0);
const gzipped = files.reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0);
const whole = gzipSync(readFileSync(join(root, 'dist/ndgrad.min.js')), { level: 9 }).length;

console.log(`train an MLP: ${kilobytes(bytes)} minified, ${kilobytes(gzipped)} gzipped`);
console.log(`all of ndgrad: ${kilobytes(whole)} gzipped`);
report(
  `size: within the budget of ${kilobytes(BUDGET)}`,
  gzipped > BUDGET ? [`${kilobytes(gzipped)} is over the budget of ${kilobytes(BUDGET)}`] : [],
);

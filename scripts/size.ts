import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { kilobytes, report, root } from './shared.ts';

const BUDGET = 62_000;

// What is imported only when it is needed (the reference interpreter, the pool of threads) is left out, as bundlers leave it
// out of the entry that a page loads.
const { outputFiles } = await build({
  entryPoints: [join(root, 'scripts/size/mlp.ts')],
  bundle: true,
  minify: true,
  write: false,
  external: ['./js-*', './pool-*'],
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  // Without the paths of tsconfig.json, `ndgrad` is the built package.
  tsconfigRaw: {},
});
const bundle = outputFiles[0]!.contents;
const gzipped = gzipSync(bundle, { level: 9 }).length;
const whole = gzipSync(readFileSync(join(root, 'dist/ndgrad.min.js')), { level: 9 }).length;

console.log(`train an MLP: ${kilobytes(bundle.length)} minified, ${kilobytes(gzipped)} gzipped`);
console.log(`all of ndgrad: ${kilobytes(whole)} gzipped`);
report(
  `size: within the budget of ${kilobytes(BUDGET)}`,
  gzipped > BUDGET ? [`${kilobytes(gzipped)} is over the budget of ${kilobytes(BUDGET)}`] : [],
);

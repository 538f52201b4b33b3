import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { kilobytes, report, root } from './shared.ts';

const BUDGET = 62_000;
/** Budget of `ndgrad/gpu` with WebGPU and WebGL2, without gpu.js itself. */
const GPU_BUDGET = 40_000;

const gzip = (bytes: Uint8Array) => gzipSync(bytes, { level: 9 }).length;

// Dynamically imported chunks (the reference interpreter, the thread pool) are not counted, since bundlers put them into
// separate files.
async function bundle(entry: string, ...excluded: string[]): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'scripts/size', entry)],
    bundle: true,
    minify: true,
    write: false,
    external: ['./js-*', './pool-*', 'gpu.js', ...excluded],
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'error',
    // Without the paths of tsconfig.json, `ndgrad` resolves to the built package.
    tsconfigRaw: {},
  });
  return outputFiles[0]!.contents;
}

const mlp = await bundle('mlp.ts');
const small = gzip(mlp);
const gpu = gzip(await bundle('mlp-gpu.ts')) - small;
const webgpu = gzip(await bundle('mlp-gpu.ts', './webgl2-*')) - small;
const whole = gzip(readFileSync(join(root, 'dist/ndgrad.min.js')));
const gpuJs = gzip(readFileSync(join(root, 'node_modules/gpu.js/dist/gpu-browser.min.js')));

console.log(`train an MLP: ${kilobytes(mlp.length)} minified, ${kilobytes(small)} gzipped (${small} bytes)`);
console.log(`ndgrad/gpu in addition: ${kilobytes(gpu)} gzipped, without WebGL2 ${kilobytes(webgpu)}`);
console.log(`gpu.js: ${kilobytes(gpuJs)} gzipped`);
console.log(`all of ndgrad: ${kilobytes(whole)} gzipped`);
const problems = [
  { what: 'an MLP', bytes: small, budget: BUDGET },
  { what: 'ndgrad/gpu', bytes: gpu, budget: GPU_BUDGET },
].flatMap(({ what, bytes, budget }) =>
  bytes > budget ? [`${what}: ${kilobytes(bytes)} is over the budget of ${kilobytes(budget)}`] : [],
);
report(`size: within the budgets of ${kilobytes(BUDGET)} and ${kilobytes(GPU_BUDGET)}`, problems);

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { kilobytes, report, root } from './shared.ts';

/** A page that trains an MLP. */
const MINIMAL_BUDGET = 70_400;

/** What everything that an entry point exports may add to the minimal bundle. */
const BUDGETS = {
  'ndgrad/browser': 20_400,
  'ndgrad/bullmq': 4_200,
  'ndgrad/charts': 5_300,
  'ndgrad/data': 14_900,
  'ndgrad/io': 17_200,
  'ndgrad/metrics': 9_700,
  'ndgrad/mpi': 14_900,
  'ndgrad/keras': 54_600,
  'ndgrad/search': 6_000,
  'ndgrad/testing': 12_500,
  'ndgrad/node': 31_600,
};
/** What `saveWeights` and `loadWeights` may add. */
const WEIGHTS_BUDGET = 4_400;
/** What `saveModel` may add by itself. */
const SAVE_MODEL_BUDGET = 5_100;
/** What `saveModel` and `loadModel` may add, with all layers, and with loops for recurrent ones. */
const MODELS_BUDGET = 37_600;
/** What `checkpoint` may add to a program that uses `fit`. */
const CHECKPOINT_BUDGET = 8_200;
/** Budget of `ndgrad/gpu` with WebGPU and WebGL2, without gpu.js itself. */
const GPU_BUDGET = 37_800;
/** What a page needs for `trainInWorker`, without anything that computes. */
const TRAIN_IN_WORKER_BUDGET = 4_000;
/** Functions on arrays do not load the tensor engine. */
const METRICS_BUDGET = 12_900;

const gzip = (bytes: Uint8Array) => gzipSync(bytes, { level: 9 }).length;

// What is imported dynamically (the reference interpreter, the thread pool, ndarray's constructor) is not counted, since
// bundlers put it into separate files.
async function bundle(code: string, ...external: string[]): Promise<Uint8Array> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: join(root, 'scripts/size'), loader: 'ts' },
    bundle: true,
    minify: true,
    write: false,
    external: [
      './js-*',
      './pool-*',
      'ndarray',
      'gpu.js',
      'uplot',
      'bullmq',
      'ioredis',
      'koffi',
      'node:*',
      ...external,
    ],
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'error',
    // Without the paths of tsconfig.json, `ndgrad` resolves to the built package.
    tsconfigRaw: {},
  });
  return outputFiles[0]!.contents;
}

const minimal = await bundle("export * from './mlp.ts';");
const minimalSize = gzip(minimal);
const gpuProgram = "export * from './mlp-gpu.ts';";
const gpu = gzip(await bundle(gpuProgram)) - minimalSize;
const webgpu = gzip(await bundle(gpuProgram, './webgl2-*')) - minimalSize;
const metrics = gzip(await bundle("export * from 'ndgrad/metrics';"));
const trainInWorker = gzip(await bundle("export { trainInWorker } from 'ndgrad/browser';"));
const whole = gzip(readFileSync(join(root, 'dist/ndgrad.min.js')));
const gpuJs = gzip(readFileSync(join(root, 'node_modules/gpu.js/dist/gpu-browser.min.js')));

const sizes = [{ what: 'train an MLP', bytes: minimalSize, budget: MINIMAL_BUDGET }];
for (const [entry, budget] of Object.entries(BUDGETS)) {
  const both = gzip(await bundle(`export * from './mlp.ts'; export * from '${entry}';`));
  sizes.push({ what: `${entry} in addition`, bytes: both - minimalSize, budget });
}
const weights = gzip(
  await bundle("export * from './mlp.ts'; export { saveWeights, loadWeights } from 'ndgrad';"),
);
sizes.push({
  what: 'saveWeights and loadWeights in addition',
  bytes: weights - minimalSize,
  budget: WEIGHTS_BUDGET,
});
const models = gzip(await bundle("export * from './mlp.ts'; export { saveModel, loadModel } from 'ndgrad';"));
sizes.push({
  what: 'saveModel and loadModel in addition, with all layers',
  bytes: models - minimalSize,
  budget: MODELS_BUDGET,
});
const savingModels = gzip(await bundle("export * from './mlp.ts'; export { saveModel } from 'ndgrad';"));
sizes.push({
  what: 'saveModel in addition',
  bytes: savingModels - minimalSize,
  budget: SAVE_MODEL_BUDGET,
});
const withFit = gzip(await bundle("export * from './mlp.ts'; export { fit } from 'ndgrad';"));
const resumable = gzip(await bundle("export * from './mlp.ts'; export { checkpoint, fit } from 'ndgrad';"));
sizes.push({
  what: 'checkpoint in addition to fit',
  bytes: resumable - withFit,
  budget: CHECKPOINT_BUDGET,
});
sizes.push({ what: 'ndgrad/gpu in addition', bytes: gpu, budget: GPU_BUDGET });
sizes.push({ what: 'trainInWorker by itself', bytes: trainInWorker, budget: TRAIN_IN_WORKER_BUDGET });
sizes.push({ what: 'ndgrad/metrics by itself', bytes: metrics, budget: METRICS_BUDGET });

console.log(`train an MLP: ${kilobytes(minimal.length)} minified; the sizes below are gzipped`);
for (const { what, bytes, budget } of sizes) {
  console.log(`${what}: ${bytes.toLocaleString('en')} bytes, at most ${kilobytes(budget)}`);
}
console.log(`ndgrad/gpu without WebGL2: ${kilobytes(webgpu)}; gpu.js: ${kilobytes(gpuJs)}`);
console.log(`ndgrad.min.js: ${kilobytes(whole)}`);
const problems = sizes.flatMap(({ what, bytes, budget }) =>
  bytes > budget ? [`${what}: ${kilobytes(bytes)} is over the budget of ${kilobytes(budget)}`] : [],
);
report('size: all within their budgets', problems);

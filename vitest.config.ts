import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (file: string) => fileURLToPath(new URL(`./src/${file}`, import.meta.url));

/** An hour: no test depends on time, and a machine may be a hundred times slower than usual. */
const patience = 3_600_000;

/** Folders whose test files share a process, which loads the library once. Their tests leave no traces in it. */
const shared = 'compiler,data,generation,io,ir,keras,layers,losses,metrics,optim,search,tensor,testing';

export default defineConfig(({ mode }) => {
  // `npm test` and `npm run test:full`.
  const full = mode === 'full';
  const env = { NDGRAD_TESTS: full ? 'full' : '' };
  const kind = full ? 'full' : 'test';
  const sharedFiles = [`test/{${shared}}/**/*.${kind}.ts`, `test/train/*.${kind}.ts`];
  return {
    resolve: {
      alias: [
        { find: /^ndgrad$/, replacement: source('index.ts') },
        { find: /^ndgrad\/browser$/, replacement: source('browser.ts') },
        { find: /^ndgrad\/bullmq$/, replacement: source('bullmq.ts') },
        { find: /^ndgrad\/charts$/, replacement: source('charts.ts') },
        { find: /^ndgrad\/data$/, replacement: source('data.ts') },
        { find: /^ndgrad\/gpu$/, replacement: source('gpu.ts') },
        { find: /^ndgrad\/io$/, replacement: source('io.ts') },
        { find: /^ndgrad\/keras$/, replacement: source('keras.ts') },
        { find: /^ndgrad\/metrics$/, replacement: source('metrics.ts') },
        { find: /^ndgrad\/mpi$/, replacement: source('mpi.ts') },
        { find: /^ndgrad\/node$/, replacement: source('node.ts') },
        { find: /^ndgrad\/search$/, replacement: source('search.ts') },
        { find: /^ndgrad\/testing$/, replacement: source('testing.ts') },
      ],
    },
    test: {
      // Memory tests collect garbage themselves.
      execArgv: ['--expose-gc'],
      setupFiles: ['test/tooling/setup.ts'],
      testTimeout: patience,
      hookTimeout: patience,
      teardownTimeout: patience,
      expect: { poll: { timeout: patience } },
      maxWorkers: '100%',
      projects: [
        {
          extends: true,
          test: {
            name: 'apart',
            env,
            include: [`test/**/*.${kind}.ts`],
            exclude: [...sharedFiles, '**/node_modules/**'],
          },
        },
        {
          extends: true,
          test: {
            name: 'shared',
            env,
            include: sharedFiles,
            isolate: false,
            setupFiles: ['test/tooling/no-traces.ts'],
          },
        },
      ],
    },
  };
});

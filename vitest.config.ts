import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (file: string) => fileURLToPath(new URL(`./src/${file}`, import.meta.url));

/** An hour: no test depends on time, and a machine may be a hundred times slower than usual. */
const patience = 3_600_000;

export default defineConfig(({ mode }) => ({
  resolve: {
    alias: [
      { find: /^ndgrad$/, replacement: source('index.ts') },
      { find: /^ndgrad\/data$/, replacement: source('data.ts') },
      { find: /^ndgrad\/gpu$/, replacement: source('gpu.ts') },
      { find: /^ndgrad\/metrics$/, replacement: source('metrics.ts') },
      { find: /^ndgrad\/node$/, replacement: source('node.ts') },
      { find: /^ndgrad\/search$/, replacement: source('search.ts') },
      { find: /^ndgrad\/testing$/, replacement: source('testing.ts') },
    ],
  },
  test: {
    // `npm test` and `npm run test:full`.
    include: [mode === 'full' ? 'test/**/*.full.ts' : 'test/**/*.test.ts'],
    // Memory tests collect garbage themselves.
    execArgv: ['--expose-gc'],
    setupFiles: ['test/tooling/setup.ts'],
    testTimeout: patience,
    hookTimeout: patience,
    teardownTimeout: patience,
    expect: { poll: { timeout: patience } },
    maxWorkers: '100%',
    typecheck: {
      enabled: mode !== 'full',
      // `npm run typecheck` judges the rest.
      ignoreSourceErrors: true,
      include: ['test/types/**/*.test-d.ts'],
    },
  },
}));

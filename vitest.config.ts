import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (file: string) => fileURLToPath(new URL(`./src/${file}`, import.meta.url));

export default defineConfig({
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
    include: ['test/**/*.test.ts'],
    // Memory tests collect garbage themselves.
    execArgv: ['--expose-gc'],
    setupFiles: ['test/tooling/setup.ts'],
    testTimeout: 60_000,
    maxWorkers: '100%',
    typecheck: {
      enabled: true,
      // `npm run typecheck` judges the rest.
      ignoreSourceErrors: true,
      include: ['test/types/**/*.test-d.ts'],
    },
  },
});

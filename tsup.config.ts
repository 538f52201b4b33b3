import { rmSync } from 'node:fs';
import { defineConfig } from 'tsup';

// tsup's own `clean` runs once per configuration, side by side, and could delete what the other has written.
rmSync('dist', { recursive: true, force: true });

export default defineConfig([
  {
    entry: {
      index: 'src/index.ts',
      node: 'src/node.ts',
      testing: 'src/testing.ts',
      // What the workers of `inWorkers` run: a file that node.js finds beside it.
      'search-worker': 'src/node/search-worker.ts',
    },
    format: 'esm',
    target: 'es2022',
    platform: 'neutral',
    splitting: true,
    external: [/^node:/],
    removeNodeProtocol: false,
    dts: { entry: ['src/index.ts', 'src/node.ts', 'src/testing.ts'] },
  },
  {
    entry: { 'ndgrad.min': 'src/index.ts' },
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    splitting: false,
    noExternal: [/./],
    minify: true,
  },
]);

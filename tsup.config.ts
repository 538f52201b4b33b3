import { rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { defineConfig, type Options } from 'tsup';

// tsup's own `clean` runs once per configuration, side by side, and could delete what the other has written.
rmSync('dist', { recursive: true, force: true });

type Plugin = NonNullable<Options['esbuildPlugins']>[number];

/**
 * Records of operations are made by calls when their modules are loaded. Bundlers may leave out those that a program
 * does not use only where the calls are marked as free of side effects.
 */
const markRecords: Plugin = {
  name: 'mark-records',
  setup({ onLoad }) {
    onLoad(
      { filter: /[\\/]src[\\/](tensor|backends[\\/]wasm[\\/]algorithms)[\\/].*\.ts$/ },
      async ({ path }) => {
        const source = await readFile(path, 'utf8');
        const call = /^((?:export )?const \w+(?:: [^=\n]+)? =)(?= \w+(?:<[^(\n]*>)?\()/gm;
        return { contents: source.replace(call, '$1 /* @__PURE__ */'), loader: 'ts' };
      },
    );
  },
};

/**
 * Adds the notice that bundlers keep, which pako's file lacks, and leaves out its compressor: only its tables are made by
 * calls without a mark.
 */
const trimPako: Plugin = {
  name: 'trim-pako',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]pako[\\/]dist[\\/]pako\.mjs$/ }, async ({ path }) => {
      const { version, license } = JSON.parse(await readFile(resolve(path, '../../package.json'), 'utf8'));
      const notice =
        `/*! pako ${version}, ${license}, https://github.com/nodeca/pako, (C) Jean-loup Gailly, Mark Adler, ` +
        'Vitaly Puzrin and Andrei Tuputcyn */\n';
      const source = await readFile(path, 'utf8');
      const call = /^(?:var \w+ = |\t)?(?=new \w+\(|zero\$1\()/gm;
      return { contents: notice + source.replace(call, '$&/* @__PURE__ */ '), loader: 'js' };
    });
  },
};

/**
 * Adds a notice, and leaves out the decompressor that is in jsfive's file: we refuse compressed data, and have fflate and
 * pako ourselves.
 */
const trimJsfive: Plugin = {
  name: 'trim-jsfive',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]jsfive[\\/]dist[\\/]esm[\\/]index\.mjs$/ }, async ({ path }) => {
      const { version } = JSON.parse(await readFile(resolve(path, '../../../package.json'), 'utf8'));
      const notice =
        `/*! jsfive ${version}, public domain, https://github.com/usnistgov/jsfive, based on pyfive, BSD-3-Clause, ` +
        '(C) 2016 Jonathan J. Helmus */\n';
      const source = await readFile(path, 'utf8');
      const parts = [
        /^\/\/ node_modules\/pako\/[\s\S]*?(?=^\/\/ esm\/filters\.js$)/m,
        /^ *\[GZIP_DEFLATE_FILTER, zlib_decompress\],$/m,
        /^\/\*! Bundled license information:[\s\S]*?\*\/$/m,
      ];
      const rest = parts.reduce((text, part) => {
        if (!part.test(text)) throw new Error(`jsfive has changed: ${part} is not in it`);
        return text.replace(part, '');
      }, source);
      return { contents: notice + rest, loader: 'js' };
    });
  },
};

/** The entry points. */
const names = [
  'index',
  'browser',
  'bullmq',
  'charts',
  'data',
  'gpu',
  'io',
  'keras',
  'metrics',
  'mpi',
  'node',
  'search',
  'testing',
];
const entries = Object.fromEntries(names.map((name) => [name, `src/${name}.ts`]));

export default defineConfig([
  {
    entry: {
      ...entries,
      // What the workers of `inWorkers` run is a file that node.js finds beside it.
      'search-worker': 'src/node/search-worker.ts',
      'ndgrad-search-worker': 'src/bullmq/program.ts',
    },
    format: 'esm',
    target: 'es2022',
    platform: 'neutral',
    splitting: true,
    external: [/^node:/],
    noExternal: ['fflate', 'jsfive'],
    removeNodeProtocol: false,
    dts: {
      entry: { ...entries, 'ndgrad.min': 'src/single-file.ts' },
      compilerOptions: { stripInternal: true },
    },
    esbuildPlugins: [markRecords, trimPako, trimJsfive],
  },
  {
    entry: { 'ndgrad.min': 'src/single-file.ts' },
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    splitting: false,
    noExternal: [/./],
    minify: true,
    esbuildPlugins: [trimPako],
  },
]);

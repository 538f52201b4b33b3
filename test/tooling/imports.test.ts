import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

/**
 * The rows of a folder that is divided into subfolders: the subfolders' own arrows, and what all of them may import
 * from outside. The key '' stands for the files directly in the folder.
 */
function inside(
  folder: string,
  outside: string[],
  arrows: Record<string, string[]>,
): Record<string, string[]> {
  const path = (name: string): string => (name === '' ? folder : `${folder}/${name}`);
  return Object.fromEntries(
    Object.entries(arrows).map(([name, others]) => [path(name), [...others.map(path), ...outside]]),
  );
}

/** What the files of each part of src/ may import, besides files of the same part. */
const ARROWS: Record<string, string[]> = {
  util: [],
  ir: [],
  compiler: ['ir', 'util'],
  'backends/js': ['ir'],
  ...inside('backends/wasm', ['ir', 'util'], {
    assembler: [],
    module: ['assembler'],
    scalar: ['assembler', 'module'],
    loops: ['assembler', 'module', 'scalar'],
    kernels: ['assembler', 'module', 'scalar', 'loops'],
    algorithms: ['assembler', 'module', 'scalar', 'loops', 'kernels'],
    memory: ['assembler', 'module'],
    threads: ['module', 'memory'],
    runtime: ['module', 'kernels', 'memory', 'threads'],
    '': ['assembler', 'module', 'kernels', 'runtime', 'threads'],
  }),
  ...inside('backends/gpu', ['ir', 'util'], {
    device: [],
    shader: [],
    passes: ['device'],
    code: ['device', 'shader', 'passes'],
    webgpu: ['device'],
    webgl2: ['device', 'shader'],
    '': ['device', 'passes', 'code'],
  }),
  runtime: ['ir', 'util', 'compiler', 'backends/js', 'backends/wasm'],
  algorithms: ['ir', 'backends/wasm/algorithms'],
  tensor: ['ir', 'runtime', 'algorithms'],
  layers: ['ir', 'tensor'],
  generation: ['ir', 'layers', 'tensor'],
  losses: ['ir', 'tensor'],
  optim: ['ir', 'tensor'],
  metrics: ['ir', 'tensor'],
  data: ['ir', 'util', 'tensor'],
  train: ['ir', 'util', 'tensor', 'layers', 'losses', 'optim', 'metrics', 'data', 'io'],
  io: ['ir', 'util', 'tensor', 'layers', 'optim'],
  keras: ['ir', 'util', 'tensor', 'layers', 'io'],
  search: ['ir', 'util', 'tensor'],
  gpu: ['ir', 'util', 'backends/gpu', 'backends/gpu/device', 'backends/gpu/webgpu', 'backends/gpu/webgl2'],
  testing: ['ir', 'compiler', 'backends/js', 'runtime', 'tensor', 'layers'],
  remote: ['ir', 'util', 'layers', 'data', 'train', 'io'],
  browser: ['ir', 'util', 'io', 'remote'],
  charts: ['ir', 'util', 'train'],
  index: [
    'ir',
    'util',
    'tensor',
    'runtime',
    'layers',
    'losses',
    'optim',
    'metrics',
    'train',
    'generation',
    'io',
  ],
  'single-file': ['index', 'browser', 'data', 'metrics', 'search'],
  mpi: ['ir', 'util', 'tensor', 'optim', 'train', 'node', 'io'],
  node: [
    'ir',
    'util',
    'tensor',
    'runtime',
    'layers',
    'losses',
    'optim',
    'metrics',
    'data',
    'train',
    'io',
    'search',
    'remote',
  ],
  bullmq: ['ir', 'util', 'search', 'node'],
};

/** Packages, and the only part that may import one; null for all. */
const PACKAGES = new Map([
  ['ndarray', null],
  ['gpu.js', 'gpu'],
  ['pako', 'data'],
  ['fflate', 'io'],
  ['jsfive', 'keras'],
  ['uplot', 'charts'],
  ['bullmq', 'bullmq'],
  ['ioredis', 'bullmq'],
  ['koffi', 'mpi'],
]);

/** Parts that run in Node only. */
const IN_NODE = ['node', 'bullmq', 'mpi'];

/** Parts of which others may import index.ts only. */
const BEHIND_INDEX = ['backends/js', 'backends/wasm'];

/** The row of the table that a file belongs to: the innermost folder that has one, or a file directly in src/. */
function partOf(file: string): string {
  const names = file
    .replace(/^src\//, '')
    .replace(/\.ts$/, '')
    .split('/');
  for (let count = names.length - 1; count > 0; count--) {
    const folder = names.slice(0, count).join('/');
    if (Object.hasOwn(ARROWS, folder)) return folder;
  }
  return names[0]!;
}

function problemsOf(file: string, source: string): string[] {
  const part = partOf(file);
  const allowed = ARROWS[part];
  if (!allowed) return [`${file}: '${part}' is not in the table of allowed imports`];
  return ts.preProcessFile(source).importedFiles.flatMap(({ fileName: name, pos }) => {
    const where = `${file}:${source.slice(0, pos).split('\n').length}`;
    if (!name.startsWith('.')) {
      const home = PACKAGES.get(name);
      if (home === null || home === part || (home === undefined && IN_NODE.includes(part))) return [];
      return [`${where}: '${name}' may be imported only by src/${home ?? 'node'}*`];
    }
    if (!name.endsWith('.ts')) return [`${where}: '${name}' does not end in .ts`];
    const target = posix.join(posix.dirname(file), name);
    if (!target.startsWith('src/')) return [`${where}: '${name}' leaves src/`];
    const other = partOf(target);
    if (other === part) return [];
    if (!allowed.includes(other)) return [`${where}: ${part} may not import ${other}`];
    if (!BEHIND_INDEX.includes(other) || target === `src/${other}/index.ts`) return [];
    return [`${where}: only ${other}/index.ts may be imported from there`];
  });
}

test('src/ imports only along the allowed arrows', () => {
  const names = readdirSync('src', { recursive: true, encoding: 'utf8' });
  const files = names
    .filter((name) => name.endsWith('.ts'))
    .map((name) => posix.join('src', name.replaceAll('\\', '/')));
  expect(files.length).toBeGreaterThan(0);
  expect(files.flatMap((file) => problemsOf(file, readFileSync(file, 'utf8')))).toEqual([]);
});

test('the allowed arrows hold no circle', () => {
  const visit = (part: string, path: string[]): void => {
    expect(path, [...path, part].join(' -> ')).not.toContain(part);
    for (const next of ARROWS[part]!) visit(next, [...path, part]);
  };
  for (const part of Object.keys(ARROWS)) visit(part, []);
});

test('a wrong import is found', () => {
  const source = [
    "import type { Tensor } from '../tensor/tensor.ts';",
    "import { Layer } from './layer.ts';",
    "export * from '../train/fit.ts';",
    "const { Dense } = await import('../index.ts');",
    "type Later = import('../optim/sgd.ts').SGD;",
    "import { readFileSync } from 'node:fs';",
    "import 'react';",
    "import ndarray from 'ndarray';",
    "import { exp } from '../ir/math';",
    "import main from '../../examples/mnist.ts';",
    "const { GPU } = await import('gpu.js');",
    "import { ZStream } from 'pako';",
  ].join('\n');
  expect(problemsOf('src/layers/dense.ts', source)).toEqual([
    'src/layers/dense.ts:3: layers may not import train',
    'src/layers/dense.ts:4: layers may not import index',
    'src/layers/dense.ts:5: layers may not import optim',
    "src/layers/dense.ts:6: 'node:fs' may be imported only by src/node*",
    "src/layers/dense.ts:7: 'react' may be imported only by src/node*",
    "src/layers/dense.ts:9: '../ir/math' does not end in .ts",
    "src/layers/dense.ts:10: '../../examples/mnist.ts' leaves src/",
    "src/layers/dense.ts:11: 'gpu.js' may be imported only by src/gpu*",
    "src/layers/dense.ts:12: 'pako' may be imported only by src/data*",
  ]);
  expect(problemsOf('src/extras/a.ts', '')).toEqual([
    "src/extras/a.ts: 'extras' is not in the table of allowed imports",
  ]);
  expect(
    problemsOf('src/node/files.ts', "import 'node:fs'; import { Tensor } from '../tensor/a.ts';"),
  ).toEqual([]);
  expect(problemsOf('src/ir/node.ts', "import 'node:fs';")).toHaveLength(1);
  expect(problemsOf('src/gpu/load.ts', "await import('gpu.js'); await import('./find.ts');")).toEqual([]);
  expect(problemsOf('src/gpu.ts', "import 'node:fs'; import 'webgpu';")).toHaveLength(2);
  expect(problemsOf('src/node/files.ts', "import 'gpu.js';")).toHaveLength(1);
  expect(problemsOf('src/runtime/a.ts', "import '../backends/js/index.ts';")).toEqual([]);
  expect(problemsOf('src/runtime/a.ts', "import '../backends/js/program.ts';")).toEqual([
    'src/runtime/a.ts:1: only backends/js/index.ts may be imported from there',
  ]);
  expect(problemsOf('src/runtime/a.ts', "import '../backends/wasm/threads/pool.ts';")).toEqual([
    'src/runtime/a.ts:1: runtime may not import backends/wasm/threads',
  ]);
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bundledPackages, distProblems, internalTypes, licenseProblems } from '../../scripts/dist-check.ts';

let dist: string;
beforeEach(() => {
  dist = mkdtempSync(join(tmpdir(), 'ndgrad-dist-'));
});
afterEach(() => rmSync(dist, { recursive: true }));

const GOOD = {
  'chunk-A.js': '// src/ir/dtype.ts\nimport ndarray from "ndarray";\nexport const a = ndarray;\n',
  'index.js': 'export { a } from "./chunk-A.js";\n',
  'testing.js': 'import { a } from "./chunk-A.js";\n// src/testing.ts\nexport const t = a;\n',
  'gpu.js':
    'import { a } from "./chunk-A.js";\n// src/gpu.ts\nexport const g = () => [a, import("gpu.js")];\n',
  'node.js':
    'import { a } from "./chunk-A.js";\nimport fs from "node:fs";\n// src/node.ts\nexport const n = [a, fs];\n',
  'search-worker.js':
    'import { a } from "./chunk-A.js";\nimport threads from "node:worker_threads";\na(threads);\n',
  'ndgrad-search-worker.js': 'import fs from "node:fs";\nconst b = [fs, import("ioredis")];\n',
  'browser.js': 'export const b = 1;\n',
  'bullmq.js': 'import fs from "node:fs";\nexport const b = [fs, import("bullmq"), import("ioredis")];\n',
  'charts.js': 'export const c = () => import("uplot");\n',
  'data.js': 'export const d = 1;\n',
  'io.js': 'export const i = 1;\n',
  'keras.js': 'export const k = 1;\n',
  'metrics.js': 'export const m = 1;\n',
  'mpi.js': 'import fs from "node:fs";\nexport const p = () => [fs, import("koffi")];\n',
  'search.js': 'export const s = 1;\n',
  'ndgrad.min.js': '// src/ir/dtype.ts\nexport const a = 1;\n',
  'index.d.ts': "import { NdArray } from 'ndarray';\n",
  'testing.d.ts': '',
  'gpu.d.ts': '',
  'ndgrad.min.d.ts': '',
  'browser.d.ts': '',
  'charts.d.ts': '',
  'data.d.ts': '',
  'io.d.ts': '',
  'keras.d.ts': '',
  'metrics.d.ts': '',
  'search.d.ts': '',
};

function problems(changes: Partial<typeof GOOD>) {
  for (const [name, text] of Object.entries({ ...GOOD, ...changes })) writeFileSync(join(dist, name), text);
  return distProblems(dist, ['ndarray'], new Set(['Node', 'LoweringBuilder']));
}

test('a good build has no problems', async () => {
  expect(await problems({})).toEqual([]);
});

test('imports that are not allowed are found, through chunks too', async () => {
  const found = await problems({
    'chunk-A.js': '// src/ir/dtype.ts\nimport fs from "node:fs";\nexport const a = fs;\n',
    'ndgrad.min.js': 'import nd from "ndarray";\nexport const a = nd;\n',
    'gpu.js': 'import w from "webgpu";\nexport const g = w;\n',
    'node.js': 'import x from "chalk";\nexport const n = x;\n',
  });
  expect(found).toEqual([
    "dist/index.js imports 'node:fs'",
    "dist/testing.js imports 'node:fs'",
    "dist/gpu.js imports 'webgpu'",
    "dist/node.js imports 'chalk'",
    "dist/ndgrad.min.js imports 'ndarray'",
  ]);
});

test('a module in two files is found', async () => {
  expect(await problems({ 'testing.js': '// src/ir/dtype.ts\nexport const t = 1;\n' })).toEqual([
    'src/ir/dtype.ts is in dist/chunk-A.js and in dist/testing.js',
  ]);
  const bare = ['chunk-A.js', 'index.js', 'testing.js', 'gpu.js', 'node.js', 'search-worker.js'];
  expect(await problems(Object.fromEntries(bare.map((name) => [name, ''])))).toEqual([
    'no module paths found in dist/*.js',
  ]);
});

test("declarations that need Node's types are found", async () => {
  expect(await problems({ 'index.d.ts': "import { Stats } from 'node:fs';\n" })).toEqual([
    "dist/index.d.ts needs Node's types",
  ]);
});

test('declarations that need the types of GPU packages are found', async () => {
  const needs = 'needs the types of optional packages';
  expect(await problems({ 'gpu.d.ts': "import { GPU } from 'gpu.js';\n" })).toEqual([
    `dist/gpu.d.ts ${needs}`,
  ]);
  expect(await problems({ 'index.d.ts': '/// <reference types="@webgpu/types" />\n' })).toEqual([
    `dist/index.d.ts ${needs}`,
  ]);
});

test('internal declarations are found', async () => {
  const text = 'declare abstract class Node {}\ninterface LoweringBuilder {}\ninterface NodeList {}\n';
  expect(await problems({ 'index.d.ts': text, 'testing.d.ts': '/** @internal */\n' })).toEqual([
    'dist/index.d.ts declares Node, which is internal',
    'dist/index.d.ts declares LoweringBuilder, which is internal',
    'dist/testing.d.ts declares members that are marked @internal',
  ]);
});

test("the engine's types are internal, except those that an entry exports", () => {
  const names = internalTypes('src');
  for (const name of ['Node', 'Storage', 'Plan', 'Kernel', 'LoweringBuilder']) expect(names).toContain(name);
  for (const name of ['DType', 'Backend', 'ShapeError', 'BackendInfo']) expect(names).not.toContain(name);
});

test('the license of every bundled package is in a file of the package', async () => {
  const packages = await bundledPackages(process.cwd(), [
    'bullmq',
    'gpu.js',
    'ioredis',
    'koffi',
    'uplot',
    'webgpu',
  ]);
  expect(packages).toEqual(['fflate', 'iota-array', 'is-buffer', 'jsfive', 'ndarray', 'pako']);
  const text = readFileSync('THIRD-PARTY.md', 'utf8');
  expect(licenseProblems('.', packages, text)).toEqual([]);
  expect(JSON.parse(readFileSync('package.json', 'utf8')).files).toContain('THIRD-PARTY.md');
  expect(licenseProblems('.', packages, text.replace('Vitaly', ''))).toEqual([
    'THIRD-PARTY.md lacks the license of pako, which is bundled',
  ]);
});

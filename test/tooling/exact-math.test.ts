import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const OFFENDER = `
export const a = Math.exp(1);
export const b = Math['exp'](1);
const { log } = Math;
const alias = Math;
export const c = 2 ** 3;
let d = 1;
d **= 2;
export const e = Math.floor(Math.exp(2));
export const f = (Math).pow(2, 2);
export const g = Math?.log(2);
export const h = globalThis.Math.log(2);
export const i = Math
  .log(2);
export const j = [1, 2].map(Math.sin);
export const k = Math.expm1;
export const l = Math.max(Math.random(), 1).toFixed();
export { alias, d, log };
`;
// Numbers of the lines above that violate the rule, from 1.
const OFFENDING = [2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 15, 16, 17];

const EXACT = `
// Math.exp(1) ** 2
import { exp } from './ir/math.ts';

export const a = Math.floor(1.5) * Math.PI;
export const b = 'Math.exp(2 ** 3)';
export const c = Math.max(Math.abs(-1), Math.sqrt(2), exp(1)).toFixed();
export const d = [1].map(Math.fround);
export const e = (x: { Math: number }) => x.Math;
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ndgrad-lint-src-'));
  const { overrides } = JSON.parse(readFileSync('biome.json', 'utf8'));
  const rules = overrides.filter((override: { plugins?: string[] }) => override.plugins);
  for (const rule of rules) rule.plugins = rule.plugins.map((path: string) => resolve(path));
  write('biome.json', JSON.stringify({ overrides: rules, linter: { rules: { preset: 'none' } } }));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(file: string, text: string) {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
}

/** Lines that the project's own linter rule reports, per file. */
function reported() {
  const biome = resolve('node_modules/@biomejs/biome/bin/biome');
  const flags = ['lint', '--reporter=github', '--max-diagnostics=none', folder];
  const { stdout, status } = spawnSync(process.execPath, [biome, ...flags], {
    encoding: 'utf8',
    cwd: folder,
  });
  const found: Record<string, number[]> = {};
  for (const [, file, line] of stdout.matchAll(/^::error title=plugin,file=(\S+?),line=(\d+),/gm)) {
    const path = file!.replaceAll('\\', '/').replace(/^.*?(?=(src|test|examples)\/)/, '');
    found[path] ??= [];
    found[path].push(Number(line));
  }
  return { found, status };
}

test('the linter refuses inexact host mathematics in src/', () => {
  write('src/bad.ts', OFFENDER);
  write('src/train/bad.ts', 'export const x = Math.cos(1);\n');
  const { found, status } = reported();
  expect(found).toEqual({ 'src/bad.ts': OFFENDING, 'src/train/bad.ts': [1] });
  expect(status).toBe(1);
});

test('exact members of Math, double-precision mode and code outside src/ pass', () => {
  write('src/exact.ts', EXACT);
  write('src/backends/js/double.ts', OFFENDER);
  write('test/reference.test.ts', OFFENDER);
  expect(reported()).toEqual({ found: {}, status: 0 });
});

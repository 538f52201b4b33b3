import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuildOptions, buildSync } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';

const program = join(import.meta.dirname, 'augmentation-program.ts');

let folder: string;
let plain: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ndgrad-augmentation-'));
  plain = bundle('plain', {});
});
afterAll(() => rmSync(folder, { recursive: true }));

function bundle(name: string, options: BuildOptions): string {
  const file = join(folder, `${name}.mjs`);
  const { outputFiles } = buildSync({
    entryPoints: [program],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    platform: 'node',
    ...options,
    write: false,
  });
  writeFileSync(file, outputFiles![0]!.contents);
  return file;
}

function ends(file: string, way: string, flags: string[] = []): string {
  const child = spawnSync(process.execPath, [...flags, file, way], { encoding: 'utf8' });
  expect(child.stderr).toBe('');
  expect([child.status, child.signal]).toEqual([0, null]);
  return child.stdout.trim();
}

test.each([
  ['finished', 'finished same bits null'],
  ['left', 'left 1000,10,12 null'],
  ['dropped', 'dropped false null'],
  ['begun', 'begun undefined null'],
])('a process ends by itself where the iteration is %s', (way, printed) => {
  expect(ends(plain, way)).toBe(printed);
});

test.each<[string, BuildOptions]>([
  ['minified', { minify: true }],
  ['minified with its names', { minify: true, keepNames: true }],
  ['bundled with its names', { keepNames: true }],
  ['bundled for old engines', { target: 'es2017', supported: { 'top-level-await': true } }],
])('workers understand a program that is %s', (name, options) => {
  expect(ends(bundle(name.replaceAll(' ', '-'), options), 'finished')).toBe('finished same bits null');
});

test('workers start where no code may be made from strings', () => {
  expect(ends(plain, 'finished', ['--disallow-code-generation-from-strings'])).toBe(
    'finished same bits null',
  );
});

test('workers start under a loader', () => {
  const tsx = createRequire(import.meta.url).resolve('tsx');
  expect(ends(program, 'finished', ['--import', tsx])).toBe('finished same bits null');
});

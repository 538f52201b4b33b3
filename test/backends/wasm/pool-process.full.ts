import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** A program that runs plans on two threads, then ends as its argument says. */
const program = `
import { chain, delay, makeProgram } from './programs.ts';
import { WasmMemory } from '../../../src/backends/wasm/memory/wasm-memory.ts';
import { currentPlatform } from '../../../src/backends/wasm/threads/platform.ts';
import { Pool } from '../../../src/backends/wasm/threads/pool.ts';
const memory = new WasmMemory({ shared: true });
const pool = new Pool(memory, currentPlatform());
pool.stallTimeout = pool.startTimeout = 3_600_000;
pool.force(2);
const { run } = makeProgram(memory, pool, [{ chunks: 2, body: (code) => delay(code, 1000) }]);
const endless = makeProgram(memory, pool, [
  { chunks: 2, body: (code, chunk) => code.if(chunk, () => code.loop(() => 1)) },
]);
const ways = {
  // The worker spins for another 50 microseconds.
  spinning: run,
  async sleeping() {
    run();
    await new Promise((resolve) => setTimeout(resolve, 50));
  },
  starting() {
    pool.force(null);
    void pool.start();
  },
  growing() {
    run();
    for (let i = 0; i < 5; i++) {
      memory.allocate(50_000_000);
      const [tasks, check] = chain(memory, 3, 4);
      makeProgram(memory, pool, tasks).run();
      check();
    }
  },
  stuck() {
    pool.stallTimeout = 200;
    try {
      endless.run();
    } catch (error) {
      console.log(error.name);
    }
  },
};
await ways[process.argv[2]]();
console.log(process.argv[2], pool.work.join());
`;

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ndgrad-pool-'));
  file = join(folder, 'program.mjs');
  const { outputFiles } = buildSync({
    stdin: { contents: program, resolveDir: import.meta.dirname, loader: 'ts' },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    platform: 'node',
    write: false,
  });
  writeFileSync(file, outputFiles[0]!.contents);
});
afterAll(() => rmSync(folder, { recursive: true }));

function ends(way: string, flags: string[] = [], env: Record<string, string> = {}): string {
  const child = spawnSync(process.execPath, [...flags, file, way], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  expect(child.stderr).toBe('');
  expect([child.status, child.signal]).toEqual([0, null]);
  return child.stdout.trim();
}

test.each([
  ['spinning', 'spinning 1,1'],
  ['sleeping', 'sleeping 1,1'],
  ['starting', 'starting'],
  ['stuck', 'StateError\nstuck 1,0'],
])('a process ends by itself while its worker is %s', (way, printed) => {
  expect(ends(way)).toBe(printed);
});

test('workers start where no code may be made from strings', () => {
  expect(ends('spinning', ['--disallow-code-generation-from-strings'])).toBe('spinning 1,1');
});

test('workers start under a loader, without it', () => {
  const tsx = createRequire(import.meta.url).resolve('tsx');
  expect(ends('spinning', ['--import', tsx])).toBe('spinning 1,1');
  expect(ends('spinning', [], { NODE_OPTIONS: `--import ${tsx}` })).toBe('spinning 1,1');
});

test('workers see memory that has grown, also where every access is checked', () => {
  expect(ends('growing', ['--wasm-enforce-bounds-checks'])).toBe('growing 6,6');
});

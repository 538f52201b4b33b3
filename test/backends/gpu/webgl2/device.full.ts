import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DevicePlan, ProgramCall } from '../../../../src/backends/gpu/device/device.ts';
import { chromiumMissing, openPage, type Page } from '../page/page.ts';

type Entry = typeof import('./device-page.ts');

/** A call of a program with one output of `floats` numbers. */
function program(name: string, inputs: number[], output: number, floats: number, body: string): ProgramCall {
  const [vec4, usesValues] = [body.includes('fn quad('), body.includes('value(')];
  const reads = inputs.length;
  const program = { name, reads, writes: 1, floats, body, usesValues, vec4, workgroups: null };
  return { program, inputs, outputs: [output], valueSet: 0 };
}

/** A plan with buffers of these lengths, the first of which are bound. */
function planOf(
  floats: number[],
  bound: number,
  calls: ProgramCall[],
  outputs: number[],
  values = 0,
): DevicePlan {
  const buffers = floats.map((n, i) => ({ floats: n, bound: i < bound ? i : null }));
  return { buffers, calls, outputs, values, valueSets: 1 };
}

const point = (expression: string) => `fn point(i: i32) -> f32 { return ${expression}; }`;
const range = (n: number, f: (i: number) => number) => Array.from({ length: n }, (_, i) => f(i));

/** A plan with one program, which reads all bound buffers. */
const single = (name: string, bound: number[], floats: number, body: string, values = 0) =>
  planOf(
    [...bound, floats],
    bound.length,
    [program(name, [...bound.keys()], bound.length, floats, body)],
    [bound.length],
    values,
  );

describe.skipIf(chromiumMissing !== null)(`WebGL2${chromiumMissing ? ` (${chromiumMissing})` : ''}`, () => {
  let page: Page<Entry>;
  let facts: Awaited<ReturnType<Entry['open']>>;

  beforeAll(async () => {
    page = await openPage<Entry>('test/backends/gpu/webgl2/device-page.ts');
    facts = await page.call('open');
  });

  afterAll(async () => {
    await page?.close();
    // gpu.js tests features with ReadPixels, three times. The backend itself must never wait for the GPU.
    const stalls = page?.consoleErrors.filter((text) => text.includes('GPU stall due to ReadPixels'));
    expect(stalls?.length).toBeLessThanOrEqual(3);
    // gpu.js also uses the one program that does not link.
    const unlinked = page?.consoleErrors.filter((text) => /program not (linked|valid)$/.test(text));
    expect(page?.consoleErrors.length).toBe(stalls!.length + unlinked!.length);
    expect(unlinked?.length).toBeLessThanOrEqual(3);
  });

  test('reports its limits', () => {
    const { units, side, ...rest } = facts;
    expect(rest).toEqual({
      name: 'webgl2',
      adapter: 'the adapter',
      limits: { maxInputs: Math.floor((units - 1) / 2), maxNodes: 256, maxStores: 1, arena: false },
      maxBuffers: units - 1,
      tiles: false,
      maxFloats: Math.min(4 * side * side, 0x7ffffff0),
      lost: null,
    });
  });

  test('upload and download keep the numbers, for any length', async () => {
    const arrays = [0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 63, 64, 65, 1023, 4099].map((n) =>
      range(n, (i) => Math.fround(Math.sin(i + n) * 1e3)),
    );
    arrays.push([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, -0, 3.4028234663852886e38]);
    expect(await page.call('copy', arrays)).toEqual(arrays);
    expect((await page.call('memory')).used).toBe(0);
  });

  test.each([1, 2, 3, 4, 5, 31, 1000, 5003])('arithmetic over several inputs of %i numbers', async (n) => {
    const [a, b, c] = [range(n, (i) => i - 3), range(n, (i) => (2 * i + 1) % 97), range(n, (i) => 100 - i)];
    const body = point('load_0(i) * load_1(i) - load_2(i)');
    const [result] = await page.call('run', single('mul + sub', [n, n, n], n, body), [a, b, c]);
    expect(result).toEqual(range(n, (i) => a[i]! * b[i]! - c[i]!));
  });

  test('a program may read `maxBuffers` arrays and values', async () => {
    const n = facts.maxBuffers;
    const loads = range(n, (k) => k).map((k) => `load_${k}(i) * ${k + 1}.0`);
    const plan = single(
      'sum',
      range(n, () => 5),
      5,
      point(`${loads.join(' + ')} + value(0)`),
      1,
    );
    const bound = range(n, (k) => k).map((k) => range(5, (i) => i + k * k));
    const sum = (i: number) => bound.reduce((total, array, k) => total + array[i]! * (k + 1), 0.5);
    expect(await page.call('run', plan, bound, [0.5])).toEqual([range(5, sum)]);
  });

  test('integers of 32 bits, as pairs of numbers of 16 bits', async () => {
    const ints = [0, 1, -1, 65535, 65536, -65536, 0x7fffffff, -0x80000000, 123456789, -987654321];
    const pairs = (list: number[]) => list.flatMap((x) => [x & 0xffff, x >>> 16]);
    const body = `
fn int_at(e: i32) -> i32 {
  return bitcast<i32>(u32(load_0(2 * e)) | (u32(load_0(2 * e + 1)) << 16u));
}
fn point(i: i32) -> f32 {
  let e: i32 = i >> 1u;
  let y: u32 = bitcast<u32>(int_at(e) * 1664525 + 1013904223);
  if ((i & 1) == 0) { return f32(y & 0xffffu); } else { return f32(y >> 16u); }
}`;
    const plan = single('mul + add', [2 * ints.length], 2 * ints.length, body);
    const [result] = await page.call('run', plan, [pairs(ints)]);
    expect(result).toEqual(pairs(ints.map((x) => (Math.imul(x, 1664525) + 1013904223) | 0)));
  });

  test('values of a run', async () => {
    const plan = single('add', [9], 9, point('load_0(i) + value(2) * value(6)'), 7);
    const values = range(7, (i) => 10 + i);
    expect(await page.call('run', plan, [range(9, (i) => i)], values)).toEqual([
      range(9, (i) => i + 12 * 16),
    ]);
  });

  test('computed indices: a transposed matrix product', async () => {
    const [m, k, n] = [13, 37, 11];
    const a = range(k * m, (i) => (i % 7) - 3);
    const b = range(k * n, (i) => (i % 5) - 2);
    const body = `
fn point(i: i32) -> f32 {
  let row: i32 = i / ${n};
  let column: i32 = i % ${n};
  var sum: f32 = 0.0;
  for (var p: i32 = 0; p < ${k}; p += 1) { sum += load_0(p * ${m} + row) * load_1(p * ${n} + column); }
  return sum;
}`;
    const [result] = await page.call('run', single('matmul', [k * m, k * n], m * n, body), [a, b]);
    const dot = (r: number, c: number) =>
      range(k, (p) => a[p * m + r]! * b[p * n + c]!).reduce((x, y) => x + y, 0);
    expect(result).toEqual(range(m * n, (i) => dot(Math.floor(i / n), i % n)));
  });

  test('a loop of more than 1000 rounds runs to its end', async () => {
    const body = `
fn point(i: i32) -> f32 {
  var sum: f32 = 0.0;
  for (var p: i32 = 0; p < 5000; p += 1) { sum += load_0(p); }
  return sum + f32(i);
}`;
    const [result] = await page.call('run', single('sum', [5000], 3, body), [range(5000, (i) => i)]);
    expect(result).toEqual([12497500, 12497501, 12497502]);
  });

  test('four numbers at once', async () => {
    const body = `
fn point(i: i32) -> f32 { return -1.0; }
fn quad(i: i32) -> vec4<f32> {
  let x: f32 = load_0(i / 4);
  return vec4<f32>(x, x * 2.0, x * 3.0, x * 4.0);
}`;
    const [result] = await page.call('run', single('repeat', [10], 40, body), [range(10, (i) => i)]);
    expect(result).toEqual(range(40, (i) => Math.floor(i / 4) * ((i % 4) + 1)));
  });

  test('a chain of programs with several results leaves no memory in use', async () => {
    // x [100] -> y = 2x [100] -> z = sums of ten [10], w = y + z[i / 10] [100] -> v = w(99 - i) [100]
    const sums = `
fn point(i: i32) -> f32 {
  var s: f32 = 0.0;
  for (var p: i32 = 0; p < 10; p += 1) { s += load_0(10 * i + p); }
  return s;
}`;
    const plan = planOf(
      [100, 100, 10, 100, 100],
      1,
      [
        program('double', [0], 1, 100, point('load_0(i) * 2.0')),
        program('sum', [1], 2, 10, sums),
        program('add', [1, 2], 3, 100, point('load_0(i) + load_1(i / 10)')),
        program('flip', [3], 4, 100, point('load_0(99 - i)')),
      ],
      [4, 2],
    );
    const y = range(100, (i) => 2 * (i + 1));
    const z = range(10, (i) => y.slice(10 * i, 10 * i + 10).reduce((a, b) => a + b));
    const v = range(100, (i) => y[99 - i]! + z[Math.floor((99 - i) / 10)]!);
    expect(await page.call('run', plan, [range(100, (i) => i + 1)])).toEqual([v, z]);
    expect((await page.call('memory')).used).toBe(0);
  });

  test('kernels with the same text are compiled once, and outlive one another', async () => {
    const before = await page.call('objects');
    const add = single('add', [50, 50], 50, point('load_0(i) + load_1(i)'));
    const sub = single('sub', [50, 50], 50, point('load_0(i) - load_1(i)'));
    const wide = single('wide', [50, 50], 30000, point('load_0(i % 50) + load_1(i / 600)'));
    const bound = [range(50, (i) => i), range(50, (i) => 3 * i + 1)];
    const { results, compiled } = await page.call('runInTurn', [add, add, wide, sub, add], bound);
    const [sum, difference] = [range(50, (i) => 4 * i + 1), range(50, (i) => -2 * i - 1)];
    const large = range(30000, (i) => (i % 50) + 3 * Math.floor(i / 600) + 1);
    expect(results).toEqual([sum, sum, large, difference, sum]);
    expect(compiled - before.Program!).toBe(3);
    const after = await page.call('objects');
    expect({ ...after, Texture: 0 }).toEqual({ ...before, Texture: 0 });
  });

  test('500 training steps leave memory flat and leak no object', async () => {
    // w [300], x [300] -> g = w * x / 1024, w' = w + g * 0 + 1 / 1024 * step, loss = sum of g
    const n = 300;
    const plan = planOf(
      [n, n, n, n, 1],
      2,
      [
        program('mul', [0, 1], 2, n, point('load_0(i) * load_1(i)')),
        program('update', [0, 2], 3, n, point('load_0(i) + load_1(i) * 0.0 + value(0) * 0.0009765625')),
        program('loss', [2], 4, 1, point('load_0(0) + load_0(299)')),
      ],
      [3, 4],
      1,
    );
    const { counts, last } = await page.call('train', plan, [range(n, (i) => i), range(n, () => 1)], 500);
    expect(last).toEqual(range(n, (i) => i + (500 * 499) / 2 / 1024));
    expect(counts[1]).toEqual(counts[0]);
    expect((await page.call('memory')).used).toBe(0);
  });

  test('20 million numbers are indexed right', async () => {
    const n = 20_000_003;
    const plan = single('flip', [n], n, point(`load_0(${n - 1} - i)`));
    expect(await page.call('reverse', plan, n)).toBe(0);
  });

  test('memory kept for reuse is bounded', async () => {
    const { most, used } = await page.call('variedLengths', 100_000, 200_000, 500);
    // 200 arrays of 120 MB in all. 32 of them may be kept in any case, besides 16 MB and 1.5 times the peak use.
    const array = 4 * 210_000;
    expect(most).toBeLessThan(32 * array + 1.5 * array + 2 ** 24);
    expect(used).toBe(0);
  });

  test('a plan with many sizes reuses its memory', async () => {
    // 40 arrays of 0.6 to 1.2 MB, two of which are in use at a time.
    const lengths = range(41, (i) => (i === 40 ? 4 : 150_001 + 3_700 * i));
    const programs = range(40, (i) => i).map((i) =>
      program(`step ${i}`, [i], i + 1, lengths[i + 1]!, point(`load_0(i % 1000) + ${i}.0`)),
    );
    const plan = planOf(lengths, 1, programs, [40]);
    const { made, last } = await page.call('texturesMade', plan, [range(lengths[0]!, (i) => i % 1000)]);
    expect(made).toEqual([expect.any(Number), 0, 0]);
    expect(last).toEqual(range(4, (i) => i + (39 * 40) / 2));
  });

  test('a kernel that does not compile is an error that names the operation', async () => {
    const tooMany = range(facts.units + 1, () => 4);
    const loads = tooMany.map((_, k) => `load_${k}(i)`).join(' + ');
    for (const [name, inputs, expression] of [
      ['relu + sum', [4], 'nowhere(i)'],
      ['concat', tooMany, loads],
    ] as const) {
      const message = await page.call('loadError', single(name, [...inputs], 4, point(expression)));
      expect(message).toContain(`StateError: [${name}] its kernel does not compile on this device: `);
      // Its error is not reported by later calls.
      await page.call('finished');
    }
    const plan = single('add', [4], 4, point('load_0(i) + 1.0'));
    expect(await page.call('run', plan, [[1, 2, 3, 4]])).toEqual([[2, 3, 4, 5]]);
  });

  test('an array that no texture holds is an error that names the operation', async () => {
    const n = facts.maxFloats + 4;
    const message = await page.call('loadError', single('outer', [4], n, point('load_0(i % 4)')));
    expect(message).toBe(
      `StateError: [outer] needs an array of ${4 * n} bytes on the device, and webgl2 on "the adapter" takes ` +
        `${4 * facts.maxFloats} at most. Use smaller batches, or another backend: await setBackend('wasm').`,
    );
  });

  test.each([
    [1, 'none'],
    [
      99,
      expect.stringMatching(
        /^MemoryError: \[second\] there is no memory on the device beside the \d{6} bytes in use\. /,
      ),
    ],
  ])(
    'out of memory %i times: idle memory is freed first, then an error names the operation',
    async (times, message) => {
      const n = 77_777;
      const programs = [
        program('first', [0], 1, n, point('load_0(i) + 1.0')),
        program('second', [1], 2, n, point('load_0(i) * 2.0')),
      ];
      const input = range(n, (i) => i);
      const outcome = await page.call('withFullMemory', 1, times, planOf([n, n, n], 1, programs, [2]), [
        input,
      ]);
      expect(outcome).toEqual({ message, leaked: 0, numbers: [range(n, (i) => 2 * (i + 1))] });
    },
  );

  test('waiting for results does not block the event loop', async () => {
    const plan = single('twice', [4], 4, 'fn point(i: i32) -> f32 { return 2.0 * load_0(i); }');
    const { tasks, numbers } = await page.call('tasksWhileWaiting', plan, [[1, 2, 3, 4]], 50);
    expect(tasks).toBeGreaterThanOrEqual(50);
    expect(numbers).toEqual([[2, 4, 6, 8]]);
  });

  test('a released array is refused', async () => {
    expect(await page.call('useReleased')).toMatch(/^StateError: \[gpu\] got an array that was released/);
  });

  test('destroy releases everything', async () => {
    await page.call('destroy');
    expect(await page.call('lost')).toBe('it was destroyed');
    expect(await page.call('memory')).toEqual({ bytes: 0, used: 0 });
    const left = await page.call('objects');
    expect(left).toEqual(Object.fromEntries(Object.keys(left).map((kind) => [kind, 0])));
    await page.call('open');
    const plan = single('add', [4], 4, point('load_0(i) + 1.0'));
    expect(await page.call('run', plan, [[1, 2, 3, 4]])).toEqual([[2, 3, 4, 5]]);
  });

  test('after an unexpected WebGL error the device counts as lost', async () => {
    await page.call('open');
    const message = 'StateError: [webgl2] the device was lost: it failed ([run] WebGL2 error 0x502).';
    const { first, next } = await page.call('goWrong');
    expect([first, next]).toEqual([expect.stringContaining(message), expect.stringContaining(message)]);
  });

  test('after a lost context every call throws, and nothing hangs', async () => {
    await page.call('open');
    const plan = single('add', [4], 4, point('load_0(i) + 1.0'));
    const { messages, lost } = await page.call('lose', plan, [[1, 2, 3, 4]]);
    const { release, destroy, ...errors } = messages;
    for (const [operation, message] of Object.entries(errors)) {
      expect(message, operation).toMatch(/^StateError: \[webgl2\] the device was lost: the browser took/);
    }
    expect([release, destroy]).toEqual(['none', 'none']);
    expect(lost).toContain('the browser took the WebGL2 context away');
    await page.call('open');
    expect(await page.call('run', plan, [[1, 2, 3, 4]])).toEqual([[2, 3, 4, 5]]);
  });
});

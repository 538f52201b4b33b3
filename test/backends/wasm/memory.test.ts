import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { WasmModule } from '../../../src/backends/wasm/assembler/module.ts';
import { WasmMemory } from '../../../src/backends/wasm/memory/wasm-memory.ts';
import { MemoryError, NdgradError } from '../../../src/ir/errors.ts';
import { FreeList } from '../../../src/util/free-list.ts';

const PAGE = 65536;
const MIB = 1 << 20;

/** WebAssembly functions that store and load a word at any address. */
function accessors(memory: WasmMemory) {
  const module = new WasmModule(memory.shared);
  const store = module.function(['i32', 'i32'], [], (code, at, value) =>
    code.store('i32.store', at!, value!),
  );
  const load = module.function(['i32'], ['v128'], (code, at) => code.return(code.load('v128.load', [at!])));
  const first = module.function(['i32'], ['i32'], (code, at) =>
    code.return(code.lane('i32x4.extract_lane', 0, code.call(load, at!)!)),
  );
  module.export('store', store);
  module.export('load', first);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), {
    env: { memory: memory.memory },
  });
  return instance.exports as {
    store: (at: number, value: number) => void;
    load: (at: number) => number;
  } & WebAssembly.Exports;
}

describe('FreeList', () => {
  test('fills the smallest gap that is large enough, the first of equals', () => {
    const list = new FreeList();
    const at = [300, 1, 100, 1, 200, 1, 100, 1].map((bytes) => list.take(bytes));
    expect(at).toEqual([0, 300, 301, 401, 402, 602, 603, 703]);
    for (const i of [0, 2, 4, 6]) list.release(at[i]!, [300, 1, 100, 1, 200, 1, 100, 1][i]!);
    expect(list.take(100)).toBe(301);
    expect(list.take(50)).toBe(603);
    expect(list.take(150)).toBe(402);
    expect(list.take(50)).toBe(552);
    expect(list.take(301)).toBe(704);
    expect(list.end).toBe(1005);
  });

  test('neighbouring gaps become one, also at the end', () => {
    const list = new FreeList(64);
    const [a, b, c] = [list.take(10), list.take(10), list.take(10)];
    list.release(a!, 10);
    list.release(c!, 10);
    expect(list.extendOffset).toBe(84);
    list.release(b!, 10);
    expect(list.extendOffset).toBe(64);
    expect(list.takeGap(31)).toBe(null);
    expect(list.take(31)).toBe(64);
    expect(list.end).toBe(95);
  });

  test('what is not in use is not released', () => {
    const list = new FreeList();
    const at = [list.take(10), list.take(10), list.take(10)] as const;
    list.release(at[1], 10);
    for (const [offset, bytes] of [
      [10, 10],
      [5, 10],
      [19, 2],
      [25, 10],
      [30, 1],
    ] as const) {
      expect(() => list.release(offset, bytes)).toThrow('not all in use');
    }
    list.release(at[2], 10);
    list.release(at[0], 10);
    expect(list.extendOffset).toBe(0);
  });
});

describe.each([true, false])('Memory, shared: %s', (shared) => {
  test('allocations are aligned, disjoint and readable beyond their end', () => {
    const memory = new WasmMemory({ shared });
    const { load } = accessors(memory);
    fc.assert(
      fc.property(
        fc.array(fc.nat(200_000), { maxLength: 60 }),
        fc.infiniteStream(fc.boolean()),
        (sizes, keep) => {
          const used: { address: number; bytes: number }[] = [];
          const before = memory.used;
          for (const bytes of sizes) {
            const address = memory.allocate(bytes);
            expect(address % 64).toBe(0);
            if (bytes > 0) {
              expect(address).toBeGreaterThanOrEqual(64);
              expect(used.some((u) => address < u.address + u.bytes && u.address < address + bytes)).toBe(
                false,
              );
              load(address + Math.ceil(bytes / 64) * 64 + 48);
            }
            used.push({ address, bytes });
            if (keep.next().value) continue;
            const [gone] = used.splice(Math.floor(used.length / 2), 1);
            memory.release(gone!.address, gone!.bytes);
          }
          expect(memory.used - before).toBe(
            used.reduce((sum, { bytes }) => sum + Math.ceil(bytes / 64) * 64, 0),
          );
          for (const { address, bytes } of used) memory.release(address, bytes);
          expect(memory.used).toBe(before);
        },
      ),
    );
    // Allocating the same blocks repeatedly does not grow the memory.
    expect(memory.size).toBeLessThan(60 * 200_000 + 4 * MIB);
  });

  test('grows in steps, keeps its contents and renews its views', () => {
    const memory = new WasmMemory({ shared });
    expect(memory.size).toBe(MIB);
    const first = memory.allocate(4096);
    memory.floats[first / 4] = 1.5;
    memory.view('int32', first + 4, 2).set([-7, 8]);
    const old = memory.bytes;
    memory.allocate(MIB - 4096 - 64 - 64);
    expect(memory.bytes).toBe(old);
    const second = memory.allocate(64);
    expect(memory.size).toBe(2 * MIB);
    expect(memory.bytes === old).toBe(false);
    expect([memory.bytes.length, 4 * memory.words.length, 4 * memory.floats.length]).toEqual(
      Array(3).fill(2 * MIB),
    );
    memory.words[second / 4] = 5;
    expect(accessors(memory).load(second)).toBe(5);
    expect(memory.floats[first / 4]).toBe(1.5);
    expect([...memory.viewLike(new Int32Array(2), first + 4)]).toEqual([-7, 8]);
    memory.allocate(8 * MIB);
    const { size } = memory;
    memory.allocate(size);
    const grown = memory.size;
    memory.allocate(grown - memory.used);
    expect(memory.size).toBe(grown + Math.ceil(grown / 4 / PAGE) * PAGE);
  });

  test('at the limit it grows by what is needed, then gives an error and goes on', () => {
    const memory = new WasmMemory({ shared, maximumPages: 40 });
    const a = memory.allocate(30 * PAGE);
    expect(memory.size).toBe(32 * PAGE);
    const b = memory.allocate(6 * PAGE);
    expect(memory.size).toBe(40 * PAGE);
    const full = () => memory.allocate(4 * PAGE);
    expect(full).toThrow(MemoryError);
    expect(full).toThrow(NdgradError);
    expect(full).toThrow(
      '[memory] got a request for 256.0 KiB, but 2.3 MiB are in use, and this platform allows at most 2.5 MiB. ' +
        "Use smaller batches, or the 'js' backend",
    );
    memory.release(b, 6 * PAGE);
    expect(memory.allocate(4 * PAGE)).toBe(b);
    expect(memory.allocate(5 * PAGE - 128)).toBe(b + 4 * PAGE);
    memory.release(a, 30 * PAGE);
    expect(memory.allocate(30 * PAGE)).toBe(a);
  });

  test('room can be made', () => {
    const memory = new WasmMemory({ shared, maximumPages: 40 });
    const blocks = Array.from({ length: 8 }, () => memory.allocate(4 * PAGE));
    let asked = 0;
    const makeRoom = () => {
      const block = blocks[asked++];
      if (block !== undefined) memory.release(block, 4 * PAGE);
      return block !== undefined;
    };
    memory.makeRoom = makeRoom;
    expect(memory.allocate(12 * PAGE)).toBe(blocks[0]);
    expect(asked).toBe(3);
    expect(() => memory.allocate(41 * PAGE)).toThrow(MemoryError);
    expect(asked).toBe(9);
  });
});

test('addresses above 2 GiB', () => {
  const memory = new WasmMemory({ shared: true });
  const below = memory.allocate(0x80000000);
  const address = memory.allocate(64);
  expect(address).toBeGreaterThan(0x80000000);
  const { store, load } = accessors(memory);
  store(address, 123);
  memory.view('float32', address + 4, 2).set([1, 2]);
  expect([memory.words[address / 4], load(address)]).toEqual([123, 123]);
  expect([...memory.viewLike(new Float32Array(2), address + 4)]).toEqual([1, 2]);
  expect(memory.bytes[address]).toBe(123);
  expect(() => memory.allocate(0x80000000)).toThrow(
    'got a request for 2.0 GiB, but 2.0 GiB are in use, and WebAssembly with 32-bit addresses has at most 4 GiB',
  );
  memory.release(below, 0x80000000);
  expect(memory.allocate(0x80000000)).toBe(below);
  const rest = memory.allocate(0x100000000 - address - 192);
  expect(memory.size).toBe(0x100000000);
  expect(rest).toBe(address + 64);
  store(0xffffff80, 5);
  expect(load(0xffffff80)).toBe(5);
});

describe('where less can be reserved', () => {
  const { Memory: Real } = WebAssembly;
  afterEach(() => vi.restoreAllMocks());
  /** The maxima that were tried on a platform that allows at most `pages` pages. */
  function allow(pages: number): number[] {
    const asked: number[] = [];
    class Limited extends Real {
      constructor(descriptor: WebAssembly.MemoryDescriptor) {
        asked.push(descriptor.maximum!);
        if (descriptor.maximum! > pages) throw new RangeError('could not allocate memory');
        super(descriptor);
      }
    }
    vi.spyOn(WebAssembly, 'Memory').mockImplementation(Limited);
    return asked;
  }

  test('the limit is halved', () => {
    const asked = allow(20_000);
    const memory = new WasmMemory({ shared: true });
    expect(asked).toEqual([65536, 32768, 16384]);
    expect(() => memory.allocate(0x40000000)).toThrow(
      'got a request for 1.0 GiB, but 0 bytes are in use, and this platform allows at most 1.0 GiB',
    );
  });

  test('no memory at all is an error', () => {
    allow(10);
    expect(() => new WasmMemory({ shared: true })).toThrow(
      "[memory] could not create a WebAssembly memory of 16 pages: RangeError: could not allocate memory. Use the 'js' backend.",
    );
  });
});

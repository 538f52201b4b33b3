import vm from 'node:vm';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { decodeIdx, readIdx } from '../../src/data/idx.ts';
import { DTypeError, ShapeError, ValueError } from '../../src/ir/errors.ts';

/** Bytes of an IDX file, put together by hand: type code, sizes, and the elements as `write` lays them down. */
function idx(code: number, shape: readonly number[], elements: Uint8Array | readonly number[]): Uint8Array {
  const header = [0, 0, code, shape.length, ...shape.flatMap((n) => [n >>> 24, n >>> 16, n >>> 8, n])];
  return Uint8Array.from([...header, ...elements]);
}

describe('readIdx reads', () => {
  it('unsigned bytes as uint8', () => {
    const array = readIdx(idx(0x08, [2, 3], [0, 1, 2, 253, 254, 255]));
    expect(array).toEqual({ dtype: 'uint8', shape: [2, 3], data: Uint8Array.of(0, 1, 2, 253, 254, 255) });
  });

  it('signed bytes as int32', () => {
    const array = readIdx(idx(0x09, [4], [0, 127, 128, 255]));
    expect(array).toEqual({ dtype: 'int32', shape: [4], data: Int32Array.of(0, 127, -128, -1) });
  });

  it('big-endian 16-bit integers as int32', () => {
    const array = readIdx(idx(0x0b, [3], [0x01, 0x02, 0x80, 0x00, 0xff, 0xff]));
    expect(array).toEqual({ dtype: 'int32', shape: [3], data: Int32Array.of(258, -32768, -1) });
  });

  it('big-endian 32-bit integers as int32', () => {
    const array = readIdx(idx(0x0c, [2], [0x01, 0x02, 0x03, 0x04, 0x80, 0, 0, 0]));
    expect(array).toEqual({ dtype: 'int32', shape: [2], data: Int32Array.of(0x01020304, -2147483648) });
  });

  it('big-endian floats as float32', () => {
    const array = readIdx(idx(0x0d, [2, 1], [0x3f, 0x80, 0, 0, 0xff, 0x80, 0, 0]));
    expect(array).toEqual({ dtype: 'float32', shape: [2, 1], data: Float32Array.of(1, -Infinity) });
  });

  it('big-endian doubles as float32, rounded to nearest', () => {
    // 0.1 as a double, then 2^-1074, which is too small for a float.
    const array = readIdx(
      idx(0x0e, [2], [0x3f, 0xb9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a, 0, 0, 0, 0, 0, 0, 0, 1]),
    );
    expect(array).toEqual({ dtype: 'float32', shape: [2], data: Float32Array.of(Math.fround(0.1), 0) });
  });

  it('a scalar, which has no axes', () => {
    expect(readIdx(idx(0x08, [], [7]))).toEqual({ dtype: 'uint8', shape: [], data: Uint8Array.of(7) });
  });

  it('an empty array, whatever its other sizes', () => {
    const huge = Array.from({ length: 40 }, () => 0xffffffff);
    expect(readIdx(idx(0x0d, [0, 28], [])).data).toEqual(new Float32Array(0));
    expect(readIdx(idx(0x08, [...huge, 0], [])).shape).toEqual([...huge, 0]);
  });

  it('from a view into a larger buffer, and owns what it gives', () => {
    const file = idx(0x0c, [1], [0, 0, 0, 9]);
    const larger = new Uint8Array(file.length + 6).fill(255);
    larger.set(file, 3);
    const bytes = readIdx(idx(0x08, [1], [5]));
    const array = readIdx(larger.subarray(3, 3 + file.length));
    larger.fill(0);
    expect(array.data).toEqual(Int32Array.of(9));
    expect(bytes.data.buffer.byteLength).toBe(1);
  });

  it('what it writes, for any shape and element type', () => {
    const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
    const types = fc.constantFrom([0x08, 1], [0x09, 1], [0x0b, 2], [0x0c, 4], [0x0d, 4], [0x0e, 8]);
    fc.assert(
      fc.property(shapes, types, (shape, [code, bytes]) => {
        const size = shape.reduce((product, n) => product * n, 1);
        const file = idx(code!, shape, new Uint8Array(size * bytes!));
        const array = readIdx(file);
        expect(array.shape).toEqual(shape);
        expect(array.data.length).toBe(size);
        expect(() => readIdx(Uint8Array.from([...file, 0]))).toThrow(/trailing bytes/);
        expect(() => readIdx(file.subarray(0, -1))).toThrow(/truncated/);
      }),
    );
  });
});

describe('readIdx refuses', () => {
  const good = idx(0x08, [2, 2], [1, 2, 3, 4]);

  it('bytes too few for a magic number', () => {
    expect(() => readIdx(new Uint8Array(3))).toThrow(
      new ValueError(
        '[readIdx] IDX data: truncated: 3 bytes, wanted a header of 4 or more. Fetch the file again.',
      ),
    );
  });

  it('a wrong magic number', () => {
    const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a);
    expect(() => readIdx(png, { name: 'five.png' })).toThrow(
      new ValueError(
        '[readIdx] five.png: starts with 89 50 4e 47, wanted the magic number 00 00. ' +
          'This is not an IDX file, or it is damaged.',
      ),
    );
    expect(() => readIdx(Uint8Array.of(0, 1, 8, 1))).toThrow(/starts with 00 01 08 01/);
  });

  it('gzip, and says what reads it', () => {
    expect(() => readIdx(gzipSync(good))).toThrow(/starts with 1f 8b .* use decodeIdx/);
  });

  it('an unknown element type', () => {
    const wanted = 'wanted 08 (uint8), 09 (int8), 0b (int16), 0c (int32), 0d (float32), 0e (float64)';
    expect(() => readIdx(idx(0x0a, [1], [1]))).toThrow(DTypeError);
    expect(() => readIdx(idx(0x0a, [1], [1]))).toThrow(
      `[readIdx] IDX data: element type 0a, ${wanted}. This is`,
    );
  });

  it('a truncated header', () => {
    expect(() => readIdx(good.subarray(0, 11))).toThrow(
      new ValueError(
        '[readIdx] IDX data: truncated: 11 bytes, wanted 12 for a header of 2 axes. Fetch the file again.',
      ),
    );
  });

  it('truncated elements', () => {
    expect(() => readIdx(good.subarray(0, 15), { name: 'labels' })).toThrow(
      new ValueError(
        '[readIdx] labels: truncated: 15 bytes, wanted 16 for uint8 [2, 2]. Fetch the file again.',
      ),
    );
  });

  it('a count that asks for more elements than there are, however large', () => {
    expect(() => readIdx(idx(0x0e, [0xffffffff, 0xffffffff], [1, 2]))).toThrow(
      /truncated: 14 bytes, wanted 1475/,
    );
  });

  it('trailing bytes', () => {
    expect(() => readIdx(Uint8Array.from([...good, 0, 0]))).toThrow(
      new ValueError(
        '[readIdx] IDX data: trailing bytes: 18 bytes, wanted 16 for uint8 [2, 2]. Fetch the file again.',
      ),
    );
  });

  it('another dtype than expected', () => {
    expect(() => readIdx(good, { dtype: 'float32' })).toThrow(
      new DTypeError('[readIdx] IDX data: dtype uint8, wanted float32. Check that this is the right file.'),
    );
    expect(readIdx(good, { dtype: 'uint8' }).data).toBeInstanceOf(Uint8Array);
  });

  it.each([[[null, 3]], [[2]], [[2, 2, null]]])('another shape than expected: %j', (shape) => {
    expect(() => readIdx(good, { shape })).toThrow(ShapeError);
    expect(() => readIdx(good, { shape })).toThrow(
      `shape [2, 2], wanted [${shape.map((n) => n ?? 'any').join(', ')}]. Check that this is the right file.`,
    );
  });

  it.each([[[null, 2]], [[2, null]], [[2, 2]], [[null, null]]])(
    'but takes the expected shape: %j',
    (shape) => {
      expect(readIdx(good, { shape }).shape).toEqual([2, 2]);
    },
  );
});

describe('decodeIdx', () => {
  const elements = Uint8Array.from({ length: 70_000 }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 24);
  const file = idx(0x08, [70, 1000], elements);
  const packed = new Uint8Array(gzipSync(file));
  const whole = 'wanted gzip. Fetch the file again.';

  it('reads plain and gzip bytes alike', async () => {
    const plain = await decodeIdx(file);
    expect(plain).toEqual({ dtype: 'uint8', shape: [70, 1000], data: elements });
    expect(await decodeIdx(packed)).toEqual(plain);
  });

  it('reads gzip from a view into a larger buffer, shared memory included', async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(packed.length + 8));
    shared.set(packed, 4);
    expect((await decodeIdx(shared.subarray(4, 4 + packed.length))).data).toEqual(elements);
  });

  it('passes the expectations on', async () => {
    await expect(decodeIdx(packed, { name: 'digits', shape: [null, 28, 28] })).rejects.toThrow(
      '[decodeIdx] digits: shape [70, 1000], wanted [any, 28, 28].',
    );
  });

  it('names itself in errors about a packed header', async () => {
    await expect(decodeIdx(gzipSync(Uint8Array.of(1, 2, 3, 4)))).rejects.toThrow(
      '[decodeIdx] IDX data: starts with 01 02 03 04',
    );
  });

  it('refuses what is inside as readIdx does', async () => {
    await expect(decodeIdx(gzipSync(file.subarray(0, -1)))).rejects.toThrow(
      /\[decodeIdx\] IDX data: truncated/,
    );
    await expect(decodeIdx(gzipSync('hello'))).rejects.toThrow(/starts with 68 65 6c 6c/);
  });

  it.each([2, 10, 17, 1000, packed.length - 9, packed.length - 8, packed.length - 1])(
    'refuses gzip truncated to %i bytes',
    async (length) => {
      const error = await decodeIdx(packed.subarray(0, length), { name: 'a.gz' }).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(ValueError);
      expect(String(error)).toContain(`[decodeIdx] a.gz: ${length} bytes that can't be decompressed (`);
      expect(String(error)).toContain(whole);
    },
  );

  it.each([
    ['the middle', packed.length >> 1],
    ['the checksum', packed.length - 6],
    ['the length', packed.length - 2],
  ])('refuses gzip with a flipped bit in %s', async (_, at) => {
    const bad = packed.slice();
    bad[at] = bad[at]! ^ 16;
    await expect(decodeIdx(bad)).rejects.toThrow(whole);
  });

  // As Python's gzip module reads them. The last member of bgzip's files is the one that the SAM specification gives.
  const emptyMember = new Uint8Array(gzipSync(''));
  const bgzipEnd = Buffer.from('1f8b08040000000000ff0600424302001b0003000000000000000000', 'hex');
  it.each<[string, Uint8Array[]]>([
    ['two members', [gzipSync(file.subarray(0, 5)), gzipSync(file.subarray(5))]],
    [
      'a hundred members',
      Array.from({ length: 101 }, (_, i) => gzipSync(file.subarray(700 * i, 700 * (i + 1)))),
    ],
    ['an empty first member', [emptyMember, packed]],
    ['an empty last member', [packed, emptyMember]],
    ["bgzip's empty last member", [packed, bgzipEnd]],
    ['a zero at the end', [packed, new Uint8Array(1)]],
    ['many zeros at the end', [packed, new Uint8Array(1000)]],
    ['zeros between members', [gzipSync(file.subarray(0, 7)), new Uint8Array(3), gzipSync(file.subarray(7))]],
  ])('reads gzip with %s', async (_, parts) => {
    const array = await decodeIdx(Uint8Array.from(Buffer.concat(parts)));
    expect(array.shape).toEqual([70, 1000]);
    expect(Buffer.compare(array.data as Uint8Array, elements)).toBe(0);
  });

  it.each([
    ['other bytes', [packed, Uint8Array.of(1, 2, 3)], 'other bytes follow the end'],
    ['other bytes after zeros', [packed, Uint8Array.of(0, 0, 31)], 'other bytes follow the end'],
    ['half a member', [packed, bgzipEnd.subarray(0, 20)], 'they are truncated'],
    ['a damaged member', [packed, bgzipEnd.map((b, i) => (i === 20 ? 1 : b))], 'a wrong checksum'],
  ])('refuses %s after the end of gzip', async (_, parts, reason) => {
    const running = decodeIdx(Uint8Array.from(Buffer.concat(parts)));
    await expect(running).rejects.toThrow(`bytes that can't be decompressed (${reason}), ${whole}`);
  });

  it('refuses a second array', async () => {
    await expect(decodeIdx(Uint8Array.from([...packed, ...packed]))).rejects.toThrow(
      '[decodeIdx] IDX data: trailing bytes: at least 70013 bytes, wanted 70012 for uint8 [70, 1000].',
    );
  });

  it('does not decompress what is too short for the declared size', async () => {
    const zeros = gzipSync(Buffer.concat([idx(0x0e, Array(40).fill(2), []), Buffer.alloc(2 ** 24)]));
    await expect(decodeIdx(zeros)).rejects.toThrow(
      `[decodeIdx] IDX data: truncated: at most ${1032 * zeros.length} bytes, wanted ${164 + 2 ** 43} for float64`,
    );
  });

  it('stops at the declared size', async () => {
    const bomb = new Uint8Array(gzipSync(Buffer.concat([idx(0x08, [2000], []), Buffer.alloc(2 ** 24)])));
    bomb.fill(255, bomb.length - 1000); // never reached
    await expect(decodeIdx(bomb)).rejects.toThrow(
      '[decodeIdx] IDX data: trailing bytes: at least 2009 bytes, wanted 2008 for uint8 [2000].',
    );
  });
});

test('bytes in an ArrayBuffer, of this realm or another, and as a Buffer', async () => {
  const bytes = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 7, 9);
  const sources = {
    ArrayBuffer: bytes.buffer,
    SharedArrayBuffer: new SharedArrayBuffer(bytes.length),
    Buffer: Buffer.from(bytes),
    DataView: new DataView(bytes.buffer),
    'Uint8Array of another realm': vm.runInNewContext(`Uint8Array.of(${bytes})`),
    'ArrayBuffer of another realm': vm.runInNewContext(`Uint8Array.of(${bytes}).buffer`),
  };
  new Uint8Array(sources.SharedArrayBuffer).set(bytes);
  for (const source of Object.values(sources)) {
    expect(readIdx(source as ArrayBuffer).data).toEqual(Uint8Array.of(7, 9));
    expect((await decodeIdx(source as ArrayBuffer)).data).toEqual(Uint8Array.of(7, 9));
  }
});

test.each([null, undefined, 'train-labels', [0, 0, 8, 0]])('%o is not bytes', async (source) => {
  const message = /\[(readIdx|decodeIdx)\] IDX data: got .*, wanted a Uint8Array or an ArrayBuffer/;
  expect(() => readIdx(source as never)).toThrow(DTypeError);
  expect(() => readIdx(source as never)).toThrow(message);
  await expect(decodeIdx(source as never)).rejects.toThrow(message);
});

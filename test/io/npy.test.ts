import { describe, expect, it } from 'vitest';
import { scalar, type Tensor, tensor } from '../../src/index.ts';
import { readNpy, readNpz, writeNpy, writeNpz } from '../../src/io.ts';
import { DTypeError, ValueError } from '../../src/ir/errors.ts';
import { CountingSource, errorOf, fromHex, load } from './support.ts';

interface Described {
  readonly dtype: string;
  readonly shape: number[];
  readonly data: number[];
}

interface Archive {
  readonly file: string;
  readonly arrays: Record<string, Described>;
}

/** Made by npy.py with NumPy. */
const reference = load<{
  cases: (Described & { name: string; file: string })[];
  npz: Archive;
  compressed: Archive;
  refused: Record<string, string>;
}>('npy.json');

async function expectArray(t: Tensor, { dtype, shape, data }: Described): Promise<void> {
  expect(t.shape).toEqual(shape);
  const wanted = /float/.test(dtype) ? 'float32' : dtype === 'bool' || dtype === 'uint8' ? dtype : 'int32';
  expect(t.dtype).toBe(wanted);
  expect(Array.from(await t.data())).toEqual(wanted === 'float32' ? data.map(Math.fround) : data);
}

const fileOf = (name: string): Uint8Array => fromHex(reference.cases.find((c) => c.name === name)!.file);

describe('readNpy', () => {
  it.each(reference.cases)('reads $name', async (array) => {
    const file = fromHex(array.file);
    await expectArray(await readNpy(file), array);
    await expectArray(await readNpy(file, { copy: false }), array);
    await expectArray(await readNpy(new CountingSource(file)), array);
  });

  it('gives copies, or uses the memory of the source', async () => {
    const file = fileOf('<f4');
    const [own, shared] = [await readNpy(file), await readNpy(file, { copy: false })];
    const before = Array.from(own.dataSync());
    file.fill(0, file.length - 24);
    expect(Array.from(own.dataSync())).toEqual(before);
    expect(Array.from(shared.dataSync())).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('reads the spellings that other writers use', async () => {
    for (const header of [
      `{"descr": "<f4", "fortran_order": False, "shape": (2,)}`,
      `{'shape': (2L,), 'fortran_order': False, 'descr': '<f4'}\n`,
      `{'descr':'<f4','fortran_order':True,'shape':( 2 ),}`,
    ]) {
      expect((await readNpy(npy(header, 8))).shape).toEqual([2]);
    }
  });

  it.each([
    ['objects', /element type '\|O' .* Arrays of Python objects contain code and are not read/],
    ['complex', /element type '<c8' .* Convert it in NumPy first/],
    ['records', /Records are not read/],
    ['text', /element type '<U2'/],
    ['dates', /a header|element type '<M8/],
    ['long', /I64 2147483648 at index 1 of 'a.npy', wanted numbers that fit int32/],
  ])('refuses %s', async (name, message) => {
    const error = await errorOf(() => readNpy(fromHex(reference.refused[name]!), { name: 'a.npy' }));
    expect(error).toBeInstanceOf(ValueError);
    expect(error.message).toMatch(/^\[readNpy\] got .*'a\.npy'/);
    expect(error.message).toMatch(message);
  });

  const good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
  it.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(0), /0 bytes .* wanted at least 12/],
    ['another format', new TextEncoder().encode('PK and other bytes'), /the first bytes 80, 75/],
    ['version 4', npy(good, 8, 4), /version 4\.0/],
    ['version 0', npy(good, 8, 0), /version 0\.0/],
    ['a file that ends in the header', npy(good, 8).subarray(0, 40), /40 bytes .* wanted at least/],
    [
      'a header of 4 GB',
      Uint8Array.of(...npy(good, 0, 2).subarray(0, 8), 255, 255, 255, 255),
      /a header of 4294967295/,
    ],
    ['too little data', npy(good, 7), /\d+ bytes .* wanted \d+ for F32 \[2\]/],
    ['data after the array', npy(good, 9), /\d+ bytes .* wanted \d+ for F32 \[2\]/],
    ['a header that is no dictionary', npy('[1]', 8), /a header/],
    ['a missing key', npy("{'descr': '<f4', 'shape': (2,)}", 8), /a header/],
    ['a key twice', npy(`${good.slice(0, -1)}'shape': (2,)}`, 8), /a header/],
    ['an unknown key', npy(`${good.slice(0, -1)}'a': (2,)}`, 8), /a header/],
    ['code', npy("{'descr': __import__('os'), 'fortran_order': False, 'shape': (2,)}", 8), /a header/],
    ['a negative dimension', npy(good.replace('2', '-2'), 8), /a header/],
    ['a shape without commas', npy(good.replace('2,', '2 2'), 8), /a header/],
    ['a huge dimension', npy(good.replace('(2', '(99999999999999999999'), 8), /whole numbers/],
    [
      'a huge shape',
      npy(good.replace('(2', '(9999999999, 9999999999'), 8),
      /wanted 399999999920000000000 for/,
    ],
    ['too many axes', npy(good.replace('(2', `(2${', 1'.repeat(64)}`), 8), /65 axes/],
    [
      'more elements along an axis than a tensor has',
      npy(good.replace('(2', '(0, 9999999999'), 0),
      /too large/,
    ],
    ['a bool of 2', npy(good.replace('<f4', '|b1'), 2, 1, 2), /BOOL 2 at index 0/],
  ])('refuses %s', async (_name, file, message) => {
    const error = await errorOf(() => readNpy(file));
    expect(error.message).toMatch(/^\[readNpy\] /);
    expect(error.message).toMatch(message);
  });
});

/** A file with this header. */
function npy(header: string, size: number, version = 1, fill = 0): Uint8Array {
  const length = version === 1 ? [header.length & 255, header.length >> 8] : [header.length, 0, 0, 0];
  const text = new TextEncoder().encode(header);
  return Uint8Array.of(
    0x93,
    78,
    85,
    77,
    80,
    89,
    version,
    0,
    ...length,
    ...text,
    ...new Array(size).fill(fill),
  );
}

describe('writeNpy writes the bytes of numpy.save', () => {
  it.each(['<f4', '<i4', '<u1', '<b1', 'a scalar', 'an empty array', 'one axis', 'version 1'])(
    '%s',
    async (name) => {
      const file = fileOf(name);
      expect(await writeNpy(await readNpy(file))).toEqual(file);
    },
  );

  it('also of lazy tensors', async () => {
    const t = await readNpy(
      await writeNpy(
        tensor([
          [1, 2],
          [3, 4],
        ])
          .transpose()
          .add(1),
      ),
    );
    expect(t.dataSync()).toEqual(Float32Array.of(2, 4, 3, 5));
  });
});

describe('readNpz', () => {
  it.each(['npz', 'compressed'] as const)('reads %s files', async (kind) => {
    const { file, arrays } = reference[kind];
    const source = new CountingSource(fromHex(file));
    for (const given of [fromHex(file), source]) {
      const { names, read } = await readNpz(given);
      expect(names).toEqual(Object.keys(arrays));
      for (const name of names) await expectArray(await read(name), arrays[name]!);
    }
  });

  it('gives tensors with memory of their own', async () => {
    const file = fromHex(reference.npz.file);
    const x = await (await readNpz(file)).read('x');
    const before = Array.from(x.dataSync());
    file.fill(0);
    expect(Array.from(x.dataSync())).toEqual(before);
  });

  it('refuses names that it does not have', async () => {
    const { read } = await readNpz(fromHex(reference.npz.file));
    const error = await errorOf(() => read('toString'));
    expect(error).toBeInstanceOf(ValueError);
    expect(error.message).toBe("[read] got the name 'toString', wanted one of x, labels, ä/b.");
  });
});

describe('writeNpz', () => {
  it.each([false, true])('writes what readNpz reads, compressed: %s', async (compress) => {
    const x = tensor(new Float32Array(1000));
    const tensors = new Map<string, Tensor>([
      ['x', x],
      ['__proto__', scalar(3)],
      ['7', tensor([true])],
    ]);
    const file = await writeNpz(tensors, { compress });
    expect(await writeNpz(tensors, { compress })).toEqual(file);
    expect(file.length < 2000).toBe(compress);
    const { names, read } = await readNpz(file);
    expect(names).toEqual(['x', '__proto__', '7']);
    for (const [name, t] of tensors) {
      const again = await read(name);
      expect([again.shape, again.dtype]).toEqual([t.shape, t.dtype]);
      expect(again.dataSync()).toEqual(t.dataSync());
    }
  });

  it('refuses what is no tensor, and names that are too long', async () => {
    expect(await errorOf(() => writeNpz({ a: 1 } as never))).toBeInstanceOf(DTypeError);
    const error = await errorOf(() => writeNpz({ ['a'.repeat(70_000)]: scalar(1) }));
    expect(error).toBeInstanceOf(ValueError);
    expect(error.message).toMatch(/^\[writeNpz\] got a name of 70004 characters/);
  });
});

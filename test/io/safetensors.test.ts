import vm from 'node:vm';
import { describe, expect, it } from 'vitest';
import { Parameter, SGD, scalar, type Tensor, tensor, zeros } from '../../src/index.ts';
import { type NamedTensors, readSafetensors, writeSafetensors } from '../../src/io.ts';
import { DTypeError, NonFiniteError, ValueError } from '../../src/ir/errors.ts';
import { CountingSource, errorOf, fromHex, load } from './support.ts';

interface Reference {
  readonly values: Record<string, { shape: number[]; data: number[] }>;
  readonly metadata: Record<string, string>;
  readonly file: string;
  readonly unaligned: string;
  readonly written: string;
  readonly writtenHalf: string;
  readonly rounding: Record<'float32' | 'float16' | 'bfloat16', string>;
}

/** Made by safetensors.py with NumPy. */
const reference = load<Reference>('safetensors.json');
const file = fromHex(reference.file);

const floats = Float32Array.from(reference.values['f32 ä']!.data);

const dtypeOf = (name: string): string =>
  name.startsWith('bool') ? 'bool' : name === 'u8 ä' ? 'uint8' : /^[iu]/.test(name) ? 'int32' : 'float32';

async function expectReference(read: (name: string) => Promise<Tensor>): Promise<void> {
  for (const [name, { shape, data }] of Object.entries(reference.values)) {
    const t = await read(name);
    expect(t.shape, name).toEqual(shape);
    expect(t.dtype, name).toBe(dtypeOf(name));
    const wanted = t.dtype === 'float32' ? data.map(Math.fround) : data;
    expect(Array.from(await t.data()), name).toEqual(wanted);
  }
}

describe('readSafetensors reads', () => {
  it('all element types that a tensor can hold, from a file made with NumPy', async () => {
    const { metadata, entries, read } = await readSafetensors(file);
    expect(metadata).toEqual(reference.metadata);
    expect([...entries.keys()]).toEqual(Object.keys(reference.values));
    expect(entries.get('f16 ä')).toMatchObject({ dtype: 'F16', shape: [2, 5] });
    await expectReference(read);
  });

  it('tensors at any address', async () => {
    const unaligned = fromHex(reference.unaligned);
    await expectReference((await readSafetensors(unaligned)).read);
    await expectReference((await readSafetensors(unaligned, { copy: false })).read);
    const inside = new Uint8Array(file.length + 3);
    inside.set(file, 3);
    await expectReference((await readSafetensors(inside.subarray(3))).read);
  });

  it('ArrayBuffers, Buffers and bytes of another realm', async () => {
    const foreign = vm.runInNewContext('new Uint8Array(size)', { size: file.length }) as Uint8Array;
    foreign.set(file);
    for (const source of [file.buffer, Buffer.from(file), foreign])
      await expectReference((await readSafetensors(source)).read);
  });

  it('from a source only the header and what is asked for', async () => {
    const source = new CountingSource(file);
    const { read, entries } = await readSafetensors(source);
    const { start, end } = entries.get('f32 ä')!;
    const origin = Math.min(...[...entries.values()].map((entry) => entry.start));
    expect(source.count).toBe(origin);
    await read('f32 ä');
    expect(source.count).toBe(origin + end - start);
  });

  it('a file without tensors, with and without metadata', async () => {
    expect((await readSafetensors(build('{}'))).entries.size).toBe(0);
    const { metadata } = await readSafetensors(build('{"__metadata__":{"a":"b"}}   '));
    expect(metadata).toEqual({ a: 'b' });
  });

  it('every binary16 and every 8-bit float', async () => {
    const codes = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const half = await readValues('F16', new Uint8Array(codes.buffer), codes.length);
    // Sign, 5 bits of exponent with bias 15, 10 of fraction (IEEE 754).
    const value = (code: number, exponentBits: number, fractionBits: number): number => {
      const exponent = (code >> fractionBits) & (2 ** exponentBits - 1);
      const fraction = code & (2 ** fractionBits - 1);
      const bias = 2 ** (exponentBits - 1) - 1;
      const sign = code >> (exponentBits + fractionBits) ? -1 : 1;
      return exponent === 0
        ? sign * fraction * 2 ** (1 - bias - fractionBits)
        : sign * (1 + fraction / 2 ** fractionBits) * 2 ** (exponent - bias);
    };
    const ieee = (code: number, e: number, f: number): number =>
      ((code >> f) & (2 ** e - 1)) === 2 ** e - 1
        ? (code & (2 ** f - 1)) !== 0
          ? Number.NaN
          : code >> (e + f)
            ? Number.NEGATIVE_INFINITY
            : Number.POSITIVE_INFINITY
        : value(code, e, f);
    expect(half).toEqual(Array.from(codes, (code) => ieee(code, 5, 10)));
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const list = Array.from(bytes);
    expect(await readValues('F8_E5M2', bytes, 256)).toEqual(list.map((code) => ieee(code, 5, 2)));
    expect(await readValues('F8_E4M3', bytes, 256)).toEqual(
      list.map((code) => ((code & 0x7f) === 0x7f ? Number.NaN : value(code, 4, 3))),
    );
    expect(await readValues('F8_E8M0', bytes, 256)).toEqual(
      list.map((code) => (code === 255 ? Number.NaN : 2 ** (code - 127))),
    );
  });

  it('with copies, or in the memory of the source', async () => {
    const bytes = build('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', 8);
    const own = await (await readSafetensors(bytes)).read('a');
    const shared = await (await readSafetensors(bytes, { copy: false })).read('a');
    new Float32Array(bytes.buffer, bytes.length - 8).fill(3);
    expect(own.dataSync()).toEqual(Float32Array.of(0, 0));
    expect(shared.dataSync()).toEqual(Float32Array.of(3, 3));
  });
});

async function readValues(dtype: string, bytes: Uint8Array, count: number): Promise<number[]> {
  const header = JSON.stringify({ a: { dtype, shape: [count], data_offsets: [0, bytes.length] } });
  const whole = build(header, bytes.length);
  whole.set(bytes, whole.length - bytes.length);
  return Array.from(await (await (await readSafetensors(whole)).read('a')).data());
}

/** A file with this header, and this number of zeros after it. */
function build(header: string | Uint8Array, size = 0): Uint8Array<ArrayBuffer> {
  const json = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const padding = typeof header === 'string' ? -json.length & 7 : 0;
  const bytes = new Uint8Array(8 + json.length + padding + size);
  new DataView(bytes.buffer).setUint32(0, json.length + padding, true);
  bytes.set(json, 8);
  bytes.fill(32, 8 + json.length, 8 + json.length + padding);
  return bytes;
}

const entry = (begin: number, end: number, shape: unknown = [(end - begin) / 4], dtype: unknown = 'F32') =>
  JSON.stringify({ dtype, shape, data_offsets: [begin, end] });

const deep = (open: string, close: string): string =>
  `{"a":${open.repeat(200_000)}1${close.repeat(200_000)}}`;

/** Files with one fault each, and what the error says. */
/** The entry, and what it should be. */
const disagreement =
  /got \{"dtype".* for 'a', wanted dtype \(BOOL,U8,.*\), shape and data_offsets that agree/;

const faults: Record<string, [bytes: Uint8Array, message: RegExp]> = {
  'an empty file': [new Uint8Array(0), /a file of 0 bytes, wanted at least 8/],
  'a file that ends in the length': [new Uint8Array(7), /a file of 7 bytes, wanted at least 8/],
  'a header of 0 bytes': [new Uint8Array(8), /a header that can't be read/],
  'a header of 4 GB': [
    Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0, 123, 125),
    /a header of 4294967296 bytes, wanted at most 100000000/,
  ],
  'a header of 2^64 - 1 bytes': [
    new Uint8Array(20).fill(255),
    /a header of 18446744073709552000 bytes, wanted at most 100000000/,
  ],
  'a file that ends in the header': [build('{}').subarray(0, 12), /a file of 12 bytes, wanted at least 16/],
  'a header that is not UTF-8': [
    build(Uint8Array.of(123, 34, 0xff, 34, 58, 123, 125, 125)),
    /a header that can't be read/,
  ],
  'a header that does not begin with {': [build(' {}'), /can't be read/],
  'a byte order mark': [build('\ufeff{}'), /can't be read/],
  'a header that is no JSON': [build('{"a":}'), /can't be read/],
  'a header that ends early': [build('{"a":{"dtype":"F32","sha'), /can't be read/],
  'something after the JSON': [build('{}x'), /can't be read/],
  'two objects': [build('{}{}'), /can't be read/],
  'a header that is an array': [build('[]'), /can't be read/],
  'a header that is null': [build('null'), /can't be read/],
  'deep arrays': [build(deep('[', ']')), /can't be read/],
  'deep objects': [build(deep('{"a":', '}')), /can't be read/],
  'many arrays': [build(`{"a":[${'[],'.repeat(100_000)}[]]}`), /can't be read/],
  'a name twice': [
    build(`{"a":${entry(0, 4)},"a":${entry(0, 4)}}`, 4),
    /can't be read, wanted JSON with each name once/,
  ],
  'a name twice, once escaped': [
    build(`{"a":${entry(0, 4)},"\\u0061":${entry(4, 8)}}`, 8),
    /can't be read, wanted JSON with each name once/,
  ],
  'a key of an entry twice': [
    build('{"a":{"dtype":"F32","dtype":"I32","shape":[1],"data_offsets":[0,4]}}', 4),
    /can't be read, wanted JSON with each name once/,
  ],
  'a key of the metadata twice': [
    build('{"__metadata__":{"a":"1","a":"2"}}'),
    /can't be read, wanted JSON with each name once/,
  ],
  'the name __proto__': [
    build(`{"__proto__":${entry(0, 4)}}`, 4),
    /can't be read, wanted JSON .* and no __proto__/,
  ],
  'an entry that is a number': [build('{"a":1}'), /got 1 for 'a', wanted dtype/],
  'an entry that is null': [build('{"a":null}'), /got null for 'a', wanted dtype/],
  'an entry that is a string': [build('{"a":"b"}'), /got "b" for 'a', wanted dtype/],
  'an unknown key': [
    build('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"code":"x"}}', 4),
    disagreement,
  ],
  'an unknown dtype': [build(`{"a":${entry(0, 4, [1], 'F33')}}`, 4), disagreement],
  'a dtype of complex numbers': [build(`{"a":${entry(0, 8, [1], 'C64')}}`, 8), disagreement],
  'a dtype that objects inherit': [build(`{"a":${entry(0, 4, [1], 'toString')}}`, 4), disagreement],
  'a dtype that is a number': [build(`{"a":${entry(0, 4, [1], 5)}}`, 4), disagreement],
  'no shape': [build('{"a":{"dtype":"F32","data_offsets":[0,4]}}', 4), disagreement],
  'a shape that is a number': [build(`{"a":${entry(0, 4, 1)}}`, 4), disagreement],
  'a negative dimension': [build(`{"a":${entry(0, 4, [-1, -1])}}`, 4), disagreement],
  'a dimension that is no whole number': [build(`{"a":${entry(0, 4, [0.5, 2])}}`, 4), disagreement],
  'a dimension that is a string': [build(`{"a":${entry(0, 4, ['1'])}}`, 4), disagreement],
  'too many axes': [build(`{"a":${entry(0, 4, Array(65).fill(1))}}`, 4), disagreement],
  'a shape that overflows': [build(`{"a":${entry(0, 4, [2 ** 31, 2 ** 31, 2 ** 31])}}`, 4), disagreement],
  'no data_offsets': [build('{"a":{"dtype":"F32","shape":[1]}}', 4), disagreement],
  'one data_offset': [build('{"a":{"dtype":"F32","shape":[1],"data_offsets":[4]}}', 4), disagreement],
  'three data_offsets': [build('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}', 4), disagreement],
  'a negative offset': [build(`{"a":${entry(-4, 0, [1])}}`, 4), disagreement],
  'an offset beyond 2^53': [
    build('{"a":{"dtype":"F32","shape":[1],"data_offsets":[9007199254740993,9007199254740997]}}', 4),
    disagreement,
  ],
  'offsets in the wrong order': [build(`{"a":${entry(4, 0, [1])}}`, 4), disagreement],
  'a shape that is too large for its bytes': [build(`{"a":${entry(0, 4, [2])}}`, 4), disagreement],
  'a shape that is too small for its bytes': [build(`{"a":${entry(0, 8, [1])}}`, 8), disagreement],
  'a gap at the beginning': [build(`{"a":${entry(4, 8)}}`, 8), /'a' at byte \d+, wanted \d+\./],
  'a gap': [build(`{"a":${entry(0, 4)},"b":${entry(8, 12)}}`, 12), /'b' at byte \d+, wanted \d+\./],
  'an overlap': [build(`{"a":${entry(0, 8)},"b":${entry(4, 12)}}`, 12), /'b' at byte \d+, wanted \d+\./],
  'two tensors at one place': [
    build(`{"a":${entry(0, 4)},"b":${entry(0, 4)}}`, 4),
    /'b' at byte \d+, wanted \d+\./,
  ],
  'bytes after the last tensor': [build(`{"a":${entry(0, 4)}}`, 5), /a file of \d+ bytes, wanted \d+\./],
  'data that is cut off': [build(`{"a":${entry(0, 8)}}`, 7), /a file of \d+ bytes, wanted \d+\./],
  'metadata that is an array': [build('{"__metadata__":[]}'), /can't be read/],
  'metadata that is a string': [
    build('{"__metadata__":"a"}'),
    /__metadata__ "a", wanted an object of strings/,
  ],
  'metadata with a number': [
    build('{"__metadata__":{"a":1}}'),
    /__metadata__ {"a":1}, wanted an object of strings/,
  ],
  'metadata with an array': [build('{"__metadata__":{"a":[]}}'), /__metadata__ {"a":\[\]}, wanted/],
  'metadata with __proto__': [
    build('{"__metadata__":{"__proto__":"a"}}'),
    /can't be read, wanted JSON .* and no __proto__/,
  ],
};

describe('readSafetensors refuses', () => {
  it.each(Object.entries(faults))('%s', async (_name, [bytes, message]) => {
    const error = await errorOf(() => readSafetensors(bytes));
    expect(error).toBeInstanceOf(ValueError);
    expect(error.message).toMatch(/^\[readSafetensors\] got /);
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/The file is damaged or no safetensors file\.$/);
  });

  it('a large file by its header alone', async () => {
    const source = new CountingSource(build('{}'), 2 ** 40);
    expect((await errorOf(() => readSafetensors(source))).message).toContain('a file of 1099511627776 bytes');
    expect(source.count).toBe(16);
  });

  it.each(['toString', 'b', ''])('the name %j', async (name) => {
    const { read } = await readSafetensors(build(`{"a":${entry(0, 4)}}`, 4));
    const error = await errorOf(() => read(name));
    expect(error).toBeInstanceOf(ValueError);
    expect(error.message).toBe(`[read] got the name '${name}', wanted one of a.`);
  });

  it.each([
    ['U32', [0, 0, 0, 128], 'U32 2147483648'],
    ['I64', [0, 0, 0, 128, 0, 0, 0, 0], 'I64 2147483648'],
    ['I64', [255, 255, 255, 127, 255, 255, 255, 255], 'I64 -2147483649'],
    ['U64', [255, 255, 255, 255, 255, 255, 255, 255], 'U64 18446744073709552000'],
    ['BOOL', [2], 'BOOL 2'],
    ['F64', [0, 0, 0, 0, 0, 0, 0, 72], 'F64 6.80564733'],
  ])('a number of %s that does not fit', async (dtype, bytes, got) => {
    const error = await errorOf(() => readValues(dtype, Uint8Array.from(bytes), 1));
    expect(error).toBeInstanceOf(ValueError);
    expect(error.message).toContain(`[read] got ${got}`);
    expect(error.message).toContain("at index 0 of 'a', wanted numbers that fit ");
  });

  it('a source that gives too little', async () => {
    const source = { size: 100, read: async () => new Uint8Array(3) };
    const error = await errorOf(() => readSafetensors(source));
    expect(error).toBeInstanceOf(ValueError);
    expect(error.message).toMatch(/got 3 bytes from the source's read\(0, 8\), wanted a Uint8Array of 8/);
  });

  it.each([null, 1, {}, { size: 4 }, { size: -1, read() {} }, { size: '4', read() {} }])(
    'the source %j',
    async (source) => {
      const error = await errorOf(() => readSafetensors(source as never));
      expect(error).toBeInstanceOf(ValueError);
      expect(error.message).toContain(
        'wanted a Uint8Array, an ArrayBuffer or { size, read(offset, length) }',
      );
    },
  );
});

describe('writeSafetensors', () => {
  const mask = tensor([true, false, true]);
  const labels = tensor([[-1], [2 ** 31 - 1]], { dtype: 'int32' });
  const bytes = tensor(Uint8Array.of(1, 2, 3));
  const kernel = tensor(floats, { shape: [2, 5] });

  it('writes what Python writes', async () => {
    const tensors = { mask, 2: bytes, labels, '0.kernel': kernel };
    const written = await writeSafetensors(tensors, { metadata: { name: 'ü "quoted"' } });
    expect(written).toEqual(fromHex(reference.written));
    const half = new Map<string, Tensor>([
      ['b', zeros([0, 3])],
      ['a', kernel],
      ['7', scalar(5, 'int32')],
    ]);
    expect(await writeSafetensors(half, { dtype: 'float16' })).toEqual(fromHex(reference.writtenHalf));
  });

  it.each(['float16', 'bfloat16'] as const)('rounds to %s as NumPy does', async (dtype) => {
    const values = new Float32Array(fromHex(reference.rounding.float32).buffer);
    const file = await writeSafetensors({ a: tensor(values) }, { dtype });
    const { start, end } = (await readSafetensors(file)).entries.get('a')!;
    expect(file.slice(start, end)).toEqual(fromHex(reference.rounding[dtype]));
  });

  it.each(['float16', 'bfloat16'] as const)('keeps NaN and infinities in %s', async (dtype) => {
    const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0];
    const file = await writeSafetensors({ a: tensor(special) }, { dtype });
    expect(Array.from(await (await (await readSafetensors(file)).read('a')).data())).toEqual(special);
  });

  it.each([
    ['float16', 65520],
    ['bfloat16', 3.4e38],
  ] as const)('refuses what overflows %s', async (dtype, x) => {
    const error = await errorOf(() => writeSafetensors({ a: tensor([1, x]) }, { dtype }));
    expect(error).toBeInstanceOf(NonFiniteError);
    expect(error.message).toContain(`at index 1 of 'a', which overflows ${dtype}`);
  });

  it('writes lazy tensors, and Parameters as they were at the call', async () => {
    const p = new Parameter(tensor([1, 2]));
    const writing = writeSafetensors({ p, sum: tensor([1, 2]).add(1) });
    await new SGD([p], { learningRate: 1 }).minimize(p.sum());
    const { read } = await readSafetensors(await writing);
    expect((await read('p')).dataSync()).toEqual(Float32Array.of(1, 2));
    expect((await read('sum')).dataSync()).toEqual(Float32Array.of(2, 3));
    expect(p.dataSync()).toEqual(Float32Array.of(0, 1));
  });

  it('writes names of any kind', async () => {
    const names = ['', 'a"b', '\ud800', 'constructor', '😀', '0'];
    const file = await writeSafetensors(Object.fromEntries(names.map((name, i) => [name, scalar(i)])));
    const { entries, read } = await readSafetensors(file);
    expect([...entries.keys()].sort()).toEqual([...names].sort());
    for (const [i, name] of names.entries())
      expect((await read(name)).dataSync()).toEqual(Float32Array.of(i));
  });

  it.each([
    ['a tensor named __metadata__', new Map([['__metadata__', mask]]), {}, ValueError],
    ['a tensor named __proto__', new Map([['__proto__', mask]]), {}, ValueError],
    ['names that are no strings', new Map([[1, mask]]), {}, ValueError],
    ['values that are no tensors', { a: [1] }, {}, DTypeError],
    ['a list', [mask], {}, ValueError],
    ['metadata that is no object', { mask }, { metadata: 'a' }, ValueError],
    ['metadata with numbers', { mask }, { metadata: { a: 1 } }, ValueError],
    ['an unknown dtype', { mask }, { dtype: 'float64' }, ValueError],
  ])('refuses %s', async (_name, tensors, options, kind) => {
    const error = await errorOf(() => writeSafetensors(tensors as NamedTensors, options as object));
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toMatch(/^\[writeSafetensors\] got /);
  });
});

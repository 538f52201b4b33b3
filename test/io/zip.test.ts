import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { byteSource } from '../../src/io/byte-source.ts';
import { openZip } from '../../src/io/zip.ts';
import { ValueError } from '../../src/ir/errors.ts';
import { crc32 } from '../../src/util/crc32.ts';
import { CountingSource, errorOf } from './support.ts';

interface Member {
  readonly name: string;
  readonly data: Uint8Array;
  readonly method?: number;
  /** Fields of the directory that differ from the right ones. */
  readonly crc?: number;
  readonly compressed?: number;
  readonly size?: number;
  readonly start?: number;
  readonly flags?: number;
  /** Writes sizes and position in the extra field of zip64. */
  readonly wide?: boolean;
}

const u16 = (n: number): number[] => [n & 255, (n >> 8) & 255];
const u32 = (n: number): number[] => [...u16(n & 0xffff), ...u16(Math.floor(n / 0x10000) & 0xffff)];
const u64 = (n: number): number[] => [...u32(n % 2 ** 32), ...u32(Math.floor(n / 2 ** 32))];

/** A zip file after the specification. */
function zip(
  members: readonly Member[],
  { wide = false, comment = '', count = members.length } = {},
): Uint8Array {
  const local: number[] = [];
  const directory: number[] = [];
  for (const m of members) {
    const name = [...new TextEncoder().encode(m.name)];
    const method = m.method ?? 8;
    const stored = method === 8 ? deflateRawSync(m.data) : m.data;
    const crc = m.crc ?? crc32(m.data);
    const [compressed, size] = [m.compressed ?? stored.length, m.size ?? m.data.length];
    const start = m.start ?? local.length;
    const fixed = [...u16(20), ...u16(m.flags ?? 0), ...u16(method), ...u32(0), ...u32(crc)];
    const extra = m.wide
      ? [...u16(9), ...u16(1), 7, ...u16(1), ...u16(24), ...u64(size), ...u64(compressed), ...u64(start)]
      : [];
    const sizes = m.wide ? [...u32(0xffffffff), ...u32(0xffffffff)] : [...u32(compressed), ...u32(size)];
    local.push(
      ...u32(0x04034b50),
      ...fixed,
      ...u32(stored.length),
      ...u32(m.data.length),
      ...u16(name.length),
      ...u16(0),
      ...name,
      ...stored,
    );
    directory.push(
      ...u32(0x02014b50),
      ...u16(20),
      ...fixed,
      ...sizes,
      ...u16(name.length),
      ...u16(extra.length),
    );
    directory.push(
      ...u16(0),
      ...u16(0),
      ...u16(0),
      ...u32(0),
      ...u32(m.wide ? 0xffffffff : start),
      ...name,
      ...extra,
    );
  }
  const [start, length] = [local.length, directory.length];
  const large = wide
    ? [
        ...[...u32(0x06064b50), ...u64(44), ...u16(45), ...u16(45), ...u32(0), ...u32(0)],
        ...[...u64(count), ...u64(count), ...u64(length), ...u64(start)],
        ...[...u32(0x07064b50), ...u32(0), ...u64(start + length), ...u32(1)],
      ]
    : [];
  const end = wide
    ? [...u16(0xffff), ...u16(0xffff), ...u32(0xffffffff), ...u32(0xffffffff)]
    : [...u16(count), ...u16(count), ...u32(length), ...u32(start)];
  const text = [...new TextEncoder().encode(comment)];
  return Uint8Array.from([
    ...local,
    ...directory,
    ...large,
    ...u32(0x06054b50),
    ...u32(0),
    ...end,
    ...u16(text.length),
    ...text,
  ]);
}

const open = (bytes: Uint8Array) => openZip('read', byteSource('read', bytes));
const text = (s: string): Uint8Array => new TextEncoder().encode(s);
const a = { name: 'a', data: text('hello hello hello hello') };
const b = { name: 'b', data: text('stored'), method: 0 };

describe('openZip reads', () => {
  it.each([
    ['stored and compressed files', zip([a, b])],
    ['a comment', zip([a, b], { comment: 'PK\x05\x06 a comment' })],
    [
      'zip64',
      zip(
        [
          { ...a, wide: true },
          { ...b, wide: true },
        ],
        { wide: true },
      ),
    ],
  ])('%s', async (_name, bytes) => {
    const members = await open(bytes);
    expect([...members.keys()]).toEqual(['a', 'b']);
    for (const { name, data } of [a, b]) expect(await members.get(name)!.read('read')).toEqual(data);
  });

  it('an empty zip file and an empty file', async () => {
    expect((await open(zip([]))).size).toBe(0);
    const members = await open(
      zip([
        { name: 'a', data: new Uint8Array(0) },
        { ...b, data: new Uint8Array(0) },
      ]),
    );
    for (const member of members.values()) expect(await member.read('read')).toHaveLength(0);
  });
});

const good = zip([a, b]);
const changed = (at: number, value: number): Uint8Array => good.with(at, value);

describe('openZip refuses', () => {
  it.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(0), /a file of 0 bytes without a directory/],
    ['another file', text('a'.repeat(100)), /without a directory/],
    ['a file that is cut off', good.subarray(0, good.length - 1), /without a directory/],
    ['bytes before the files', Uint8Array.of(0, ...good), /a directory from byte/],
    ['a wrong number of files', zip([a, b], { count: 3 }), /2 files in the directory, wanted 3/],
    ['a name twice', zip([a, { ...b, name: 'a' }]), /'a' twice/],
    ['files over each other', zip([a, { ...b, start: 5 }]), /'a' over other data/],
    ['a file over the directory', zip([a, { ...b, compressed: 100, size: 100 }]), /'b' over other data/],
    ['encryption', zip([{ ...a, flags: 1 }]), /the encrypted file 'a'/],
    ['other compression methods', zip([{ ...b, method: 12 }]), /compression method 12/],
    [
      'more data than DEFLATE can hold',
      zip([{ ...a, size: 4_000_000_000 }]),
      /4000000000 bytes for 'a', wanted at most/,
    ],
    ['a stored file with another size', zip([{ ...b, size: 7 }]), /7 bytes for 'b', wanted at most 6/],
    ['a directory of 4 GB', zip([], { wide: true }).with(47, 1), /a directory|zip64/],
    [
      'a name that is not UTF-8',
      zip([{ ...b, name: '\x7f' }]).map((x) => (x === 0x7f ? 0xff : x)),
      /not UTF-8/,
    ],
    ['an entry without its zip64 sizes', zip([{ ...b, size: 0xffffffff }]), /an entry without its size/],
  ])('%s', async (_name, bytes, message) => {
    const error = await errorOf(() => open(bytes));
    expect(error).toBeInstanceOf(ValueError);
    expect(error.message).toMatch(/^\[read\] got /);
    expect(error.message).toMatch(message);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['a wrong checksum', zip([{ ...a, crc: 5 }]), /a wrong checksum in 'a'/],
    ['data that are too short', zip([{ ...a, size: 24 }]), /can't be decompressed in 'a'/],
    ['data that are too long', zip([{ ...a, size: 22 }]), /can't be decompressed in 'a'/],
    [
      'a bomb whose size is a lie',
      zip([{ name: 'a', data: new Uint8Array(1e6), size: 10 }]),
      /can't be decompressed/,
    ],
    ['damaged data', changed(31, 255), /can't be decompressed|checksum/],
    ['no header', changed(0, 0), /no header in 'a'/],
    ['a header that reaches into other files', changed(29, 200), /data of other files in 'a'/],
  ])('%s', async (_name, bytes, message) => {
    const members = await open(bytes);
    const error = await errorOf(() => members.get('a')!.read('other'));
    expect(error).toBeInstanceOf(ValueError);
    expect(error.message).toMatch(/^\[other\] got /);
    expect(error.message).toMatch(message);
  });

  it('nothing but the directory is read at first', async () => {
    const large = zip([{ ...b, data: new Uint8Array(90_000) }]);
    const source = new CountingSource(large);
    await openZip('read', source);
    expect(source.count).toBeLessThan(70_000);
  });
});

import { describe, expect, it } from 'vitest';
import { type Tensor, tensor } from '../../src/index.ts';
import { readNpy, readNpz, readSafetensors, writeNpy, writeNpz, writeSafetensors } from '../../src/io.ts';
import { valuesOf } from '../../src/tensor/evaluate.ts';

// Whose memory the tensors of a file use: large files must not be in memory twice.

const x = tensor([
  [1, 2, 3],
  [4, 5, 6],
]);
const files = {
  safetensors: await writeSafetensors({ x }),
  npy: await writeNpy(x),
  npz: await writeNpz({ x }),
};
const readers: Record<keyof typeof files, (source: never, copy?: boolean) => Promise<Tensor>> = {
  safetensors: async (source, copy = true) => (await readSafetensors(source, { copy })).read('x'),
  npy: (source, copy = true) => readNpy(source, { copy }),
  npz: async (source) => (await readNpz(source)).read('x'),
};
const formats = Object.keys(files) as (keyof typeof files)[];
const memoryOf = async (t: Tensor): Promise<ArrayBufferLike> => (await valuesOf(t)).buffer;

/** A source that remembers the buffers that it has given. */
function remembering(bytes: Uint8Array) {
  const given = new Set<ArrayBufferLike>();
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    const part = bytes.slice(offset, offset + length);
    given.add(part.buffer);
    return part;
  };
  return { given, source: { size: bytes.length, read } };
}

describe('a tensor', () => {
  it.each(formats)('of a source uses the memory that the source has read: %s', async (format) => {
    const { given, source } = remembering(files[format]);
    const t = await readers[format](source as never);
    expect(await t.toArray()).toEqual(await x.toArray());
    expect(given).toContain(await memoryOf(t));
  });

  it.each(['safetensors', 'npy'] as const)(
    'of bytes uses their memory with copy: false: %s',
    async (format) => {
      const bytes = files[format].slice();
      expect(await memoryOf(await readers[format](bytes as never, false))).toBe(bytes.buffer);
    },
  );

  it.each(formats)('of bytes has memory of its own by default: %s', async (format) => {
    const bytes = files[format].slice();
    const t = await readers[format](bytes as never);
    bytes.fill(0);
    expect(await t.toArray()).toEqual(await x.toArray());
  });
});

/** A tensor that a file will hold. */
export interface FileEntry {
  readonly name: string;
  /** The type of its elements in the file, such as `F32`. */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: number;
}

/**
 * The beginning of a safetensors file: the length of the header, and the header, filled with spaces to a multiple of 8
 * bytes. The tensors follow one after the other.
 */
export function fileStart(
  tensors: readonly FileEntry[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  let end = 0;
  const entries = tensors.map(({ name, dtype, shape, bytes }) => {
    const begin = end;
    end += bytes;
    return [name, { dtype, shape, data_offsets: [begin, end] }] as const;
  });
  const all =
    Object.keys(metadata).length === 0 ? entries : [['__metadata__', metadata] as const, ...entries];
  // Not an object, which would put names that are whole numbers first.
  const json = `{${all.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join()}}`;
  const header = new TextEncoder().encode(json);
  const length = 8 * Math.ceil(header.length / 8);
  const start = new Uint8Array(8 + length).fill(32, 8);
  start.set(header, 8);
  new DataView(start.buffer).setUint32(0, length, true);
  return start;
}

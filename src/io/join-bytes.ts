import { allocate } from '../ir/dtype.ts';

export const totalLength = (parts: readonly Uint8Array[]): number =>
  parts.reduce((sum, { length }) => sum + length, 0);

/** The parts of a file one after the other, `size` bytes. */
export function joinBytes(
  operation: string,
  parts: Iterable<Uint8Array>,
  size: number,
): Uint8Array<ArrayBuffer> {
  const file = allocate(operation, 'uint8', size) as Uint8Array<ArrayBuffer>;
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}

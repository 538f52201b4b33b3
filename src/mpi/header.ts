/** The first message of each exchange, of each rank to each other one. */
export interface Header {
  readonly hasFailed: boolean;
  /** Of the message that follows; of a rank that has failed, the message of its error. */
  readonly length: number;
  /** The point of the program that the rank has reached. */
  readonly where: string;
}

const SIZE = 64;

/** All headers have the same length. */
export function writeHeader({ hasFailed, length, where }: Header): Uint8Array {
  const bytes = new Uint8Array(new ArrayBuffer(SIZE));
  const view = new DataView(bytes.buffer);
  view.setUint8(0, hasFailed ? 1 : 0);
  view.setUint32(4, length, true);
  new TextEncoder().encodeInto(where, bytes.subarray(8));
  return bytes;
}

export function readHeader(bytes: Uint8Array): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const where = new TextDecoder().decode(bytes.subarray(8)).replace(/\0+$/, '');
  return { hasFailed: view.getUint8(0) === 1, length: view.getUint32(4, true), where };
}

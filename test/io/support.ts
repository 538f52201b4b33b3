import { readFileSync } from 'node:fs';
import type { ByteSource } from '../../src/io/byte-source.ts';

export const fromHex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

/** A file of this folder that a Python script has made. */
export function load<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8')) as T;
}

/** A source that counts the bytes that are read. */
export class CountingSource implements ByteSource {
  readonly #bytes: Uint8Array;
  readonly size: number;
  count = 0;

  constructor(bytes: Uint8Array, size = bytes.length) {
    this.#bytes = bytes;
    this.size = size;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    this.count += length;
    return this.#bytes.slice(offset, offset + length);
  }
}

/** What a call throws. */
export async function errorOf(call: () => Promise<unknown>): Promise<Error> {
  try {
    await call();
  } catch (error) {
    return error as Error;
  }
  throw new Error('no error');
}

/** The header of a safetensors file without the version of the program that has written it, and the data in hex. */
export function comparable(file: Uint8Array): readonly [header: string, data: string] {
  const length = new DataView(file.buffer, file.byteOffset).getUint32(0, true);
  const header = new TextDecoder().decode(file.slice(8, 8 + length)).trimEnd();
  const data = Buffer.from(file.slice(8 + length)).toString('hex');
  return [header.replace(/"producer":"ndgrad[ \d.]*"/, '"producer":"ndgrad"'), data];
}

import { refusal } from '../ir/arguments.ts';
import { ValueError } from '../ir/errors.ts';
import { bytesOf } from '../ir/typed-array.ts';

/** Bytes that are read in parts: a file, a `Blob`, a server that answers range requests. */
export interface ByteSource {
  /** The number of bytes. */
  readonly size: number;
  /** The bytes from `offset` to `offset + length`, which lie within the size. Nothing changes them afterwards. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** A source whose answers are checked. */
export interface CheckedSource extends ByteSource {
  /** Whether it is memory of the caller, who may change it; what is read are views of it. Absent for no. */
  readonly inMemory?: boolean;
}

/** Bytes in memory or a source as a source whose answers are checked. */
export function byteSource(operation: string, source: unknown): CheckedSource {
  const bytes = bytesOf(source);
  if (bytes !== null) {
    const read: ByteSource['read'] = async (from, length) => bytes.subarray(from, from + length);
    return { size: bytes.length, read, inMemory: true };
  }
  const given = source as Partial<ByteSource> | null | undefined;
  const size = given?.size as number;
  if (!Number.isSafeInteger(size) || size < 0 || typeof given?.read !== 'function') {
    throw refusal(
      operation,
      'source',
      source,
      'a Uint8Array, an ArrayBuffer or { size, read(offset, length) }',
    );
  }
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    const part = bytesOf(await (given as ByteSource).read(offset, length));
    if (part?.length === length) return part;
    throw new ValueError(
      `[${operation}] got ${part === null ? 'no bytes' : `${part.length} bytes`} from the source's read(${offset}, ${length}), ` +
        `wanted a Uint8Array of ${length}.`,
    );
  };
  return { size, read };
}

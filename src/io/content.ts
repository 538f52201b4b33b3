import { refusal } from '../ir/arguments.ts';
import { bytesOf } from '../ir/typed-array.ts';

/** The content of a file: bytes, or parts that are made one after the other. */
export type Content = Uint8Array | ArrayBufferLike | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * The parts of a file, each asked for when the one before has been taken.
 *
 * @throws ValueError unless they are bytes.
 */
export async function* partsOf(operation: string, content: unknown): AsyncGenerator<Uint8Array, void> {
  const whole = bytesOf(content);
  const parts = whole === null ? content : [whole];
  const isList =
    typeof parts === 'object' &&
    parts !== null &&
    (Symbol.iterator in parts || Symbol.asyncIterator in parts);
  if (!isList) throw refusal(operation, 'content', content, 'a Uint8Array or an iterable of Uint8Arrays');
  for await (const part of parts as AsyncIterable<unknown>) {
    const bytes = bytesOf(part);
    if (bytes === null) throw refusal(operation, 'a part', part, 'a Uint8Array');
    yield bytes;
  }
}

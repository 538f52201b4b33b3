import { describe } from '../../ir/arguments.ts';
import { MemoryError, NonFiniteError, ValueError } from '../../ir/errors.ts';
import type { NamedValues } from '../named-tensors.ts';
import { bfloat16Code, halfCode } from '../small-floats.ts';
import { fileStart } from './file-start.ts';

/** How files hold float32 values. */
export type FloatFormat = 'float32' | 'float16' | 'bfloat16';

const floats = {
  float32: ['F32', 4, null],
  float16: ['F16', 2, halfCode],
  bfloat16: ['BF16', 2, bfloat16Code],
} as const;
const others = { int32: ['I32', 4, null], uint8: ['U8', 1, null], bool: ['BOOL', 1, null] } as const;

/** @throws ValueError unless it is a format for floats. */
export function checkFloatFormat(operation: string, dtype: FloatFormat): void {
  if (Object.hasOwn(floats, dtype)) return;
  throw new ValueError(
    `[${operation}] got dtype ${describe(dtype)}, wanted one of ${Object.keys(floats).join(', ')}.`,
  );
}

/**
 * A safetensors file. Tensors are sorted by the size of their elements, largest first, then by name, so that each lies at a
 * multiple of it; the header is filled with spaces to a multiple of 8 bytes.
 *
 * @throws ValueError for a finite value that overflows the format.
 */
export function layOut(
  operation: string,
  given: readonly NamedValues[],
  metadata: Readonly<Record<string, string>>,
  float: FloatFormat,
): Uint8Array {
  const list = given.map((item) => {
    const { dtype } = item.tensor;
    const [code, width, encode] = dtype === 'float32' ? floats[float] : others[dtype];
    return { ...item, code, width, encode };
  });
  list.sort((a, b) => b.width - a.width || (a.name < b.name ? -1 : 1));
  const entries = list.map(({ name, tensor: { shape, size }, code: dtype, width }) => ({
    ...{ name, dtype, shape, bytes: size * width },
  }));
  const start = fileStart(entries, metadata);
  const file = newFile(operation, start.length + entries.reduce((sum, { bytes }) => sum + bytes, 0));
  file.set(start);
  let at = start.length;
  for (const { name, values, width, encode } of list) {
    if (encode === null) file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    else {
      const codes = new Uint16Array(file.buffer, at, values.length);
      for (let i = 0; i < values.length; i++) {
        codes[i] = encode(values[i]!);
        if (!isInfinite(codes[i]!, float) || !Number.isFinite(values[i])) continue;
        throw new NonFiniteError(
          `[${operation}] got ${values[i]} at index ${i} of ${describe(name)}, which overflows ${float}. Use float32.`,
        );
      }
    }
    at += values.length * width;
  }
  return file;
}

const isInfinite = (code: number, float: FloatFormat): boolean =>
  (code & 0x7fff) === (float === 'float16' ? 0x7c00 : 0x7f80);

function newFile(operation: string, size: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(size);
  } catch {
    throw new MemoryError(
      `[${operation}] a file of ${size} bytes does not fit into JavaScript's memory. Write several files.`,
    );
  }
}

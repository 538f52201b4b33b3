import { describe } from '../../ir/arguments.ts';
import type { DType, TypedArray } from '../../ir/dtype.ts';
import { NonFiniteError, ValueError } from '../../ir/errors.ts';
import { joinBytes } from '../join-bytes.ts';
import { bfloat16Codes, halfCodes } from '../small-floats.ts';
import { fileStart } from './file-start.ts';

/** How files hold float32 values. */
export type FloatFormat = 'float32' | 'float16' | 'bfloat16';

const floats = {
  float32: ['F32', 4, null],
  float16: ['F16', 2, halfCodes],
  bfloat16: ['BF16', 2, bfloat16Codes],
} as const;
const others = {
  float64: ['F64', 8, null],
  int32: ['I32', 4, null],
  uint8: ['U8', 1, null],
  bool: ['BOOL', 1, null],
} as const;

/** @throws ValueError unless it is a format for floats. */
export function checkFloatFormat(operation: string, dtype: FloatFormat): void {
  if (Object.hasOwn(floats, dtype)) return;
  throw new ValueError(
    `[${operation}] got dtype ${describe(dtype)}, wanted one of ${Object.keys(floats).join(', ')}.`,
  );
}

/** Values for a file. */
export interface FileValues {
  readonly name: string;
  readonly tensor: {
    readonly dtype: DType | 'float64';
    readonly shape: readonly number[];
    readonly size: number;
  };
  readonly values: TypedArray | Float64Array;
}

const formatOf = ({ tensor: { dtype } }: FileValues, float: FloatFormat) =>
  dtype === 'float32' ? floats[float] : others[dtype];

/** The number of bytes of a tensor in a file. */
export const byteLength = (item: FileValues, float: FloatFormat): number =>
  item.tensor.size * formatOf(item, float)[1];

/** A safetensors file whose parts are made when they are asked for. */
export interface Layout {
  readonly size: number;
  /** @throws NonFiniteError for a finite value that overflows the format. */
  parts(): Generator<Uint8Array, void>;
}

/**
 * The layout of a safetensors file. Tensors are sorted by the size of their elements, largest first, then by name, so that
 * each lies at a multiple of it; the header is filled with spaces to a multiple of 8 bytes.
 */
export function layOutParts(
  operation: string,
  given: readonly FileValues[],
  metadata: Readonly<Record<string, string>>,
  float: FloatFormat,
): Layout {
  const list = given.map((item) => {
    const [code, width, encode] = formatOf(item, float);
    return { ...item, code, width, encode };
  });
  list.sort((a, b) => b.width - a.width || (a.name < b.name ? -1 : 1));
  const entries = list.map((item) => ({
    name: item.name,
    dtype: item.code,
    shape: item.tensor.shape,
    bytes: byteLength(item, float),
  }));
  const start = fileStart(entries, metadata);
  return {
    size: start.length + entries.reduce((sum, { bytes }) => sum + bytes, 0),
    *parts() {
      yield start;
      for (const { name, values, encode } of list) {
        const { buffer, byteOffset, byteLength } =
          encode === null ? values : codesOf(operation, name, values as Float32Array, encode, float);
        yield new Uint8Array(buffer, byteOffset, byteLength);
      }
    },
  };
}

/** A safetensors file in memory, with the same layout. */
export function layOut(...given: Parameters<typeof layOutParts>): Uint8Array {
  const { size, parts } = layOutParts(...given);
  return joinBytes(given[0], parts(), size);
}

function codesOf(
  operation: string,
  name: string,
  values: Float32Array,
  encode: (values: Float32Array) => Uint16Array,
  float: FloatFormat,
): Uint16Array {
  const codes = encode(values);
  const infinity = float === 'float16' ? 0x7c00 : 0x7f80;
  for (let i = 0; i < codes.length; i++) {
    if ((codes[i]! & 0x7fff) !== infinity || !Number.isFinite(values[i])) continue;
    throw new NonFiniteError(
      `[${operation}] got ${values[i]} at index ${i} of ${describe(name)}, which overflows ${float}. Use float32.`,
    );
  }
  return codes;
}

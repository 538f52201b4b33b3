import { checkCount, describe, isRecord, readOptions, refusal } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';
import { type NamedTensors, type NamedValues, namedValues } from '../named-tensors.ts';
import { checkFloatFormat, type FloatFormat, layOut } from './layout.ts';

/** Options of `writeSafetensors`. */
export interface WriteSafetensorsOptions {
  /** Strings that the file says about itself, `__metadata__`; none by default. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** How float32 values are stored; `'float32'` by default. The others round to nearest, ties to even. */
  readonly dtype?: FloatFormat;
}

/**
 * A safetensors file with these tensors: F32 (or F16, BF16), I32, U8 and BOOL, the largest elements first, then by name. The
 * same tensors always give the same bytes.
 *
 * @throws ValueError for a name that a file can't hold, and for a finite value that overflows `dtype`.
 *
 * Source: https://github.com/huggingface/safetensors, section "Format".
 */
export async function writeSafetensors(
  tensors: NamedTensors,
  options?: WriteSafetensorsOptions,
): Promise<Uint8Array> {
  checkCount('writeSafetensors', arguments.length, 2);
  const { metadata, dtype } = readOptions('writeSafetensors', options, { metadata: {}, dtype: 'float32' });
  checkFile('writeSafetensors', metadata, dtype);
  return layOut('writeSafetensors', await namedInFile('writeSafetensors', tensors), { ...metadata }, dtype);
}

/** @throws ValueError unless a file can have this metadata and format of floats. */
export function checkFile(operation: string, metadata: unknown, dtype: FloatFormat): void {
  checkFloatFormat(operation, dtype);
  if (!isRecord(metadata)) throw refusal(operation, 'metadata', metadata, 'an object of strings');
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string' || key === '__proto__') {
      throw new ValueError(
        `[${operation}] got ${describe(value)} for ${describe(key)} in metadata, wanted strings, and no __proto__.`,
      );
    }
  }
}

/** Tensors with their values. @throws ValueError for a name that a file can't hold. */
export async function namedInFile(operation: string, tensors: NamedTensors): Promise<NamedValues[]> {
  const named = await namedValues(operation, tensors);
  for (const { name } of named) {
    if (name !== '__metadata__' && name !== '__proto__') continue;
    throw new ValueError(`[${operation}] got a tensor ${describe(name)}, wanted another name.`);
  }
  return named;
}

import { checkCount, describe, isRecord, readOptions, refusal } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';
import { type NamedTensors, namedValues } from '../named-tensors.ts';
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
  checkFloatFormat('writeSafetensors', dtype);
  if (!isRecord(metadata)) throw refusal('writeSafetensors', 'metadata', metadata, 'an object of strings');
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string' || key === '__proto__') {
      throw new ValueError(
        `[writeSafetensors] got ${describe(value)} for ${describe(key)} in metadata, wanted strings, and no __proto__.`,
      );
    }
  }
  const named = await namedValues('writeSafetensors', tensors);
  for (const { name } of named) {
    if (name !== '__metadata__' && name !== '__proto__') continue;
    throw new ValueError(`[writeSafetensors] got a tensor ${describe(name)}, wanted another name.`);
  }
  return layOut('writeSafetensors', named, { ...metadata }, dtype);
}

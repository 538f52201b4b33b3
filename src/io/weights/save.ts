import { checkCount, describe, readOptions, refusal } from '../../ir/arguments.ts';
import { NonFiniteError, ValueError } from '../../ir/errors.ts';
import { Layer } from '../../layers/base/layer.ts';
import type { Parameter } from '../../tensor/parameter.ts';
import { type NamedValues, namedValues } from '../named-tensors.ts';
import { checkFloatFormat, type FloatFormat, layOut } from '../safetensors/layout.ts';

/** Options of `saveWeights`. */
export interface SaveWeightsOptions {
  /** How float32 values are stored; `'float32'` by default. The others halve the file and round to nearest. */
  readonly dtype?: FloatFormat;
}

/** The version of the format that is written, and the newest that is read. */
export const VERSION = 1;

/**
 * The Parameters of a model as a safetensors file, under their paths such as `0.kernel`, with the values that they have at
 * the call. Python and other programs open it. The same values always give the same bytes.
 *
 * @throws NonFiniteError for values that are NaN or infinite, or that overflow `dtype`.
 * @throws ValueError for two Parameters with one path, and for a path with a colon.
 */
export async function saveWeights(model: Layer, options?: SaveWeightsOptions): Promise<Uint8Array> {
  checkCount('saveWeights', arguments.length, 2);
  const { dtype } = readOptions('saveWeights', options, { dtype: 'float32' });
  checkFloatFormat('saveWeights', dtype);
  return layOut('saveWeights', await namedWeights('saveWeights', model), weightsMetadata, dtype);
}

/** What a file of weights says about itself. */
export const weightsMetadata = { format: 'ndgrad', version: String(VERSION), producer: 'ndgrad' };

/** The Parameters of a model under their paths, with the values that they have at the call. */
export async function namedWeights(operation: string, model: Layer): Promise<NamedValues[]> {
  const named = await namedValues(operation, parametersByPath(operation, model));
  for (const { name, values } of named) {
    const i = values.findIndex((x) => !Number.isFinite(x));
    if (i >= 0)
      throw new NonFiniteError(
        `[${operation}] got ${values[i]} at index ${i} of ${describe(name)}, wanted finite numbers.`,
      );
  }
  return named;
}

/**
 * The Parameters by their paths.
 *
 * @throws ValueError unless it is a layer whose paths can name tensors of a file.
 */
export function parametersByPath(operation: string, model: Layer): Map<string, Parameter> {
  if (!(model instanceof Layer)) throw refusal(operation, 'model', model, 'a Layer');
  const found = new Map<string, Parameter>();
  for (const [path, parameter] of model.namedParameters()) {
    if (path.includes(':') || path === '__proto__' || found.has(path)) {
      throw new ValueError(
        `[${operation}] got a Parameter with the path ${describe(path)}, wanted paths without colons, each once. Rename fields or keys.`,
      );
    }
    found.set(path, parameter);
  }
  return found;
}

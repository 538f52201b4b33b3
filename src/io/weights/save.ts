import { checkCount, readOptions } from '../../ir/arguments.ts';
import type { Network } from '../../layers/base/network.ts';
import { checkFinite } from '../finite.ts';
import { metadata } from '../metadata.ts';
import { type NamedValues, namedValues } from '../named-tensors.ts';
import { checkFloatFormat, type FloatFormat, layOut } from '../safetensors/layout.ts';
import { parametersByPath } from './parameters-by-path.ts';

/** Options of `saveWeights`. */
export interface SaveWeightsOptions {
  /** How float32 values are stored; `'float32'` by default. The others halve the file and round to nearest. */
  readonly dtype?: FloatFormat;
}

/**
 * The Parameters of a model as a safetensors file, under their paths such as `0.kernel`, with the values that they have at
 * the call. Python and other programs open it. The same values always give the same bytes.
 *
 * @throws NonFiniteError for values that are NaN or infinite, or that overflow `dtype`.
 * @throws ValueError for two Parameters with one path, and for a path with a colon.
 */
export async function saveWeights(model: Network, options?: SaveWeightsOptions): Promise<Uint8Array> {
  checkCount('saveWeights', arguments.length, 2);
  const { dtype } = readOptions('saveWeights', options, { dtype: 'float32' });
  checkFloatFormat('saveWeights', dtype);
  return layOut('saveWeights', await namedWeights('saveWeights', model), metadata(), dtype);
}

/** The Parameters of a model under their paths, with the values that they have at the call. */
export async function namedWeights(operation: string, model: Network): Promise<NamedValues[]> {
  const named = await namedValues(operation, parametersByPath(operation, model));
  for (const { name, values } of named) checkFinite(operation, name, values);
  return named;
}

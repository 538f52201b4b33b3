import type { Model } from '../model.ts';
import type { ParameterValues } from './callback.ts';

/** The values of a model's Parameters. */
export const valuesOf = (model: Pick<Model, 'parameters'>): Promise<ParameterValues[]> =>
  Promise.all(
    model.parameters().map(async (p) => ({ name: p.name, shape: p.shape, values: await p.data() })),
  );

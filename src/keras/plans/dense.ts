import { Dense } from '../../layers/dense.ts';
import { expectShape, type MakePlan } from './plan.ts';
import { biasOf, commonOptions, initialValues } from './weighted.ts';

export const dense: MakePlan = (input) => {
  const { settings, rank } = input;
  settings.only('quantization_config', null);
  const units = settings.count('units');
  const options = commonOptions(input);
  return {
    weights: [['kernel', 2], ...biasOf(options)],
    rank,
    make: ([kernel, b]) => {
      expectShape('kernel', kernel!, kernel!.shape[0]!, units);
      return new Dense(kernel!.shape[0]!, units, { ...options, ...initialValues(kernel!, b, units) });
    },
  };
};

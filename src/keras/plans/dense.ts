import { Dense } from '../../layers/dense.ts';
import { DenseOnLastAxis } from '../layers/dense-on-last-axis.ts';
import { expectShape, type MakePlan } from './plan.ts';
import { biasOf, commonOptions, initialValues } from './weighted.ts';

export const dense: MakePlan = (input) => {
  const { settings, name, rank } = input;
  settings.only('quantization_config', null);
  const units = settings.count('units');
  const options = commonOptions(input);
  return {
    weights: [['kernel', 2], ...biasOf(options)],
    rank,
    make: ([kernel, b]) => {
      expectShape('kernel', kernel!, kernel!.shape[0]!, units);
      const layer = new Dense(kernel!.shape[0]!, units, {
        ...options,
        name: rank === null || rank === 2 ? name : '',
        ...initialValues(kernel!, b, units),
      });
      return rank === null || rank === 2 ? layer : new DenseOnLastAxis(layer, name);
    },
  };
};

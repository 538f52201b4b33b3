import type { Layer } from '../../layers/base/layer.ts';
import { BatchNorm } from '../../layers/normalization/batch-norm.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { Refusal, type Settings, shown } from '../settings.ts';
import { expectShape, initial, type MakePlan, type WeightSpec } from './plan.ts';

/** @throws Refusal unless the axis, or the only one of a list, is the last. */
function lastAxis(settings: Settings, rank: number | null): void {
  const value = settings.get('axis') ?? -1;
  const [axis] = Array.isArray(value) && value.length === 1 ? value : [value];
  if (axis === -1 || (rank === null ? (axis as number) > 0 : axis === rank - 1)) return;
  throw new Refusal(`axis ${shown(value)}`);
}

/** gamma and beta, as far as a normalization has them. */
function scaleAndCenter(settings: Settings) {
  const [scale, center] = [settings.flag('scale', true), settings.flag('center', true)];
  for (const key of ['gamma_regularizer', 'beta_regularizer']) settings.only(key, null);
  const weights: WeightSpec[] = [];
  if (scale) weights.push(['gamma', 1]);
  if (center) weights.push(['beta', 1]);
  const options = (values: readonly Tensor[]) => {
    const [gamma, beta] = [scale ? values[0] : undefined, center ? values[Number(scale)] : undefined];
    return {
      scale,
      center,
      ...(gamma === undefined ? {} : { gammaInitializer: initial(gamma) }),
      ...(beta === undefined ? {} : { betaInitializer: initial(beta) }),
    };
  };
  return { weights, options };
}

export const batchNorm: MakePlan = ({ settings, name, rank }) => {
  lastAxis(settings, rank);
  for (const key of ['renorm', 'virtual_batch_size', 'adjustment']) settings.only(key, null, false);
  const { weights: own, options } = scaleAndCenter(settings);
  const weights: WeightSpec[] = [...own, ['moving_mean', 1], ['moving_variance', 1]];
  const momentum = settings.number('momentum', 0.99);
  const epsilon = settings.number('epsilon', 0.001);
  return {
    weights,
    rank,
    make: async (values) => {
      const [average, variance] = values.slice(own.length) as [Tensor, Tensor];
      expectSameSize(weights, values);
      const layer = new BatchNorm(average.size, { ...options(values), momentum, epsilon, name });
      await layer.runningMean.assign(average);
      await layer.runningVariance.assign(variance);
      return layer;
    },
  };
};

/** The weights of a normalization have a value for each feature. */
function expectSameSize(weights: readonly WeightSpec[], values: readonly Tensor[]): void {
  for (const [i, value] of values.entries()) expectShape(weights[i]![0], value, values[0]!.size);
}

/** LayerNormalization and GroupNormalization. */
export const normalization =
  (make: (features: number, options: object, settings: Settings) => Layer): MakePlan =>
  ({ settings, name, rank }) => {
    lastAxis(settings, rank);
    settings.only('rms_scaling', false);
    const { weights, options } = scaleAndCenter(settings);
    if (weights.length === 0) throw new Refusal('no gamma and no beta');
    const epsilon = settings.number('epsilon', 0.001);
    return {
      weights,
      rank,
      make: (values) => {
        expectSameSize(weights, values);
        return make(values[0]!.size, { ...options(values), epsilon, name }, settings);
      },
    };
  };

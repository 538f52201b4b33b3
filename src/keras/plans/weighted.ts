import { describe, isRecord } from '../../ir/arguments.ts';
import type { Penalty } from '../../layers/base/penalty.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { readActivation } from '../activations.ts';
import { own, Refusal, readObject, type Settings } from '../settings.ts';
import { expectShape, initial, type PlanInput, type WeightSpec } from './plan.ts';

// Layers with a kernel and a bias.

/** The penalty of a regularizer of a layer, `L1`, `L2` or `L1L2`. */
export function penaltyOf(settings: Settings, key: string): Penalty | undefined {
  const value = settings.get(key);
  if (value === undefined) return undefined;
  const found = readObject(value);
  const config = isRecord(found?.config) ? found.config : {};
  const [l1, l2] = ['l1', 'l2'].map((name) => own(config, name) ?? 0);
  const isFactor = (x: unknown): x is number => typeof x === 'number' && x >= 0 && Number.isFinite(x);
  if (/^l(1|2|1l2|1_l2)$/i.test(found?.className ?? '') && isFactor(l1) && isFactor(l2)) return { l1, l2 };
  throw new Refusal(`${key} ${describe(found?.className ?? value)}`);
}

/** The options of a layer with a kernel and a bias, without those that it does not have. */
export function commonOptions({ settings, name, version }: PlanInput, kernelKey = 'kernel') {
  settings.only('activity_regularizer', null);
  const activation = readActivation(settings.get('activation'), version);
  const kernelPenalty = penaltyOf(settings, `${kernelKey}_regularizer`);
  const biasPenalty = penaltyOf(settings, 'bias_regularizer');
  const bias = settings.flag('use_bias', true);
  return {
    name,
    bias,
    // Others are layers of their own, of `activated`.
    ...(typeof activation === 'string' ? { activation } : {}),
    ...(kernelPenalty === undefined ? {} : { kernelPenalty }),
    ...(bias && biasPenalty !== undefined ? { biasPenalty } : {}),
  };
}

/** The weight `bias`, if the layer has one. */
export const biasOf = (options: { readonly bias: boolean }): WeightSpec[] =>
  options.bias ? [['bias', 1]] : [];

/** The initializers that give the kernel and the bias, one value for each of `outputs`, if there is one. */
export function initialValues(kernel: Tensor, bias: Tensor | undefined, outputs: number) {
  if (bias !== undefined) expectShape('bias', bias, outputs);
  return {
    kernelInitializer: initial(kernel),
    ...(bias === undefined ? {} : { biasInitializer: initial(bias) }),
  };
}

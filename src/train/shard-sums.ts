import { allTerms } from '../losses/loss-terms.ts';
import { reachedGradients } from '../tensor/gradients.ts';
import type { Parameter } from '../tensor/parameter.ts';
import type { Tensor } from '../tensor/tensor.ts';

/**
 * The gradients of one part of the loss, multiplied by the weight that divides this part, and summed over shards like the weight.
 * The weight is null for a part that is a sum: it is not divided.
 */
export interface WeightedGradients {
  readonly gradients: ReadonlyMap<Parameter, Tensor>;
  readonly weight: number | Tensor | null;
}

/** The new value that layers request for a Parameter (a running statistic), multiplied by the number of samples, and summed over shards. */
interface WeightedValue {
  readonly value: Tensor;
  readonly size: number;
}

/** The sums over one or more shards. */
export interface ShardSums {
  /** By the number of the part of the loss: 0 is the mean over samples, the others are the terms that the loss declares (`lossTerms`). */
  readonly parts: ReadonlyMap<number, WeightedGradients>;
  readonly assigned: ReadonlyMap<Parameter, WeightedValue>;
}

type Assignments = readonly (readonly [parameter: Parameter, value: Tensor])[];

/**
 * The sums of one shard.
 *
 * @param loss without the penalty. @param weight the sum of its samples' weights. @param size the number of its samples.
 */
export function shardSums(
  loss: Tensor,
  targets: readonly Parameter[],
  weight: number,
  size: number,
  assignments: Assignments,
): ShardSums {
  const parts = new Map<number, WeightedGradients>();
  const terms = allTerms(loss, weight);
  const first = typeof terms[0]!.weight === 'number' ? 0 : 1;
  terms.forEach(({ value, weight }, i) => {
    const gradients = new Map<Parameter, Tensor>();
    reachedGradients('fit', weight === null ? value : value.mul(weight), targets).forEach((g, k) => {
      if (g !== null) gradients.set(targets[k]!, g);
    });
    parts.set(first + i, { gradients, weight });
  });
  const assigned = new Map(
    assignments.map(([p, value]) => [p, { value: isFloat(p) ? value.mul(size) : value, size }]),
  );
  return { parts, assigned };
}

const isFloat = ({ dtype }: Parameter): boolean => dtype === 'float32';

/** The sums over the shards of both. @param add the sum of two gradients. */
export const addSums = (
  a: ShardSums,
  b: ShardSums,
  add: (g: Tensor, h: Tensor) => Tensor = (g, h) => g.add(h),
): ShardSums => ({
  parts: joined(a.parts, b.parts, (left, right) => ({
    gradients: joined(left.gradients, right.gradients, add),
    weight: addWeights(left.weight, right.weight),
  })),
  assigned: joined(a.assigned, b.assigned, (left, right, p) => ({
    // A value of another type than float32 has no mean: the last one counts.
    value: isFloat(p) ? left.value.add(right.value) : right.value,
    size: left.size + right.size,
  })),
});

function addWeights(
  a: WeightedGradients['weight'],
  b: WeightedGradients['weight'],
): WeightedGradients['weight'] {
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  return typeof a === 'object' && typeof b === 'object' ? (a?.add(b!) ?? null) : null;
}

function joined<K, V>(a: ReadonlyMap<K, V>, b: ReadonlyMap<K, V>, add: (a: V, b: V, key: K) => V): Map<K, V> {
  const all = new Map(a);
  for (const [key, value] of b) all.set(key, a.has(key) ? add(a.get(key)!, value, key) : value);
  return all;
}

/** The tensors in the sums, which the step must compute. */
export const sumTensors = ({ assigned, parts }: ShardSums): Tensor[] => [
  ...[...parts.values()].flatMap(({ gradients, weight }) => [
    ...gradients.values(),
    ...(typeof weight === 'object' && weight !== null ? [weight] : []),
  ]),
  ...[...assigned.values()].map(({ value }) => value),
];

/** The gradients of the loss over all shards: each part is divided once by its weight, then the gradient of the penalty is added. */
export function totalGradients(
  { parts }: ShardSums,
  targets: readonly Parameter[],
  penalty: Tensor | null,
): Map<Parameter, Tensor> {
  const total = new Map<Parameter, Tensor>();
  const add = (p: Parameter, g: Tensor): void => void total.set(p, total.get(p)?.add(g) ?? g);
  // Of an output for which no sample counts the weight is 0, and so are the gradients.
  for (const [, { gradients, weight }] of [...parts].sort(([a], [b]) => a - b))
    for (const [p, g] of gradients)
      add(p, weight === null ? g : g.div(typeof weight === 'number' ? weight : weight.maximum(1e-37)));
  if (penalty !== null) {
    reachedGradients('fit', penalty, targets).forEach((g, i) => {
      if (g !== null) add(targets[i]!, g);
    });
  }
  return total;
}

/** The new values that layers have requested: the means over the samples. */
export const assignedMeans = ({ assigned }: ShardSums): Assignments =>
  [...assigned].map(([p, { value, size }]) => [p, isFloat(p) ? value.div(size) : value]);

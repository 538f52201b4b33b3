import { ShapeError, StateError } from '../ir/errors.ts';
import { sameShape } from '../ir/view.ts';
import { fromArray } from '../tensor/creation.ts';
import { valuesOf } from '../tensor/evaluate.ts';
import type { Parameter } from '../tensor/parameter.ts';
import { type Shape, show } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { ShardSums } from '../train/shard-sums.ts';
import { type ShardNode, ShardTree } from '../train/shards.ts';

/** The shapes of the float32 tensors of sums, by their keys: these tensors are exchanged in pieces. */
export type SumShapes = Readonly<Record<string, Shape>>;

/** What a rank says of the sums over one subtree of its shards. Parameters and parts of the loss are numbers. */
export interface SumOutline {
  readonly shapes: SumShapes;
  /** The weights of parts of the loss that are numbers, or null for sums. */
  readonly weights: Readonly<Record<number, number | null>>;
  /** The numbers of samples behind the values that layers request for Parameters. */
  readonly sizes: Readonly<Record<number, number>>;
  /** These values, of other types than float32. */
  readonly values: Readonly<Record<number, Tensor>>;
}

export const isGradient = (key: string): boolean => key.startsWith('gradient ');
const gradientKey = (part: number, parameter: number): string => `gradient ${part} ${parameter}`;
const weightKey = (part: number): string => `weight ${part}`;
const valueKey = (parameter: number): string => `value ${parameter}`;

/** The numbers of Parameters, which are the same on all ranks. */
export class ParameterNumbers {
  readonly #all: readonly Parameter[];
  readonly #numbers: ReadonlyMap<Parameter, number>;

  constructor(all: readonly Parameter[]) {
    this.#all = all;
    this.#numbers = new Map(all.map((parameter, i) => [parameter, i]));
  }

  of(parameter: Parameter): number {
    const number = this.#numbers.get(parameter);
    if (number !== undefined) return number;
    throw new StateError(
      `[fit] got a new value of '${parameter.name}', which is not among the model's Parameters. Return it from parameters(), so that all ` +
        'ranks know it.',
    );
  }

  parameter(number: number): Parameter {
    return this.#all[number]!;
  }
}

/** The float32 tensors of sums, by their keys. */
function sumTensorsByKey({ assigned, parts }: ShardSums, numbers: ParameterNumbers): Map<string, Tensor> {
  const found = new Map<string, Tensor>();
  for (const [part, { gradients, weight }] of parts) {
    for (const [parameter, g] of gradients) found.set(gradientKey(part, numbers.of(parameter)), g);
    if (weight instanceof Tensor) found.set(weightKey(part), weight);
  }
  for (const [parameter, { value }] of assigned)
    if (value.dtype === 'float32') found.set(valueKey(numbers.of(parameter)), value);
  return found;
}

/** Values by the keys of tensors. They are read at once. */
export interface Values {
  get(key: string): Float32Array | undefined;
}

/** The float32 tensors of sums, whose values are read where they are. */
export async function readableSums(sums: ShardSums, numbers: ParameterNumbers): Promise<Values> {
  const tensors = sumTensorsByKey(sums, numbers);
  for (const t of tensors.values())
    if (t.node.storage === null || t.node.storage.deviceCopy?.stale) await valuesOf(t);
  return { get: (key) => tensors.get(key)?.node.storage?.view as Float32Array | undefined };
}

export function outlineOf(sums: ShardSums, numbers: ParameterNumbers): SumOutline {
  const tensors = [...sumTensorsByKey(sums, numbers)];
  const weights: [number, number | null][] = [];
  for (const [part, { weight }] of sums.parts) if (!(weight instanceof Tensor)) weights.push([part, weight]);
  const assigned = [...sums.assigned].map(([parameter, own]) => [numbers.of(parameter), own] as const);
  const others = assigned.filter(([, { value }]) => value.dtype !== 'float32');
  return {
    shapes: Object.fromEntries(tensors.map(([key, { shape }]) => [key, shape])),
    weights: Object.fromEntries(weights),
    sizes: Object.fromEntries(assigned.map(([number, { size }]) => [number, size])),
    values: Object.fromEntries(others.map(([number, { value }]) => [number, value])),
  };
}

/** All outlines together, in the order of their shards. */
export class JoinedOutline {
  /** The shapes of all float32 tensors. */
  readonly shapes = new Map<string, Shape>();
  readonly #nodes: readonly ShardNode<SumOutline>[];

  /** @throws ShapeError if shapes differ between ranks. */
  constructor(nodes: readonly ShardNode<SumOutline>[]) {
    this.#nodes = nodes;
    for (const { sum } of nodes) {
      for (const [key, shape] of Object.entries(sum?.shapes ?? {})) {
        const known = this.shapes.get(key) ?? shape;
        if (!sameShape(known, shape))
          throw new ShapeError(
            `[fit] ranks have a ${key} of the shapes ${show(known)} and ${show(shape)}, wanted the same model on all ranks.`,
          );
        this.shapes.set(key, shape);
      }
    }
  }

  /** The sums over all shards. @param tensors the sums of the float32 tensors, by their keys. */
  sums(tensors: ReadonlyMap<string, Float32Array>, numbers: ParameterNumbers): ShardSums {
    const total = new Map<string, Tensor>();
    for (const [key, shape] of this.shapes) total.set(key, fromArray(tensors.get(key)!, shape, 'float32'));
    const outlines = this.#nodes.flatMap(({ sum }) => (sum === null ? [] : [sum]));
    const parts = new Map<number, { gradients: Map<Parameter, Tensor>; weight: number | Tensor | null }>();
    const part = (number: number) => {
      const found = parts.get(number) ?? { gradients: new Map(), weight: null };
      parts.set(number, found);
      return found;
    };
    for (const [key, tensor] of total) {
      const [kind, first, second] = key.split(' ');
      if (kind === 'gradient') part(Number(first)).gradients.set(numbers.parameter(Number(second)), tensor);
      if (kind === 'weight') part(Number(first)).weight = tensor;
    }
    for (const number of keysOf(outlines.map(({ weights }) => weights)))
      part(number).weight = this.#add(({ weights }) => weights[number]);
    const assigned = new Map(
      keysOf(outlines.map(({ sizes }) => sizes)).map((number) => [
        numbers.parameter(number),
        {
          value:
            total.get(valueKey(number)) ??
            outlines.findLast(({ values }) => number in values)!.values[number]!,
          size: this.#add(({ sizes }) => sizes[number])!,
        },
      ]),
    );
    return { parts, assigned };
  }

  /** The sum of a number, in the order of the tree. */
  #add(of: (outline: SumOutline) => number | null | undefined): number | null {
    const tree = new ShardTree<number>((a, b) => a + b);
    for (const { count, sum } of this.#nodes) tree.push((sum && of(sum)) ?? null, count);
    return tree.sum;
  }
}

const keysOf = (records: readonly object[]): number[] => [
  ...new Set(records.flatMap((record) => Object.keys(record).map(Number))),
];

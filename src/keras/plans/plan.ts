import type { Layer } from '../../layers/base/layer.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { Refusal, type Settings } from '../settings.ts';

/** What is known about a layer before its weights are read. */
export interface Plan {
  /** Keras's names of its weights, in Keras's order, with the number of axes of each. */
  readonly weights: readonly WeightSpec[];
  /** The number of axes of the result. */
  readonly rank: number | null;
  /** The layer with these weights, whose numbers of axes are right. */
  make(weights: readonly Tensor[]): Layer | Promise<Layer>;
}

/** A weight: its name, its number of axes, and the object in Keras's layer that has it, such as `forward_layer/cell`. */
export type WeightSpec = readonly [name: string, axes: number, place?: string];

/** What a layer is made of. */
export interface PlanInput {
  /** Keras's class. */
  readonly className: string;
  readonly settings: Settings;
  readonly name: string;
  /** The major version of Keras; 2 for TensorFlow.js. */
  readonly version: number;
  /** The number of axes of the input; null if it is unknown. */
  readonly rank: number | null;
}

/** @throws Refusal for settings that don't exist here. */
export type MakePlan = (input: PlanInput) => Plan;

/** A layer without weights. */
export const plain = (rank: number | null, make: () => Layer): Plan => ({ weights: [], rank, make });

/** An initializer that gives these values. */
export const initial = (values: Tensor) => () => values;

/** @throws Refusal unless the tensor has this shape. */
export function expectShape(name: string, t: Tensor, ...wanted: readonly number[]): void {
  if (t.shape.every((d, i) => d === wanted[i])) return;
  throw new Refusal(`${name} [${t.shape.join(', ')}], its settings want [${wanted.join(', ')}]`);
}

/** @throws Refusal for channels before the spatial axes. */
export const channelsLast = (settings: Settings): void => settings.only('data_format', 'channels_last');

import { checkCount, readOptions } from '../../ir/arguments.ts';
import { checkTensor } from '../../tensor/apply.ts';
import { show } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { shapeError } from '../base/errors.ts';
import { Layer } from '../base/layer.ts';
import type { Flat, PartialShape } from '../base/shapes.ts';

export interface FlattenOptions {
  /** The layer's name in errors, summaries and paths; none by default. */
  readonly name?: string;
}

/** Joins all axes but the batch axis: [N, 28, 28] becomes [N, 784], [N] becomes [N, 1]. */
export class Flatten extends Layer {
  static override readonly kind: string = 'Flatten';
  declare readonly gives: Flat<this['given']>;

  constructor(options?: FlattenOptions) {
    checkCount(new.target.kind, arguments.length, 1);
    super(readOptions(new.target.kind, options, { name: '' }).name, arguments);
  }

  override inferShape(inputShape: PartialShape | null): PartialShape {
    if (inputShape === null || inputShape.length === 0) return [null, null];
    const [batch, ...rest] = inputShape;
    const size = rest.reduce((a, b) => (a === null || b === null ? null : a * b), 1);
    return [batch!, size];
  }

  override forward(x: Tensor): Tensor {
    checkTensor(this.type, x);
    if (x.rank === 0) throw shapeError(this, `input ${show(x.shape)} has no batch axis. Give [N, ...].`);
    const [batch, ...rest] = x.shape;
    return x.reshape([batch!, rest.reduce((a, b) => a * b, 1)]);
  }
}

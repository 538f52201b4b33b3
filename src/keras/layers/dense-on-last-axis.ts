import { refusal } from '../../ir/arguments.ts';
import type { Context } from '../../layers/base/context.ts';
import { Layer } from '../../layers/base/layer.ts';
import { Dense } from '../../layers/dense.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** A Dense layer that is applied to the last axis of an input with any number of axes, as Keras does. */
export class DenseOnLastAxis extends Layer {
  static override readonly kind: string = 'KerasDenseOnLastAxis';
  readonly dense: Dense;

  constructor(dense: Dense, name: string) {
    super(name, arguments);
    if (!(dense instanceof Dense)) throw refusal('DenseOnLastAxis', 'dense', dense, 'a Dense layer');
    this.dense = dense;
  }

  override get type(): string {
    return 'DenseOnLastAxis';
  }

  override forward(x: Tensor, ctx: Context): Tensor {
    const lead = x.shape.slice(0, -1);
    const rows = lead.reduce((a, b) => a * b, 1);
    const y: Tensor = this.dense.call(x.reshape([rows, x.shape.at(-1) ?? 1]), ctx);
    return y.reshape([...lead, this.dense.outFeatures]);
  }
}

import type { Context } from '../layers/base/context.ts';
import { Layer } from '../layers/base/layer.ts';
import type { Dense } from '../layers/dense.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** A layer of Keras without weights that is a function of a tensor here. */
export class Operation extends Layer {
  static override readonly kind: string = 'Operation';
  readonly #class: string;
  readonly #run: (x: Tensor) => Tensor;

  /** @param className Keras's class, for errors and summaries. */
  constructor(className: string, name: string, run: (x: Tensor) => Tensor) {
    super(name);
    this.#class = className;
    this.#run = run;
  }

  override get type(): string {
    return this.#class;
  }

  override forward(x: Tensor): Tensor {
    return this.#run(x);
  }
}

/** A Dense layer that is applied to the last axis of an input with any number of axes, as Keras does. */
export class DenseOnLastAxis extends Layer {
  static override readonly kind: string = 'DenseOnLastAxis';
  readonly dense: Dense;

  constructor(dense: Dense, name: string) {
    super(name);
    this.dense = dense;
  }

  override forward(x: Tensor, ctx: Context): Tensor {
    const lead = x.shape.slice(0, -1);
    const rows = lead.reduce((a, b) => a * b, 1);
    const y: Tensor = this.dense.call(x.reshape([rows, x.shape.at(-1) ?? 1]), ctx);
    return y.reshape([...lead, this.dense.outFeatures]);
  }
}

import { Layer } from '../../layers/base/layer.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Configured, makeConfigured } from './configured.ts';
import { operations } from './operations.ts';

/** A layer of Keras without weights that is a function of a tensor here. */
export class Operation extends Layer {
  static override readonly kind: string = 'KerasOperation';
  readonly #class: string;
  readonly #run: (x: Tensor) => Tensor;

  /**
   * @param className Keras's class, the name in errors and summaries.
   * @throws ValueError for other classes than those of `operations`.
   */
  constructor(className: string, settings: Configured['settings'], name: string) {
    super(name, arguments);
    this.#class = className;
    this.#run = makeConfigured(Operation.kind, operations, className, settings);
  }

  override get type(): string {
    return this.#class;
  }

  override forward(x: Tensor): Tensor {
    return this.#run(x);
  }
}

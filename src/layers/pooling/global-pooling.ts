import { checkCount, readOptions } from '../../ir/arguments.ts';
import { checkTensor } from '../../tensor/apply.ts';
import { max, mean } from '../../tensor/ops/reduction/reduce.ts';
import { axesUpTo, type Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { Layer } from '../base/layer.ts';
import type { PartialShape, Pooled } from '../base/shapes.ts';
import { checkRank } from '../base/spatial.ts';

export interface GlobalPoolingOptions {
  /** The layer's name in errors, summaries and paths; none by default. */
  readonly name?: string;
}

/** The base of the layers that reduce each channel to one number. */
abstract class GlobalPooling<Spatial extends Shape> extends Layer<[number, ...Spatial, number]> {
  declare readonly gives: Pooled<this['given'], Spatial>;
  readonly #spatial: number;
  readonly #reduce: (x: Tensor, axes: readonly number[]) => Tensor;

  protected constructor(
    spatial: number,
    reduce: (x: Tensor, axes: readonly number[]) => Tensor,
    options: GlobalPoolingOptions | undefined,
  ) {
    super(readOptions(new.target.kind, options, { name: '' }).name, [options]);
    this.#spatial = spatial;
    this.#reduce = reduce;
  }

  override inferShape(inputShape: PartialShape | null): PartialShape {
    if (inputShape !== null) checkRank(this, inputShape, this.#spatial);
    return [inputShape?.[0] ?? null, inputShape?.at(-1) ?? null];
  }

  override forward(x: Tensor<[number, ...Spatial, number]>): Tensor {
    checkTensor(this.type, x);
    checkRank(this, x.shape, this.#spatial);
    return this.#reduce(x as Tensor, axesUpTo(1 + this.#spatial).slice(1));
  }
}

/** The mean of each channel over a sequence: [N, length, C] becomes [N, C]. */
export class GlobalAvgPool1D extends GlobalPooling<[number]> {
  static override readonly kind: string = 'GlobalAvgPool1D';
  constructor(options?: GlobalPoolingOptions) {
    checkCount(new.target.kind, arguments.length, 1);
    super(1, mean, options);
  }
}

/** The mean of each channel over an image (Lin et al. 2013): [N, height, width, C] becomes [N, C]. */
export class GlobalAvgPool2D extends GlobalPooling<[number, number]> {
  static override readonly kind: string = 'GlobalAvgPool2D';
  constructor(options?: GlobalPoolingOptions) {
    checkCount(new.target.kind, arguments.length, 1);
    super(2, mean, options);
  }
}

/** The largest value of each channel in a sequence: [N, length, C] becomes [N, C]. */
export class GlobalMaxPool1D extends GlobalPooling<[number]> {
  static override readonly kind: string = 'GlobalMaxPool1D';
  constructor(options?: GlobalPoolingOptions) {
    checkCount(new.target.kind, arguments.length, 1);
    super(1, max, options);
  }
}

/** The largest value of each channel in an image: [N, height, width, C] becomes [N, C]. */
export class GlobalMaxPool2D extends GlobalPooling<[number, number]> {
  static override readonly kind: string = 'GlobalMaxPool2D';
  constructor(options?: GlobalPoolingOptions) {
    checkCount(new.target.kind, arguments.length, 1);
    super(2, max, options);
  }
}

/** The mean of each channel over a volume: [N, depth, height, width, C] becomes [N, C]. */
export class GlobalAvgPool3D extends GlobalPooling<[number, number, number]> {
  static override readonly kind: string = 'GlobalAvgPool3D';
  constructor(options?: GlobalPoolingOptions) {
    checkCount(new.target.kind, arguments.length, 1);
    super(3, mean, options);
  }
}

/** The largest value of each channel in a volume: [N, depth, height, width, C] becomes [N, C]. */
export class GlobalMaxPool3D extends GlobalPooling<[number, number, number]> {
  static override readonly kind: string = 'GlobalMaxPool3D';
  constructor(options?: GlobalPoolingOptions) {
    checkCount(new.target.kind, arguments.length, 1);
    super(3, max, options);
  }
}

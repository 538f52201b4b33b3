import { checkCount, checkOptions, type Known } from '../../ir/arguments.ts';
import { checkTensor } from '../../tensor/apply.ts';
import { forEachAxis, marginsOf, type Padding } from '../../tensor/ops/convolution/conv.ts';
import { avgPool, maxPool } from '../../tensor/ops/pooling/pooling.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { Layer } from '../base/layer.ts';
import type { PartialShape, Resized } from '../base/shapes.ts';
import { checkRank, resized } from '../base/spatial.ts';

export interface PoolingLayerOptions<Spatial extends Shape = Shape> {
  /** The distance between the starts of adjacent windows, in elements, for all spatial axes or each; `size` by default. */
  readonly stride?: number | Spatial;
  /**
   * `valid` (none, the default), `same` (the output size is the input size divided by the stride, rounded up), or
   * margins in elements for all spatial axes or each. Maxima and means ignore the margins.
   */
  readonly padding?: Padding;
  /** The layer's name in errors, summaries and paths; none by default. */
  readonly name?: string;
}

const poolingOptions: Known<PoolingLayerOptions> = { stride: 0, padding: 0, name: '' };

type Pool = typeof maxPool;

/** The base of the pooling layers over windows. */
abstract class Pooling<Spatial extends Shape> extends Layer<[number, ...Spatial, number]> {
  readonly size: Shape;
  readonly stride: Shape;
  readonly padding: Padding;
  declare readonly gives: Resized<this['given'], Spatial>;
  readonly #pool: Pool;

  protected constructor(
    spatial: number,
    pool: Pool,
    size: number | Spatial,
    options: PoolingLayerOptions<Spatial>,
  ) {
    checkOptions(new.target.kind, options, poolingOptions);
    super(options.name, [size, options]);
    const { stride = size, padding = 'valid' } = options;
    this.#pool = pool;
    this.size = forEachAxis(this.type, 'size', size, spatial, 1);
    this.stride = forEachAxis(this.type, 'stride', stride, spatial, 1);
    // Refuses a bad padding now, not at the first input.
    marginsOf(this.type, padding, this.size, this.size, this.stride, this.size);
    this.padding = padding;
  }

  override inferShape(inputShape: PartialShape | null): PartialShape {
    if (inputShape !== null) checkRank(this, inputShape, this.size.length);
    return resized(inputShape, this.size.length);
  }

  override forward(x: Tensor<[number, ...Spatial, number]>): Tensor {
    checkTensor(this.type, x);
    checkRank(this, x.shape, this.size.length);
    return this.#pool(x as Tensor, this.size, { stride: this.stride, padding: this.padding });
  }
}

/** The largest value of each window of a sequence: [N, length, C] to [N, length', C]. */
export class MaxPool1D extends Pooling<[number]> {
  static override readonly kind: string = 'MaxPool1D';
  constructor(size: number | [number], options: PoolingLayerOptions<[number]> = {}) {
    checkCount(new.target.kind, arguments.length, 2);
    super(1, maxPool, size, options);
  }
}

/**
 * The largest value of each window of an image: [N, height, width, C] to [N, height', width', C]. `new
 * MaxPool2D(2)` halves height and width.
 */
export class MaxPool2D extends Pooling<[number, number]> {
  static override readonly kind: string = 'MaxPool2D';
  constructor(size: number | [number, number], options: PoolingLayerOptions<[number, number]> = {}) {
    checkCount(new.target.kind, arguments.length, 2);
    super(2, maxPool, size, options);
  }
}

/** The mean of each window of a sequence: [N, length, C] to [N, length', C]. */
export class AvgPool1D extends Pooling<[number]> {
  static override readonly kind: string = 'AvgPool1D';
  constructor(size: number | [number], options: PoolingLayerOptions<[number]> = {}) {
    checkCount(new.target.kind, arguments.length, 2);
    super(1, avgPool, size, options);
  }
}

/** The mean of each window of an image: [N, height, width, C] to [N, height', width', C]. */
export class AvgPool2D extends Pooling<[number, number]> {
  static override readonly kind: string = 'AvgPool2D';
  constructor(size: number | [number, number], options: PoolingLayerOptions<[number, number]> = {}) {
    checkCount(new.target.kind, arguments.length, 2);
    super(2, avgPool, size, options);
  }
}

/** The largest value of each window of a volume: [N, depth, height, width, C] to [N, depth', height', width', C]. */
export class MaxPool3D extends Pooling<[number, number, number]> {
  static override readonly kind: string = 'MaxPool3D';
  constructor(
    size: number | [number, number, number],
    options: PoolingLayerOptions<[number, number, number]> = {},
  ) {
    checkCount(new.target.kind, arguments.length, 2);
    super(3, maxPool, size, options);
  }
}

/** The mean of each window of a volume: [N, depth, height, width, C] to [N, depth', height', width', C]. */
export class AvgPool3D extends Pooling<[number, number, number]> {
  static override readonly kind: string = 'AvgPool3D';
  constructor(
    size: number | [number, number, number],
    options: PoolingLayerOptions<[number, number, number]> = {},
  ) {
    checkCount(new.target.kind, arguments.length, 2);
    super(3, avgPool, size, options);
  }
}

import { checkTensor } from '../../tensor/apply.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { shapeError, showPartial } from './errors.ts';
import { Layer } from './layer.ts';
import type { PartialShape, Resized } from './shapes.ts';
import { checkRank } from './spatial.ts';

/** A layer without Parameters that changes the sizes of the spatial axes, each by itself. */
export abstract class SpatialLayer<Spatial extends readonly number[]> extends Layer<
  [number, ...Spatial, number]
> {
  declare readonly gives: Resized<this['given'], Spatial>;
  readonly #spatial: number;

  protected constructor(spatial: number, name: string | undefined, args: ArrayLike<unknown>) {
    super(name, args);
    this.#spatial = spatial;
  }

  /** The size of a spatial axis of the result. */
  protected abstract sizeOf(size: number, axis: number): number;

  /** The result for an input whose shape was checked. */
  protected abstract resize(x: Tensor): Tensor;

  override inferShape(inputShape: PartialShape | null): PartialShape {
    if (inputShape === null) return new Array<null>(this.#spatial + 2).fill(null);
    checkRank(this, inputShape, this.#spatial);
    return inputShape.map((d, axis) => {
      if (d === null || axis === 0 || axis > this.#spatial) return d;
      const size = this.sizeOf(d, axis - 1);
      if (size > 0) return size;
      throw shapeError(this, `nothing is left of axis ${axis} of input ${showPartial(inputShape)}.`);
    });
  }

  override forward(x: Tensor<[number, ...Spatial, number]>): Tensor {
    checkTensor(this.type, x);
    this.inferShape(x.shape);
    return this.resize(x as Tensor);
  }
}

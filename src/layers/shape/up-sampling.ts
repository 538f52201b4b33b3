import { checkCount, readOptions, refusal } from '../../ir/arguments.ts';
import { repeat } from '../../tensor/ops/arrangement/repetition.ts';
import { forEachAxis } from '../../tensor/ops/convolution/conv.ts';
import { resize } from '../../tensor/ops/image/resize.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { SpatialLayer } from '../base/spatial-layer.ts';

export interface UpSamplingOptions {
  /**
   * `nearest` (the default): each element so many times. `bilinear`: linear along each axis between the centers of elements, as
   * `nn.Upsample` of PyTorch without `align_corners`.
   */
  readonly method?: 'nearest' | 'bilinear';
  /** The layer's name in errors, summaries and paths; none by default. */
  readonly name?: string;
}

/** The base of the layers that enlarge the spatial axes. */
abstract class UpSampling<Spatial extends Shape> extends SpatialLayer<Spatial> {
  /** The factor of each spatial axis. */
  readonly size: Shape;
  readonly method: 'nearest' | 'bilinear';

  constructor(spatial: number, size: number | Spatial, options: UpSamplingOptions | undefined) {
    const { name, method } = readOptions(new.target.kind, options, { name: '', method: 'nearest' });
    super(spatial, name, [size, options]);
    if (method !== 'nearest' && method !== 'bilinear')
      throw refusal(this.type, 'method', method, "'nearest' or 'bilinear'");
    this.size = forEachAxis(this.type, 'size', size, spatial, 1);
    this.method = method;
  }

  protected override sizeOf(size: number, axis: number): number {
    return size * this.size[axis]!;
  }

  protected override resize(x: Tensor): Tensor {
    if (this.method === 'nearest')
      return this.size.reduce<Tensor>((t, factor, axis) => repeat(t, factor, axis + 1), x);
    return resize(
      x,
      this.size.map((factor, axis) => factor * x.shape[axis + 1]!),
    );
  }
}

/** Enlarges sequences: [N, length, C] to [N, size * length, C]. */
export class UpSampling1D extends UpSampling<[number]> {
  static override readonly kind: string = 'UpSampling1D';
  constructor(size: number | [number], options?: UpSamplingOptions) {
    checkCount(new.target.kind, arguments.length, 2);
    super(1, size, options);
  }
}

/** Enlarges images: [N, height, width, C] to [N, size * height, size * width, C]. */
export class UpSampling2D extends UpSampling<[number, number]> {
  static override readonly kind: string = 'UpSampling2D';
  constructor(size: number | [number, number], options?: UpSamplingOptions) {
    checkCount(new.target.kind, arguments.length, 2);
    super(2, size, options);
  }
}

/** Enlarges volumes: [N, depth, height, width, C] to [N, size * depth, size * height, size * width, C]. */
export class UpSampling3D extends UpSampling<[number, number, number]> {
  static override readonly kind: string = 'UpSampling3D';
  constructor(size: number | [number, number, number], options?: UpSamplingOptions) {
    checkCount(new.target.kind, arguments.length, 2);
    super(3, size, options);
  }
}

import { checkCount, readOptions } from '../../ir/arguments.ts';
import { constantPad } from '../../tensor/ops/arrangement/join.ts';
import { slice } from '../../tensor/ops/arrangement/views.ts';
import { listMargins, type Margin } from '../../tensor/ops/convolution/conv.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { SpatialLayer } from '../base/spatial-layer.ts';

/** Options of the layers that add or remove margins of the spatial axes. */
export interface MarginLayerOptions {
  /** The layer's name in errors, summaries and paths; none by default. */
  readonly name?: string;
}

/** Margins for all spatial axes, or for each: as many on both sides, or before and after. */
type Margins<Spatial extends Shape> = number | { readonly [K in keyof Spatial]: Margin };

abstract class MarginLayer<Spatial extends Shape> extends SpatialLayer<Spatial> {
  readonly margins: readonly (readonly [before: number, after: number])[];

  constructor(
    spatial: number,
    what: string,
    margins: Margins<Spatial>,
    options: MarginLayerOptions | undefined,
  ) {
    super(spatial, readOptions(new.target.kind, options, { name: '' }).name, [margins, options]);
    this.margins = listMargins(this.type, what, margins as number | readonly Margin[], spatial);
  }
}

/** The base of the layers that put zeros around the spatial axes. */
abstract class ZeroPadding<Spatial extends Shape> extends MarginLayer<Spatial> {
  protected override sizeOf(size: number, axis: number): number {
    const [before, after] = this.margins[axis]!;
    return size + before + after;
  }

  protected override resize(x: Tensor): Tensor {
    return constantPad(x, [[0, 0], ...this.margins, [0, 0]]);
  }
}

/** The base of the layers that cut off margins of the spatial axes. */
abstract class Cropping<Spatial extends Shape> extends MarginLayer<Spatial> {
  protected override sizeOf(size: number, axis: number): number {
    const [before, after] = this.margins[axis]!;
    return size - before - after;
  }

  protected override resize(x: Tensor): Tensor {
    const parts = this.margins.map(([before, after], i) => [before, x.shape[i + 1]! - after] as const);
    return slice(x, null, ...parts);
  }
}

/** Zeros before and after sequences: [N, length, C] to [N, before + length + after, C]. One margin, or `[[before, after]]`. */
export class ZeroPadding1D extends ZeroPadding<[number]> {
  static override readonly kind: string = 'ZeroPadding1D';
  constructor(padding: number | [Margin], options?: MarginLayerOptions) {
    checkCount(new.target.kind, arguments.length, 2);
    super(1, 'padding', padding, options);
  }
}

/**
 * Zeros around images: [N, height, width, C] to [N, top + height + bottom, left + width + right, C]. One margin, or one for each
 * axis, or `[[top, bottom], [left, right]]`.
 */
export class ZeroPadding2D extends ZeroPadding<[number, number]> {
  static override readonly kind: string = 'ZeroPadding2D';
  constructor(padding: number | [Margin, Margin], options?: MarginLayerOptions) {
    checkCount(new.target.kind, arguments.length, 2);
    super(2, 'padding', padding, options);
  }
}

/** Zeros around volumes [N, depth, height, width, C]. One margin, or one or a pair for each axis. */
export class ZeroPadding3D extends ZeroPadding<[number, number, number]> {
  static override readonly kind: string = 'ZeroPadding3D';
  constructor(padding: number | [Margin, Margin, Margin], options?: MarginLayerOptions) {
    checkCount(new.target.kind, arguments.length, 2);
    super(3, 'padding', padding, options);
  }
}

/** Cuts off the first and last steps of sequences [N, length, C]. One margin, or `[[before, after]]`. */
export class Cropping1D extends Cropping<[number]> {
  static override readonly kind: string = 'Cropping1D';
  constructor(cropping: number | [Margin], options?: MarginLayerOptions) {
    checkCount(new.target.kind, arguments.length, 2);
    super(1, 'cropping', cropping, options);
  }
}

/** Cuts off margins of images [N, height, width, C]. One margin, or one for each axis, or `[[top, bottom], [left, right]]`. */
export class Cropping2D extends Cropping<[number, number]> {
  static override readonly kind: string = 'Cropping2D';
  constructor(cropping: number | [Margin, Margin], options?: MarginLayerOptions) {
    checkCount(new.target.kind, arguments.length, 2);
    super(2, 'cropping', cropping, options);
  }
}

/** Cuts off margins of volumes [N, depth, height, width, C]. One margin, or one or a pair for each axis. */
export class Cropping3D extends Cropping<[number, number, number]> {
  static override readonly kind: string = 'Cropping3D';
  constructor(cropping: number | [Margin, Margin, Margin], options?: MarginLayerOptions) {
    checkCount(new.target.kind, arguments.length, 2);
    super(3, 'cropping', cropping, options);
  }
}

import { checkCount } from '../../ir/arguments.ts';
import { axesUpTo, type Shape } from '../../tensor/shape.ts';
import { shapeError, showPartial } from '../base/errors.ts';
import type { PartialShape } from '../base/shapes.ts';
import { type Arrangement, Normalization, type NormalizationOptions } from './base.ts';

export interface InstanceNormOptions extends NormalizationOptions {}

/**
 * Instance normalization (Ulyanov et al. 2016): y = gamma (x - mean) / sqrt(variance + epsilon) + beta, with mean and variance
 * over the spatial axes, for each sample and channel. The channels are the last axis of [N, ..., features], which has one spatial
 * axis or more. Training and inference are the same. Keeps the shape.
 */
export class InstanceNorm<const C extends number = number> extends Normalization<C> {
  static override readonly kind: string = 'InstanceNorm';
  constructor(features: C, options: InstanceNormOptions = {}) {
    checkCount(new.target.kind, arguments.length, 2);
    super(features, options);
  }

  override inferShape(inputShape: PartialShape | null): PartialShape | null {
    if (inputShape !== null) this.#checkSpatial(inputShape);
    return super.inferShape(inputShape);
  }

  protected override arrangement(shape: Shape): Arrangement {
    this.#checkSpatial(shape);
    return { view: shape, axes: axesUpTo(shape.length - 1).slice(1) };
  }

  #checkSpatial(shape: PartialShape): void {
    if (shape.length > 2) return;
    throw shapeError(
      this,
      `input ${showPartial(shape)} has no spatial axes, wanted [N, ..., features]. Use LayerNorm for [N, features].`,
    );
  }
}

import { checkCount } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';
import type { Shape } from '../../tensor/shape.ts';
import { checkPositive } from '../base/spatial.ts';
import { type Arrangement, Normalization, type NormalizationOptions } from './base.ts';

export interface GroupNormOptions extends NormalizationOptions {}

/**
 * Group normalization (Wu & He 2018): y = gamma (x - mean) / sqrt(variance + epsilon) + beta, with mean and variance
 * over the spatial axes and the channels of each of `groups` groups, for each sample. The channels are the last axis
 * of [N, ..., features]. Training and inference are the same. Keeps the shape.
 *
 * @throws ValueError if `groups` does not divide `features`.
 */
export class GroupNorm<const C extends number = number> extends Normalization<C> {
  static override readonly kind: string = 'GroupNorm';
  readonly groups: number;

  constructor(groups: number, features: C, options: GroupNormOptions = {}) {
    checkCount(new.target.kind, arguments.length, 3);
    super(features, options, undefined, arguments);
    checkPositive(this, 'groups', groups);
    if (features % groups !== 0) {
      throw new ValueError(
        `[GroupNorm] got ${groups} groups for features ${features}, wanted a divisor of it.`,
      );
    }
    this.groups = groups;
  }

  protected override arrangement(shape: Shape): Arrangement {
    const view = [...shape.slice(0, -1), this.groups, this.features / this.groups];
    return { view, axes: view.map((_, axis) => axis).filter((axis) => axis > 0 && axis !== view.length - 2) };
  }
}

import { shapeError, showPartial } from './errors.ts';
import { Layer } from './layer.ts';
import type { EndsWith, Kept, PartialShape } from './shapes.ts';
import { checkPositive } from './spatial.ts';

/** A layer from [N, ..., features] to the same shape, with something for each feature. */
export abstract class FeatureLayer<C extends number> extends Layer {
  readonly features: C;
  declare readonly takes: EndsWith<this['given'], C>;
  declare readonly gives: Kept<this['given']>;

  protected constructor(features: C, name: string | undefined, args: ArrayLike<unknown>) {
    super(name, args);
    checkPositive(this, 'features', features);
    this.features = features;
  }

  override get keepsShape(): boolean {
    return true;
  }

  override inferShape(inputShape: PartialShape | null): PartialShape | null {
    if (inputShape === null) return null;
    this.checkFeatures(inputShape);
    return [...inputShape.slice(0, -1), this.features];
  }

  override inferFeatures(features: number | null): number {
    this.checkFeatures([null, features]);
    return this.features;
  }

  /** @throws ShapeError unless the shape is [N, ..., features]. */
  protected checkFeatures(shape: PartialShape): void {
    const last = shape.at(-1) ?? this.features;
    if (shape.length >= 2 && last === this.features) return;
    const remedy =
      shape.length < 2
        ? 'Give [N, ..., features].'
        : shape[1] === this.features
          ? 'Channels are the last axis: transpose the data.'
          : `Create the layer with features ${last}, the size of the last axis.`;
    throw shapeError(this, `input ${showPartial(shape)} does not fit features ${this.features}. ${remedy}`);
  }
}

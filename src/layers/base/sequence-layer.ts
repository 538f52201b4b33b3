import { shapeError, showPartial } from './errors.ts';
import { Layer } from './layer.ts';
import type { EndsWith, Kept, PartialShape } from './shapes.ts';
import { checkPositive } from './spatial.ts';

/** A layer from sequences [N, T, features] to the same shape. */
export abstract class SequenceLayer<F extends number> extends Layer {
  readonly features: F;
  declare readonly takes: EndsWith<this['given'], F>;
  declare readonly gives: Kept<this['given']>;

  protected constructor(features: F, name: string | undefined, args: ArrayLike<unknown>) {
    super(name, args);
    checkPositive(this, 'features', features);
    this.features = features;
  }

  override get keepsShape(): boolean {
    return true;
  }

  override inferShape(inputShape: PartialShape | null): PartialShape | null {
    if (inputShape !== null) this.checkSequences(inputShape);
    return inputShape;
  }

  /** @throws ShapeError unless the shape is [N, T, features]. */
  protected checkSequences(shape: PartialShape, features: number = this.features): void {
    if (shape.length === 3 && (shape[2] ?? features) === features) return;
    throw shapeError(
      this,
      `input ${showPartial(shape)} does not fit features ${features}. Give sequences [N, T, ${features}].`,
    );
  }
}

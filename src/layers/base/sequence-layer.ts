import { shapeError, showPartial } from './errors.ts';
import { FeatureLayer } from './feature-layer.ts';
import type { PartialShape } from './shapes.ts';

/** A layer from sequences [N, T, features] to the same shape. */
export abstract class SequenceLayer<F extends number> extends FeatureLayer<F> {
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

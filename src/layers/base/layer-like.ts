import type { Parameter } from '../../tensor/parameter.ts';
import type { Shape } from '../../tensor/shape.ts';

/** The part of a layer that contexts, errors and summaries use. */
export interface LayerLike {
  /** The option `name`; '' if not given. */
  readonly name: string;
  /** The kind of layer, for errors and summaries. */
  readonly type: string;
  /** The Parameters and inner layers, with the names of their fields. */
  members(): readonly (readonly [key: string, member: Parameter | LayerLike])[];
  /**
   * Throws a ShapeError if a training batch whose output has this shape is too small. For layers that combine samples.
   * `fit` calls it in the first step with the shape of the last batch.
   */
  checkTrainingBatch?(outputShape: Shape): void;
}

/** The static shapes of a layer, as far as they are known. */
export interface StaticShapes {
  /** The shape that it accepts. */
  readonly takes: Shape;
  /** The shape of a particular input, on which `gives` may depend. */
  readonly given: unknown;
  /** The shape that it returns. */
  readonly gives: Shape;
}

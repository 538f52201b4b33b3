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

import type { Parameter } from '../../tensor/parameter.ts';
import type { Shape } from '../../tensor/shape.ts';

/** What contexts, errors and summaries need to know about a layer. */
export interface LayerLike {
  /** The name that the user gave it; '' if none. */
  readonly name: string;
  /** The kind of layer, for errors and summaries. */
  readonly type: string;
  /** Its Parameters and inner layers, with the names of their fields. */
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

import { DTypeError, NdgradError, ShapeError, StateError, ValueError } from '../../ir/errors.ts';
import { show } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Layer } from './layer.ts';
import type { PartialShape } from './shapes.ts';

/** Where in a model an error came up. */
interface Place {
  /** The outermost layer that is known to be around it. */
  readonly root: Layer;
  /** From the root to the layer that failed. */
  readonly path: readonly string[];
  readonly layer: Layer;
  readonly text: string;
  readonly cause?: unknown;
}

const places = new WeakMap<NdgradError, Place>();

/** A layer as errors and summaries call it: `Dense 'hidden'`. */
export function label(layer: Layer): string {
  return layer.name ? `${layer.type} '${layer.name}'` : layer.type;
}

/**
 * A ShapeError of a layer: `[Sequential.2 Dense 'hidden'] ...`, where the path comes from the layers around
 * it.
 */
export function shapeError(layer: Layer, text: string): ShapeError {
  return located(ShapeError, { root: layer, path: [], layer, text });
}

/** A shape in words, `[N, ?, 32]`: a batch axis that is not known is N. */
export function showPartial(shape: PartialShape): string {
  return `[${shape.map((d, i) => d ?? (i === 0 ? 'N' : '?')).join(', ')}]`;
}

/**
 * Runs a part of a layer's forward pass, or of the check that precedes it. Errors from it say in which layer
 * they came up and what came in.
 */
export function locate<T>(layer: Layer, x: Tensor | PartialShape | null, run: () => T, key?: string): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof NdgradError)) throw error;
    const kind =
      [ShapeError, DTypeError, ValueError, StateError].find((k) => error instanceof k) ?? NdgradError;
    const place = places.get(error);
    if (place === undefined) {
      const input = x === null ? '?' : 'dtype' in x ? `${x.dtype} ${show(x.shape)}` : showPartial(x);
      const text = `input ${input}: ${error.message}`;
      throw located(kind, { root: layer, path: [], layer, text, cause: error });
    }
    if (place.root === layer) throw error;
    const step = key ?? layer.members().find(([, member]) => member === place.root)?.[0];
    if (step === undefined) throw error;
    throw located(kind, { ...place, root: layer, path: [step, ...place.path] });
  }
}

function located(
  kind: new (message: string, options?: ErrorOptions) => NdgradError,
  place: Place,
): NdgradError {
  const { root, path, layer, text, cause } = place;
  const where = path.length > 0 ? `${[root.type, ...path].join('.')} ${label(layer)}` : label(layer);
  const error = new kind(`[${where}] ${text}`, cause === undefined ? {} : { cause });
  places.set(error, place);
  return error;
}

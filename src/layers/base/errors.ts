import { NdgradError, ShapeError } from '../../ir/errors.ts';
import { describeTensors, type Tensors } from '../../tensor/structure.ts';
import type { LayerLike } from './layer-like.ts';
import type { PartialShape } from './shapes.ts';

/** Where in a model an error occurred. */
interface ErrorLocation {
  /** The outermost layer known so far. */
  readonly root: LayerLike;
  /** From the root to the layer that failed. */
  readonly path: readonly string[];
  readonly layer: LayerLike;
  readonly text: string;
  readonly cause?: unknown;
}

const locations = new WeakMap<NdgradError, ErrorLocation>();

/** The name of a layer in errors and summaries: `Dense 'hidden'`. */
export function label(layer: LayerLike): string {
  return layer.name ? `${layer.type} '${layer.name}'` : layer.type;
}

/** A ShapeError of a layer: `[Sequential.2 Dense 'hidden'] ...`. The layers that contain it add the path. */
export function shapeError(layer: LayerLike, text: string): ShapeError {
  return located(ShapeError, { root: layer, path: [], layer, text });
}

/** A shape as text, `[N, ?, 32]`: N is a batch axis of unknown size. */
export function showPartial(shape: PartialShape): string {
  return `[${shape.map((d, i) => d ?? (i === 0 ? 'N' : '?')).join(', ')}]`;
}

/**
 * Runs a part of a layer's forward pass or shape check. Errors name the layer, its path and its input.
 */
export function locate<T>(layer: LayerLike, x: Tensors | PartialShape | null, run: () => T, key?: string): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof NdgradError)) throw error;
    const kind = error.constructor as typeof NdgradError;
    const location = locations.get(error);
    if (location === undefined) {
      const input = x === null ? '?' : isShape(x) ? showPartial(x) : describeTensors(x);
      const text = `input ${input}: ${error.message}`;
      throw located(kind, { root: layer, path: [], layer, text, cause: error });
    }
    if (location.root === layer) throw error;
    const step = key ?? layer.members().find(([, member]) => member === location.root)?.[0];
    if (step === undefined) throw error;
    throw located(kind, { ...location, root: layer, path: [step, ...location.path] });
  }
}

const isShape = (x: Tensors | PartialShape): x is PartialShape =>
  Array.isArray(x) && !x.some((d) => typeof d === 'object' && d !== null);

function located(kind: typeof NdgradError, location: ErrorLocation): NdgradError {
  const { root, path, layer, text, cause } = location;
  const where = path.length > 0 ? `${[root.type, ...path].join('.')} ${label(layer)}` : label(layer);
  const error = new kind(`[${where}] ${text}`, cause === undefined ? {} : { cause });
  locations.set(error, location);
  return error;
}

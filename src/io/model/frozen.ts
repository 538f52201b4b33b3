import { isRecord } from '../../ir/arguments.ts';
import { Layer } from '../../layers/base/layer.ts';
import { damaged } from './json.ts';
import type { Structure } from './structure.ts';

// What was frozen, and which Parameters a program has made trainable or not by itself.

interface Frozen {
  /** The paths of frozen layers and of the Parameters that `freeze` stopped. */
  readonly frozen: readonly string[];
  /** By path, where it is not what the constructor and `freeze` make of it. */
  readonly trainable: Readonly<Record<string, boolean>>;
}

/** @param fresh the same model as its constructors build it. */
export function frozenParts({ layers, parameters }: Structure, fresh: Structure): Frozen {
  const stopped = [...parameters].filter(([, p]) => Layer.frozenParameters.has(p));
  const changed = [...parameters].filter(([path, p]) => {
    const expected = !Layer.frozenParameters.has(p) && fresh.parameters.get(path)!.trainable;
    return p.trainable !== expected;
  });
  return {
    frozen: [...[...layers].filter(([, layer]) => layer.frozen), ...stopped].map(([path]) => path),
    trainable: Object.fromEntries(changed.map(([path, p]) => [path, p.trainable])),
  };
}

/** @throws ValueError unless JSON is what `frozenParts` returns for this model. */
export function readFrozen(
  operation: string,
  { layers, parameters }: Structure,
  frozen: unknown,
  trainable: unknown,
): Frozen {
  const known = (path: unknown): boolean =>
    typeof path === 'string' && (layers.has(path) || parameters.has(path));
  if (!Array.isArray(frozen) || !frozen.every(known))
    throw damaged(operation, 'frozen', 'other names', 'paths of layers and Parameters');
  if (
    !isRecord(trainable) ||
    !Object.entries(trainable).every(([path, flag]) => parameters.has(path) && typeof flag === 'boolean')
  )
    throw damaged(operation, 'trainable', 'other entries', 'true or false by paths of Parameters');
  return { frozen, trainable: trainable as Readonly<Record<string, boolean>> };
}

/** Freezes a model that its constructors have just built. */
export function freezeParts({ layers, parameters }: Structure, { frozen, trainable }: Frozen): void {
  const paths = new Set(frozen);
  const built = new Map([...parameters].map(([path, p]) => [path, p.trainable]));
  // Outer layers come first: each call changes the inner ones too.
  for (const [path, layer] of layers) {
    if (paths.has(path)) layer.freeze();
    else if (layer.frozen) layer.unfreeze();
  }
  for (const [path, p] of parameters) {
    const stopped = paths.has(path);
    if (stopped) Layer.frozenParameters.add(p);
    else Layer.frozenParameters.delete(p);
    p.trainable = Object.hasOwn(trainable, path) ? trainable[path]! : !stopped && built.get(path)!;
  }
}

import { ValueError } from '../../ir/errors.ts';
import { entriesOf, Network } from '../../layers/base/network.ts';
import { Parameter } from '../../tensor/parameter.ts';
import { parametersByPath } from '../weights/parameters-by-path.ts';

/** The parts of a model, by their paths. */
export interface Structure {
  /** Each layer under its first path, outer layers first; the model itself under ''. */
  readonly layers: ReadonlyMap<string, Network>;
  /** Each Parameter under its first path. */
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** The other places of Parameters that have several: their paths, and the first path. */
  readonly aliases: ReadonlyMap<string, string>;
}

/** @throws ValueError unless it is a layer whose parts have distinct paths without colons. */
export function structureOf(operation: string, model: Network): Structure {
  const parameters = parametersByPath(operation, model);
  const firstPaths = new Map<unknown, string>([...parameters].map(([path, p]) => [p, path]));
  const layers = new Map<string, Network>([['', model]]);
  const seen = new Set<Network>([model]);
  const aliases = new Map<string, string>();
  const visit = (outer: Network, prefix: string): void => {
    for (const [key, member] of outer.members()) {
      const path = prefix + key;
      if (member instanceof Network) {
        if (seen.has(member)) continue;
        if (layers.has(path))
          throw new ValueError(
            `[${operation}] got two layers with the path '${path}', wanted one. Rename fields or keys.`,
          );
        seen.add(member);
        layers.set(path, member);
        visit(member, `${path}.`);
      } else {
        const first = firstPaths.get(member)!;
        if (first !== path) aliases.set(path, first);
      }
    }
  };
  visit(model, '');
  return { layers, parameters, aliases };
}

/**
 * Puts a Parameter in the place of another one.
 *
 * @returns whether there was one of its shape at this path.
 */
export function replaceParameter({ layers, parameters }: Structure, path: string, by: Parameter): boolean {
  if (!parameters.has(path)) return false;
  for (let end = path.length; end >= 0; end = path.lastIndexOf('.', end - 1)) {
    const layer = end === path.length ? undefined : layers.get(path.slice(0, end));
    if (layer !== undefined) return replaceIn(layer, Object.entries(layer), path.slice(end + 1), by);
    if (end === 0) break;
  }
  return replaceIn(layers.get('')!, Object.entries(layers.get('')!), path, by);
}

function replaceIn(
  holder: object,
  entries: Iterable<readonly [key: unknown, item: unknown]>,
  key: string,
  by: Parameter,
): boolean {
  for (const [own, item] of entries) {
    const name = String(own);
    if (name === key && item instanceof Parameter && String(item.shape) === String(by.shape)) {
      if (typeof (holder as Map<unknown, unknown>).set === 'function')
        (holder as Map<unknown, unknown>).set(own, by);
      else return Reflect.set(holder, name, by);
      return true;
    }
    if (
      key.startsWith(`${name}.`) &&
      replaceIn(item as object, entriesOf(item), key.slice(name.length + 1), by)
    )
      return true;
  }
  return false;
}

import { parametersByPath } from '../../io/weights/parameters-by-path.ts';
import { Network } from '../../layers/base/network.ts';
import { Parameter } from '../../tensor/parameter.ts';
import type { Resumable } from './types.ts';

/**
 * All Parameters of a training by name: those of a Network by their paths, then those that only the optimizer or the average
 * has.
 *
 * @throws ValueError for paths that can't name tensors of a file.
 */
export function namedParameters({ model, optimizer, options }: Resumable): ReadonlyMap<string, Parameter> {
  const named = model instanceof Network ? parametersByPath('fit', model) : new Map<string, Parameter>();
  const found = new Set(named.values());
  for (const parameter of [
    ...model.parameters(),
    ...optimizer.parameters,
    ...(options.average?.parameters ?? []),
  ]) {
    if (found.has(parameter)) continue;
    found.add(parameter);
    const name = parameter.name.replaceAll(':', ';');
    let unique = name;
    for (let n = 2; named.has(unique); n++) unique = `${name}#${n}`;
    named.set(unique, parameter);
  }
  return named;
}

/** The layers of a model by their paths, outer ones first; none if it is no Network. */
export function namedLayers(model: unknown): ReadonlyMap<string, Network> {
  const named = new Map<string, Network>();
  const seen = new Set<Network>();
  const visit = (path: string, layer: Network): void => {
    if (seen.has(layer)) return;
    seen.add(layer);
    named.set(path, layer);
    for (const [key, member] of layer.members()) {
      if (!(member instanceof Parameter)) visit(path === '' ? key : `${path}.${key}`, member);
    }
  };
  if (model instanceof Network) visit('', model);
  return named;
}

/** The callbacks that the options give, without that of `progress`. */
export const givenCallbacks = ({ callbacks, options }: Resumable) =>
  callbacks.slice(0, options.callbacks?.length ?? 0);

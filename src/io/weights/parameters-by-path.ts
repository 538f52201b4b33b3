import { describe, refusal } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';
import { Network } from '../../layers/base/network.ts';
import type { Parameter } from '../../tensor/parameter.ts';

/**
 * The Parameters by their paths.
 *
 * @throws ValueError unless it is a layer whose paths can name tensors of a file.
 */
export function parametersByPath(operation: string, model: Network): Map<string, Parameter> {
  if (!(model instanceof Network)) throw refusal(operation, 'model', model, 'a Layer');
  const found = new Map<string, Parameter>();
  for (const [path, parameter] of model.namedParameters()) {
    if (path.includes(':') || path === '__proto__' || found.has(path)) {
      throw new ValueError(
        `[${operation}] got a Parameter with the path ${describe(path)}, wanted paths without colons, each once. Rename fields or keys.`,
      );
    }
    found.set(path, parameter);
  }
  return found;
}

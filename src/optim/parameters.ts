import { describe } from '../ir/arguments.ts';
import { ValueError } from '../ir/errors.ts';
import { Parameter } from '../tensor/parameter.ts';

/**
 * Each Parameter of a list once.
 *
 * @throws ValueError if it is no list, or has other members.
 */
export function distinctParameters(operation: string, given: readonly Parameter[]): Parameter[] {
  const wrong = Array.isArray(given) ? given.find((p) => !(p instanceof Parameter)) : given;
  if (wrong === undefined && Array.isArray(given)) return [...new Set(given)];
  throw new ValueError(
    `[${operation}] got ${describe(wrong)}, wanted an array of Parameters, such as model.parameters().`,
  );
}

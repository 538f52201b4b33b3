import { checkArray, refusal } from '../ir/arguments.ts';
import { Parameter } from '../tensor/parameter.ts';

/**
 * Each Parameter of a list once.
 *
 * @throws ValueError if it is no list, or has other members.
 */
export function distinctParameters(operation: string, given: readonly Parameter[]): Parameter[] {
  checkArray(operation, 'parameters', given, 'model.parameters()');
  for (const p of given) {
    if (!(p instanceof Parameter))
      throw refusal(operation, 'parameter', p, 'a Parameter (for groups: MultiOptimizer)');
  }
  return [...new Set(given)];
}

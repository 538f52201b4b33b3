import { fromArray } from '../../src/tensor/creation.ts';
import { gradients } from '../../src/tensor/gradients.ts';
import * as ops from '../../src/tensor/ops/index.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import {
  type Argument,
  type Call,
  callArguments,
  type GradientCase,
  isReferenceTensor,
  type ReferenceTensor,
  values,
} from '../reference/format.ts';

/** Every public operation. */
export type OperationName = keyof typeof ops;

const table = { ...ops };

export const operationNames = Object.keys(table) as OperationName[];

/** Calls an operation by name; `split` and `topK` give several tensors, all others one. */
export function invoke(name: OperationName, args: readonly unknown[]): Tensor[] {
  const result: Tensor | Tensor[] | Record<string, Tensor> = Reflect.apply(table[name], undefined, args);
  return result instanceof Tensor ? [result] : Object.values(result);
}

export const toTensor = (t: ReferenceTensor): Tensor => fromArray(values(t), t.shape, t.dtype);

/** The gradient that a reference case tells: of the weighted sum of the operation's first result, by one operand. */
export function referenceGradient(c: GradientCase): Tensor {
  const name = c.op as OperationName;
  const { args, tensors } = referenceArguments(name, c);
  const [y] = invoke(name, args);
  return gradients(y!.mul(toTensor(c.weights)).sum(), [tensors[c.wrt]!])[0]!;
}

/** The arguments of a reference case with its tensors made; `tensors` are these in order of appearance. */
export function referenceArguments(operation: string, call: Call): { args: unknown[]; tensors: Tensor[] } {
  const tensors: Tensor[] = [];
  const make = (argument: Argument): unknown => {
    if (isReferenceTensor(argument)) {
      const t = toTensor(argument);
      tensors.push(t);
      return t;
    }
    return Array.isArray(argument) ? argument.map(make) : argument;
  };
  return { args: callArguments(operation, call).map(make), tensors };
}

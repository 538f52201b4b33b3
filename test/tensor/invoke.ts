import { fromArray } from '../../src/tensor/creation.ts';
import * as ops from '../../src/tensor/ops/index.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import {
  type Argument,
  type Call,
  callArguments,
  isReferenceTensor,
  type ReferenceTensor,
  values,
} from '../reference/load.ts';

/** Every public operation. */
export type OperationName = keyof typeof ops;

const table = { ...ops };

export const operationNames = Object.keys(table) as OperationName[];

/** Calls an operation by name; `split` gives several tensors, all others one. */
export function invoke(name: OperationName, args: readonly unknown[]): Tensor[] {
  const result: Tensor | Tensor[] = Reflect.apply(table[name], undefined, args);
  return Array.isArray(result) ? result : [result];
}

export const toTensor = (t: ReferenceTensor): Tensor => fromArray(values(t), t.shape, t.dtype);

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

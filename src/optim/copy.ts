import type { TypedArray } from '../ir/dtype.ts';
import { Parameter } from '../tensor/parameter.ts';

/** Copies of the values that Parameters have at the call, whatever steps are asked for next. */
export function copyOf(parameters: readonly Parameter[]): Promise<TypedArray[]> {
  // What only a device has is copied there, in its turn; what is at home, now.
  const copies = parameters.map((p) => (p.node.storage?.deviceCopy?.stale ? p.detach() : new Parameter(p)));
  return Promise.all(copies.map((copy) => copy.data()));
}

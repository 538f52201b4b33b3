import type { TypedArray } from '../ir/dtype.ts';
import { Parameter } from '../tensor/parameter.ts';

/** Copies of the values of Parameters at the time of the call; later steps do not change them. */
export function copyOf(parameters: readonly Parameter[]): Promise<TypedArray[]> {
  // Values that only a device has are copied there, in order with the steps; values on the host are copied now.
  const copies = parameters.map((p) => (p.node.storage?.deviceCopy?.stale ? p.detach() : new Parameter(p)));
  return Promise.all(copies.map((copy) => copy.data()));
}

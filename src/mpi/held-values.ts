import type { DeviceCopy } from '../ir/device-copy.ts';
import type { TypedArray } from '../ir/dtype.ts';
import { StateError } from '../ir/errors.ts';
import type { Parameter } from '../tensor/parameter.ts';

/** Stands for the values of a Parameter without memory. They can be overwritten, but not read. */
class HeldElsewhere implements DeviceCopy {
  readonly #where: string;

  constructor(where: string) {
    this.#where = where;
  }

  fetch(): never {
    throw new StateError(this.#where);
  }

  drop(): void {}
}

/** Frees the memory of a Parameter's values. @param where the error for reading them. */
export function release({ node }: Parameter, where: string): void {
  node.storage!.adopt(new HeldElsewhere(where));
  node.storage!.host.replace(null);
}

/** @throws StateError if `release` has freed a Parameter's values, and nothing has overwritten them. */
export function checkHeld({ node }: Parameter): void {
  const { deviceCopy } = node.storage!;
  if (deviceCopy instanceof HeldElsewhere) deviceCopy.fetch();
}

/** Gives a Parameter these values. */
export function fill(parameter: Parameter, bytes: Uint8Array): void {
  bytesOf(parameter.node.storage!.overwrite()).set(bytes);
  parameter.overwritten();
}

/** The memory of values. */
export const bytesOf = ({ buffer, byteLength, byteOffset }: TypedArray): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

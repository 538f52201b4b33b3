import { StateError } from '../../../ir/errors.ts';
import type { Device } from './device.ts';

/** Throws a StateError if an array of `floats` numbers exceeds the longest one that the device supports. */
export function assertArrayFits(
  operation: string,
  floats: number,
  { name, maxFloats, adapter }: Pick<Device<unknown>, 'name' | 'maxFloats' | 'adapter'>,
): void {
  if (floats <= maxFloats) return;
  throw new StateError(
    `[${operation}] needs an array of ${4 * floats} bytes on the device, and ${name} on "${adapter}" takes ${4 * maxFloats} at ` +
      "most. Use smaller batches, or another backend: await setBackend('wasm').",
  );
}

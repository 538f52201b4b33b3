import { StateError } from '../../../ir/errors.ts';
import type { Device } from './device.ts';

/** The error for a lost device; null while it works. */
export function deviceLostError({ lost, name }: Pick<Device<unknown>, 'lost' | 'name'>): StateError | null {
  if (lost === null) return null;
  return new StateError(
    `[${name}] the device was lost: ${lost}. Values that only it had are lost too. Make a new device: await setBackend(await gpu()).`,
  );
}

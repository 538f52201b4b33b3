import { StateError } from '../../../ir/errors.ts';
import type { Device } from './device.ts';

/** Why a device is of no use any more, as an error; null while it is. */
export function lostError({ lost, name }: Pick<Device<unknown>, 'lost' | 'name'>): StateError | null {
  if (lost === null) return null;
  return new StateError(
    `[${name}] the device was lost: ${lost}. Values that were only there are gone. Make a new one: await setBackend(await gpu()).`,
  );
}

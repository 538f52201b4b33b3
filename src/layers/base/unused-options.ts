import { ValueError } from '../../ir/errors.ts';

/**
 * Refuses options of a Parameter that the layer does not have.
 *
 * @param flag the option that leaves the Parameter out if it is false.
 * @param parameter its name, with which the names of its options begin.
 */
export function refuseUnused<O extends object>(
  layer: string,
  options: O,
  flag: keyof O & string,
  parameter: string,
): void {
  if (options[flag] !== false) return;
  for (const [name, value] of Object.entries(options)) {
    if (name === flag || value === undefined || !name.startsWith(parameter)) continue;
    throw new ValueError(`[${layer}] got ${name} with ${flag}: false, without effect. Leave one out.`);
  }
}

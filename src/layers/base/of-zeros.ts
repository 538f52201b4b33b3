import { reportAs } from '../../ir/arguments.ts';
import { DTypeError } from '../../ir/errors.ts';
import { zeros } from '../../tensor/creation.ts';
import { checkShape } from '../../tensor/shape.ts';
import { mapItems, type Structure } from '../../tensor/structure.ts';
import type { Tensor } from '../../tensor/tensor.ts';

const dtypes = ['float32', 'int32', 'bool'] as const;

/**
 * What `run` makes of zeros, in data types that it accepts: float32 or, for indices and conditions, int32 or bool. With several
 * inputs all combinations are tried.
 *
 * @param lead the axes before those of the shapes.
 */
export function ofZeros<T>(
  operation: string,
  lead: readonly number[],
  shapes: Structure<readonly number[]>,
  run: (x: Structure<Tensor>) => T,
): T {
  let refused: unknown;
  // A combination is a number whose digits are data types.
  for (let combination = 0, last = false; !last; combination++) {
    let digits = combination;
    const make = (shape: readonly number[]): Tensor => {
      const dtype = dtypes[digits % dtypes.length]!;
      digits = Math.floor(digits / dtypes.length);
      return reportAs(operation, () => zeros([...lead, ...checkShape(operation, shape)], dtype));
    };
    const one = Array.isArray(shapes) && !Array.isArray(shapes[0]);
    const x = one ? make(shapes as readonly number[]) : mapItems(shapes, make);
    last = digits > 0;
    try {
      return run(x);
    } catch (error) {
      if (!(error instanceof DTypeError)) throw error;
      refused ??= error;
    }
  }
  throw refused;
}

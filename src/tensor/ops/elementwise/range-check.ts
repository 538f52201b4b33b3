import { ValueError } from '../../../ir/errors.ts';
import { binary, check, compare, constant } from '../../../ir/expr.ts';
import { apply } from '../../apply.ts';
import { noGradient, operation } from '../../operation.ts';
import type { Tensor } from '../../tensor.ts';

interface Range {
  readonly name: string;
  readonly what: string;
  readonly least: number;
  readonly most: number;
  /** A number in the range that is refused too, or -1. */
  readonly except: number;
  readonly [key: string]: string | number;
}

const rangeOperation = operation<Range>({
  name: 'checkRange',
  shape: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  vjp: noGradient,
  lower: (_node, b, { name, what, least, most, except }) => {
    const x = b.input(0);
    const number = (n: number) => constant(n, 'i32');
    const inRange = binary('and', compare('le', number(least), x), compare('le', x, number(most)));
    const failed = b.check({
      error: (value) =>
        new ValueError(
          `[${name}] got ${what} ${value}, wanted ${least} to ${most}${except < 0 ? '' : ` except ${except}`}.`,
        ),
    });
    return b.map(check(x, binary('and', inRange, compare('ne', x, number(except))), failed));
  },
});

/** The same numbers (int32); one that is out of range is an error that says `what`, when the values are computed. */
export const checkRange = (
  name: string,
  what: string,
  x: Tensor,
  least: number,
  most: number,
  except = -1,
): Tensor => apply(rangeOperation, [x], { name, what, least, most, except });

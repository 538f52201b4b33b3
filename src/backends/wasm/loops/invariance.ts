import type { Expr } from '../../../ir/expr.ts';
import type { InputPointer } from './input-pointers.ts';

/** How a value changes along a row: not at all, by 1 from point to point, or in any other way. */
export const INVARIANT = 0;
export const UNIT_STEP = 1;
export const VARYING = 2;

/** Classifies each expression; arguments come before their users in `order`. */
export function classifyAlongRow(
  order: readonly Expr[],
  pointers: readonly InputPointer[],
): Map<Expr, number> {
  const classes = new Map<Expr, number>();
  for (const e of order) {
    const args = e.args.map((a) => classes.get(a)!);
    const pointer = e.op === 'load' ? pointers[e.value]! : null;
    let result = args.every((a) => a === INVARIANT) ? INVARIANT : VARYING;
    if ((e.op === 'add' || e.op === 'sub') && args[0] === UNIT_STEP && args[1] === INVARIANT)
      result = UNIT_STEP;
    if (e.op === 'acc' || (pointer !== null && pointer.step !== 0))
      result = pointer?.dtype === null && pointer.step === 1 ? UNIT_STEP : VARYING;
    classes.set(e, result);
  }
  return classes;
}

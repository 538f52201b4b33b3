import type { Callable, Local } from '../assembler/code.ts';
import type { LoopNest } from '../loops/loop-nest.ts';
import type { PlanCode } from '../module/plan-code.ts';
import { compileMaterialize } from './materialize.ts';

/** Elements that are evaluated at a time. */
const SEGMENT = 4096;

/**
 * A function `(point, scratch)`: the index of the largest (argmax) or smallest (argmin) of the `length` elements of a
 * point. The first NaN counts as the extremum; of equal elements the first one is taken.
 */
export function compileArgReduceRow(
  reducer: 'argmax' | 'argmin',
  nest: LoopNest,
  length: number,
  plan: PlanCode,
): Callable {
  const { type } = nest.roots[0]!;
  const materialize = compileMaterialize(nest, plan);
  const buffer = plan.scratch(4 * SEGMENT + 64);
  const isFloat = type === 'f32';
  return plan.module.function(['i32', 'i32'], ['i32'], (code, point, scratch) => {
    const x = code.op('i32.add', scratch!, buffer);
    const best = code.local(isFloat ? 'f32' : 'i32');
    const at = code.copy(0);
    const isBetter = (value: Local): Local => {
      if (!isFloat) {
        // A true bool is the mask -1.
        const greater = (reducer === 'argmax') !== (type === 'bool');
        return code.op(greater ? 'i32.gt_s' : 'i32.lt_s', value, best);
      }
      const better = code.op(reducer === 'argmax' ? 'f32.gt' : 'f32.lt', value, best);
      const isNaN = code.op('f32.ne', value, value);
      const firstNaN = code.op('i32.and', isNaN, code.op('f32.eq', best, best));
      return code.op('i32.or', better, firstNaN);
    };
    code.for(0, length, SEGMENT, (from) => {
      const rest = code.op('i32.sub', length, from);
      const count = code.select(code.op('i32.lt_u', rest, SEGMENT), rest, SEGMENT);
      code.call(materialize, point!, from, count, x, scratch!);
      code.if(code.op('i32.eqz', from), () => code.loadInto(best, isFloat ? 'f32.load' : 'i32.load', [x]));
      code.for(0, count, 1, (i) => {
        const value = code.load(isFloat ? 'f32.load' : 'i32.load', [
          code.op('i32.add', x, code.op('i32.shl', i, 2)),
        ]);
        code.if(isBetter(value), () => {
          code.set(best, value);
          code.set(at, code.op('i32.add', from, i));
        });
      });
    });
    code.return(at);
  });
}

import type { Code, Local, Operand } from '../assembler/code.ts';
import { FRAME, frame } from './frame-layout.ts';
import { perPlan } from './per-plan.ts';
import type { PlanCode } from './plan-code.ts';

/** Emits a test of a check: records a failure for each lane in which `condition` is false. */
export function emitFailures(
  code: Code,
  plan: PlanCode,
  check: number,
  value: Local,
  condition: Local,
): void {
  const failed = code.op('i32.eqz', code.op('i32x4.all_true', condition));
  code.if(failed, () => {
    for (let l = 0; l < 4; l++) {
      const bad = code.op('i32.eqz', code.lane('i32x4.extract_lane', l, condition));
      code.if(bad, () => emitFailure(code, plan, check, code.lane('i32x4.extract_lane', l, value)));
    }
  });
}

/** Emits the failure of a check for one value. The smallest value is kept, in any order of the threads. */
export function emitFailure(code: Code, plan: PlanCode, check: number, value: Operand): void {
  code.call(failure(plan), plan.checkWords(check), value);
}

/** The module's function `(words, value)` that updates a check's two frame words. */
const failure = perPlan((plan) =>
  plan.module.function(['i32', 'i32'], [], (code, words, value) => {
    const start = code.global(FRAME);
    code.store('i32.atomic.store', start, 1, frame.failed);
    const at = code.op('i32.add', start, words!);
    code.store('i32.atomic.store', at, 1);
    const seen = code.load('i32.atomic.load', [at], 4);
    code.loop(() => {
      const least = code.select(code.op('i32.lt_s', value!, seen), value!, seen);
      const found = code.load('i32.atomic.rmw.cmpxchg', [at, seen, least], 4);
      const again = code.op('i32.ne', found, seen);
      code.set(seen, found);
      return again;
    });
  }),
);

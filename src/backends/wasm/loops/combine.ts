import type { ScalarType } from '../../../ir/dtype.ts';
import type { Reducer } from '../../../ir/kernel.ts';
import type { Callable, Code, Local, Operand } from '../assembler/code.ts';
import type { Plain } from '../assembler/instructions.ts';
import type { PlanCode } from '../module/plan-code.ts';
import { emitFloatMax, emitFloatMin } from '../scalar/operations.ts';
import { firstLanes } from '../scalar/vector-access.ts';

/** How two values of a reduction are combined: vectors of 32-bit lanes, bools as masks. */
export interface CombineRule {
  readonly combine: (code: Code, a: Local, b: Local) => Local;
  /** The initial value, in four lanes. */
  readonly identity: Float32Array | Int32Array;
}

const floats = (value: number): Float32Array => new Float32Array(4).fill(value);
const ints = (value: number): Int32Array => new Int32Array(4).fill(value);

export function combineRuleOf(reducer: Exclude<Reducer, 'argmax' | 'argmin'>, type: ScalarType): CombineRule {
  const rule = combineRules[type]?.[reducer];
  if (rule === undefined) throw new Error(`[wasm] ${reducer} is not a reduction of ${type}`);
  return rule;
}

const rule = (op: Plain, identity: CombineRule['identity']): CombineRule => ({
  combine: (code, a, b) => code.op(op, a, b),
  identity,
});

const combineRules: { readonly [type: string]: { readonly [reducer: string]: CombineRule } } = {
  f32: {
    sum: rule('f32x4.add', floats(0)),
    prod: rule('f32x4.mul', floats(1)),
    max: { combine: emitFloatMax, identity: floats(-Infinity) },
    min: { combine: emitFloatMin, identity: floats(Infinity) },
  },
  i32: {
    sum: rule('i32x4.add', ints(0)),
    prod: rule('i32x4.mul', ints(1)),
    max: rule('i32x4.max_s', ints(-2147483648)),
    min: rule('i32x4.min_s', ints(2147483647)),
  },
  bool: {
    max: rule('v128.or', ints(0)),
    min: rule('v128.and', ints(-1)),
  },
};

/**
 * A function `(from, count)` that reduces `count` <= 4096 consecutive elements in memory in the order that `Reduce`
 * defines for one chunk. The result is in lane 0.
 */
export function compileChunkReduction({ combine, identity }: CombineRule, plan: PlanCode): Callable {
  return plan.module.function(['i32', 'i32'], ['v128'], (code, from, count) => {
    const neutral = code.literal(identity);
    const [low, high] = [code.copy(neutral), code.copy(neutral)];
    const at = code.copy(from!);
    const end = code.op('i32.add', from!, code.op('i32.shl', code.op('i32.and', count!, -8), 2));
    code.if(code.op('i32.lt_u', at, end), () =>
      code.loop(() => {
        code.set(low, combine(code, low, code.load('v128.load', [at])));
        code.set(high, combine(code, high, code.load('v128.load', [at], 16)));
        code.update(at, 'i32.add', at, 32);
        return code.op('i32.lt_u', at, end);
      }),
    );
    const rest = code.op('i32.and', count!, 7);
    [low, high].forEach((lanes, half) => {
      const x = code.load('v128.load', [at], 16 * half);
      const valid = firstLanes(code, x, code.op('i32.sub', rest, 4 * half), neutral);
      code.set(lanes, combine(code, lanes, valid));
    });
    code.return(emitCombineLanes(code, { combine, identity }, combine(code, low, high)));
  });
}

/** The result of four lanes, in lane 0. */
export function emitCombineLanes(code: Code, { combine }: CombineRule, lanes: Local): Local {
  const pairs = combine(code, lanes, code.shuffle([2, 3, 2, 3], lanes, lanes));
  return combine(code, pairs, code.shuffle([1, 1, 1, 1], pairs, pairs));
}

/** Emits `to[i] = a[i] op b[i]` for `bytes` bytes, a multiple of 16. */
export function emitCombine(
  code: Code,
  { combine }: CombineRule,
  to: Operand,
  a: Operand,
  b: Operand,
  bytes: Operand,
): void {
  code.for(0, bytes, 16, (at) => {
    const [x, y] = [a, b].map((from) => code.load('v128.load', [code.op('i32.add', from, at)]));
    code.store('v128.store', code.op('i32.add', to, at), combine(code, x!, y!));
  });
}

/**
 * Emits a pairwise tree reduction of `count` rows of `bytes` bytes (a multiple of 16), `pitch` bytes apart, in place.
 * The result is in the first row.
 */
export function emitCombineTree(
  code: Code,
  rule: CombineRule,
  from: Local,
  count: number,
  pitch: number,
  bytes: Operand,
): void {
  const n = code.copy(count);
  code.if(code.op('i32.gt_u', n, 1), () =>
    code.loop(() => {
      const half = code.op('i32.shr_u', n, 1);
      code.for(0, half, 1, (i) => {
        const to = code.op('i32.add', from, code.op('i32.mul', i, pitch));
        const first = code.op('i32.add', from, code.op('i32.mul', i, 2 * pitch));
        emitCombine(code, rule, to, first, code.op('i32.add', first, pitch), bytes);
      });
      code.if(code.op('i32.and', n, 1), () => {
        const to = code.op('i32.add', from, code.op('i32.mul', half, pitch));
        const last = code.op('i32.add', from, code.op('i32.mul', code.op('i32.sub', n, 1), pitch));
        code.copyMemory(to, last, bytes);
      });
      code.set(n, code.op('i32.shr_u', code.op('i32.add', n, 1), 1));
      return code.op('i32.gt_u', n, 1);
    }),
  );
}

import type { ScalarType } from '../../../ir/dtype.ts';
import { type Expr, type Intrinsic, postorder } from '../../../ir/expr.ts';
import { intrinsics } from '../../../ir/math/index.ts';
import type { Code, Local } from '../assembler/code.ts';
import type { PlanCode } from '../module/plan-code.ts';
import { emitIntrinsic } from './elementary-functions.ts';
import { f32x4, i32x4 } from './literals.ts';
import { type Argument, emitOperation } from './operations.ts';
import { philoxWords } from './philox.ts';

/** What the surrounding loop provides for a vector of four points. */
export interface PointContext {
  /** The elements of a `load`; `indices` are its computed indices. */
  readonly load: (e: Expr, indices: readonly Local[]) => Local;
  readonly acc: (type: ScalarType) => Local;
  /** The words of a `philox`, or null if each lane must compute its own. */
  readonly philox: (e: Expr) => Local | null;
  /** Emits a failure for each lane in which `condition` is false. */
  readonly check: (number: number, value: Local, condition: Local) => void;
}

/** Four points. `done` holds the values that are already computed and receives the new ones. */
export interface PointVector {
  readonly context: PointContext;
  readonly done: Map<Expr, Argument>;
}

/**
 * Emits straight-line code for expressions at one or two vectors of points, each node once: floats are f32x4, integers
 * i32x4, bools masks (0 or -1). Values that are the same at all points are computed in the function's prologue. The caller
 * must not change the results, for each vector those of the roots: they may be locals of a context or of the prologue.
 */
export function emitExpressions(
  code: Code,
  plan: PlanCode,
  vectors: readonly PointVector[],
  roots: readonly Expr[],
): Local[][] {
  for (const e of postorder(roots)) {
    if (vectors[0]!.done.has(e)) continue;
    const args = vectors.map(({ done }) => e.args.map((a) => done.get(a)!));
    const [first] = args as [Argument[]];
    const isInvariant =
      e.op !== 'load' && e.op !== 'acc' && e.op !== 'check' && first.every((a) => a.isInvariant);
    const emit = (count: number): Local[] => {
      const each = args.slice(0, count);
      return e.type === 'f32' && isIntrinsic(e.op)
        ? emitIntrinsic(
            code,
            plan,
            e.op,
            each.map((list) => list.map((a) => a.local)),
          )
        : each.map((list, v) => emitNode(code, plan, vectors[v]!.context, e, list));
    };
    const locals = isInvariant ? [code.once(keyOf(e, first), () => emit(1)[0]!)] : emit(vectors.length);
    const literal = e.op === 'const' ? literalOf(e) : null;
    vectors.forEach(({ done }, v) => {
      done.set(e, { local: locals[v] ?? locals[0]!, isInvariant, literal });
    });
  }
  return vectors.map(({ done }) => roots.map((root) => done.get(root)!.local));
}

const isIntrinsic = (op: string): op is Intrinsic => Object.hasOwn(intrinsics, op);

/** Equal keys mean equal values; for invariant expressions. */
const keyOf = ({ op, type, value, args: inputs }: Expr, args: readonly Argument[]): string =>
  [
    op,
    type,
    Object.is(value, -0) ? '-0' : value,
    ...inputs.map((a, i) => `${a.type}${args[i]!.local.index}`),
  ].join(' ');

function emitNode(
  code: Code,
  plan: PlanCode,
  context: PointContext,
  e: Expr,
  args: readonly Argument[],
): Local {
  const locals = args.map((a) => a.local);
  switch (e.op) {
    case 'const':
      return (e.type === 'f32' ? f32x4 : i32x4)(code, literalOf(e));
    case 'uniform': {
      const value = plan.value(code, e.value, e.type);
      return code.op(e.type === 'f32' ? 'f32x4.splat' : 'i32x4.splat', value);
    }
    case 'load':
      return context.load(e, locals);
    case 'acc':
      return context.acc(e.type);
    case 'philox':
      return (
        (args.every((a) => a.isInvariant) ? null : context.philox(e)) ??
        code.call(philoxWords(plan), ...locals)!
      );
    case 'check':
      context.check(e.value, locals[0]!, locals[1]!);
      return code.op('v128.and', locals[0]!, locals[1]!);
    default:
      return emitOperation(code, plan, e.op, e.args[e.args.length - 1]!.type, args);
  }
}

/** A literal's value in its type; a bool is the mask 0 or -1. */
function literalOf({ type, value }: Expr): number {
  if (type === 'f32') return Math.fround(value);
  return type === 'bool' ? -Number(value !== 0) : value | 0;
}

import { type Expr, rewrite } from '../ir/expr.ts';
import type { Access } from '../ir/kernel.ts';
import { sameShape, type View } from '../ir/view.ts';

/** Replaces equal subexpressions by one node, so that a backend computes them once. */
export function eliminateCommonSubexpressions(roots: readonly Expr[]): Expr[] {
  const known = new Map<string, Expr>();
  const numbers = new Map<Expr, number>();
  return rewrite(roots, (e) => {
    const value = Object.is(e.value, -0) ? '-0' : e.value;
    const key = `${e.op} ${e.type} ${value} ${e.args.map((a) => numbers.get(a)!).join(' ')}`;
    const first = known.get(key);
    if (first !== undefined) return first;
    known.set(key, e);
    numbers.set(e, numbers.size);
    return e;
  });
}

function sameView(a: View, b: View): boolean {
  return (
    sameShape(a.shape, b.shape) &&
    sameShape(a.stride, b.stride) &&
    a.offset.base === b.offset.base &&
    a.offset.terms.length === b.offset.terms.length &&
    a.offset.terms.every((t, i) => t.slot === b.offset.terms[i]!.slot && t.scale === b.offset.terms[i]!.scale)
  );
}

export function sameAccess(a: Access, b: Access): boolean {
  return (
    a.buffer === b.buffer &&
    Object.is(a.fill, b.fill) &&
    sameView(a.view, b.view) &&
    a.gather.length === b.gather.length &&
    a.gather.every((g, i) => g.size === b.gather[i]!.size && g.stride === b.gather[i]!.stride)
  );
}

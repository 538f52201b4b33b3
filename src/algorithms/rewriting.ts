import { type Expr, rewrite } from '../ir/expr.ts';
import type { Access, BufferView, Kernel } from '../ir/kernel.ts';
import type { View } from '../ir/view.ts';

// What the rewritings of algorithms share.

/** A value without memory: the index along an axis of a loop nest, times `scale`. */
export function indexOf(shape: readonly number[], axis: number, scale = 1): Access {
  const stride = shape.map((_, i) => (i === axis ? scale : 0));
  return { buffer: null, view: { shape, stride, offset: { base: 0, terms: [] } }, gather: [], fill: null };
}

/**
 * Reads an operand over a loop nest at a computed index along `axis`; the nest's further axes are innermost. An index out of
 * range reads `fill`.
 */
export function along(
  { buffer, view }: BufferView,
  axis: number,
  nest: readonly number[],
  fill: number,
): Access {
  const stride = nest.map((_, i) => (i === axis ? 0 : (view.stride[i] ?? 0)));
  const rest: View = { shape: nest, stride, offset: view.offset };
  return { buffer, view: rest, gather: [{ size: view.shape[axis]!, stride: view.stride[axis]! }], fill };
}

/** The kernel's stores as a map's, with `acc` replaced by a value of further inputs. */
export function withoutSource(
  kernel: Kernel,
  inputs: readonly Access[],
  acc: (first: number) => Expr,
): Kernel {
  const value = acc(kernel.inputs.length);
  const exprs = rewrite(
    kernel.stores.map((store) => store.expr),
    (e) => (e.op === 'acc' ? value : e),
  );
  return {
    ...kernel,
    source: { kind: 'map' },
    inputs: [...kernel.inputs, ...inputs],
    stores: kernel.stores.map((store, i) => ({ ...store, expr: exprs[i]! })),
  };
}

/** A kernel that writes one expression to a new buffer. */
export function mapTo(
  kernel: Kernel,
  shape: readonly number[],
  inputs: readonly Access[],
  expr: Expr,
  buffer: number,
): Kernel {
  const { name } = kernel;
  return { kind: 'kernel', name, shape, source: { kind: 'map' }, inputs, stores: [{ buffer, expr }] };
}

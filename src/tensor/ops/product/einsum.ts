import { type DType, promote } from '../../../ir/dtype.ts';
import { checkTensor } from '../../apply.ts';
import type { Summed } from '../../dtypes.ts';
import type { Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { diagonal } from '../arrangement/diagonal.ts';
import { reshape, transpose } from '../arrangement/views.ts';
import { mul } from '../elementwise/arithmetic.ts';
import { cast } from '../elementwise/cast.ts';
import { contract } from '../matmul.ts';
import { sum } from '../reduction/reduce.ts';
import { readSubscripts } from './subscripts.ts';

/** A tensor whose axes have labels, each once. */
interface Labeled {
  readonly x: Tensor;
  readonly labels: readonly string[];
}

/**
 * Sums of products, in Einstein's notation, as `np.einsum`: `einsum('bij,bjk->bik', a, b)` is a batch of matrix products,
 * `einsum('ii->i', x)` a diagonal, `einsum('...ij->...ji', x)` a transposition. Without `->` the result has the
 * subscripts that occur once, in alphabetical order, after those of `...`. Axes of size 1 broadcast. Integers give int32,
 * which wraps.
 *
 * Order of contraction: subscripts of one operand alone that the result does not have are summed first. Then the two operands
 * whose product takes the fewest multiplications (of equals, the first ones) are contracted, as `matmul` does or element by
 * element, and the result takes the place of the first; and so on.
 *
 * @throws ShapeError, ValueError that name the subscript which does not fit.
 */
export function einsum<D extends DType = DType>(
  equation: string,
  ...operands: readonly Tensor<Shape, D>[]
): Tensor<Shape, Summed<D>>;
export function einsum(equation: string, ...operands: readonly Tensor[]): Tensor {
  for (const x of operands) checkTensor('einsum', x);
  const {
    operands: labels,
    output,
    sizes,
  } = readSubscripts(
    equation,
    operands.map((x) => x.node.shape),
  );
  const common = operands.reduce<DType>((d, x) => promote(d, x.dtype), 'bool');
  const dtype = common === 'float32' ? 'float32' : 'int32';
  let rest = operands.map((x, k) => simplified({ x: cast(x, dtype), labels: labels[k]! }));
  while (rest.length > 1) {
    const [i, j] = cheapestPair(rest, sizes);
    const others = rest.filter((_, k) => k !== i && k !== j);
    const wanted = new Set([...output, ...others.flatMap((o) => o.labels)]);
    const product = multiply(
      summed(rest[i]!, wanted, rest[j]!),
      summed(rest[j]!, wanted, rest[i]!),
      wanted,
      output,
    );
    rest = [...rest.slice(0, i), product, ...rest.slice(i + 1).filter((_, k) => k + i + 1 !== j)];
  }
  const last = summed(rest[0]!, new Set(output));
  // Subscripts whose axes all have size 1 were left out.
  const kept = output.filter((label) => last.labels.includes(label));
  const y = transpose(
    last.x,
    kept.map((label) => last.labels.indexOf(label)),
  );
  return reshape(
    y,
    output.map((label) => sizes.get(label)!),
  );
}

/** The operand with its diagonals taken, and without axes of size 1, over which it is constant. */
function simplified({ x, labels }: Labeled): Labeled {
  const wide = labels.flatMap((_, axis) => (x.node.shape[axis] === 1 ? [] : [axis]));
  let y = reshape(
    x,
    wide.map((axis) => x.node.shape[axis]!),
  );
  let names = wide.map((axis) => labels[axis]!);
  for (let axis = 0; axis < names.length; ) {
    const again = names.indexOf(names[axis]!, axis + 1);
    if (again < 0) axis++;
    else {
      y = diagonal(y, axis, again);
      // The diagonal is the last axis.
      names = [...names.filter((_, i) => i !== axis && i !== again), names[axis]!];
      axis = 0;
    }
  }
  return { x: y, labels: names };
}

/** The operand summed over the labels that neither `wanted` nor the other operand has. */
function summed({ x, labels }: Labeled, wanted: ReadonlySet<string>, other?: Labeled): Labeled {
  const isKept = (label: string): boolean => wanted.has(label) || (other?.labels.includes(label) ?? false);
  const axes = labels.flatMap((label, axis) => (isKept(label) ? [] : [axis]));
  return axes.length === 0 ? { x, labels } : { x: sum(x, axes), labels: labels.filter(isKept) };
}

function cheapestPair(list: readonly Labeled[], sizes: ReadonlyMap<string, number>): [number, number] {
  let [best, least] = [[0, 1] as [number, number], Infinity];
  for (let i = 0; i < list.length; i++) {
    for (let j = i + 1; j < list.length; j++) {
      const labels = new Set([...list[i]!.labels, ...list[j]!.labels]);
      const cost = [...labels].reduce((product, label) => product * sizes.get(label)!, 1);
      if (cost < least) [best, least] = [[i, j], cost];
    }
  }
  return best;
}

/** The product, summed over the labels that are not wanted: those are in both. */
function multiply(
  first: Labeled,
  second: Labeled,
  wanted: ReadonlySet<string>,
  output: readonly string[],
): Labeled {
  const inOutput = (label: string): number =>
    output.includes(label) ? output.indexOf(label) : output.length;
  const ordered = (labels: readonly string[]): string[] =>
    [...labels].sort((a, b) => inOutput(a) - inOutput(b));
  const shared = first.labels.filter((label) => second.labels.includes(label));
  const batch = ordered(shared.filter((label) => wanted.has(label)));
  const k = shared.filter((label) => !wanted.has(label));
  const only = (a: Labeled, b: Labeled): string[] =>
    ordered(a.labels.filter((label) => !b.labels.includes(label)));
  // The rows come first in the result.
  const [m, n] = [only(first, second), only(second, first)];
  const swaps = n.length > 0 && m.length > 0 && inOutput(n[0]!) < inOutput(m[0]!);
  const [a, b, rows, columns] = swaps ? [second, first, n, m] : [first, second, m, n];
  const labels = [...batch, ...rows, ...columns];
  if (k.length === 0) {
    const x = mul(
      arranged(a, [...batch, ...rows], columns.length),
      arranged(b, [...batch, ...columns], 0, rows.length, batch.length),
    );
    return { x, labels };
  }
  const x = contract(
    arranged(a, [...batch, ...rows, ...k], 0),
    arranged(b, [...batch, ...k, ...columns], 0),
    batch.length,
    rows.length,
    k.length,
    columns.length,
  );
  return { x, labels };
}

/** The operand with its axes in this order, and so many axes of size 1 at the end, or after the first `at`. */
function arranged(
  { x, labels }: Labeled,
  order: readonly string[],
  after: number,
  inside = 0,
  at = 0,
): Tensor {
  const y = transpose(
    x,
    order.map((label) => labels.indexOf(label)),
  );
  const ones = (count: number): number[] => new Array<number>(count).fill(1);
  const { shape } = y.node;
  return reshape(y, [...shape.slice(0, at), ...ones(inside), ...shape.slice(at), ...ones(after)]);
}

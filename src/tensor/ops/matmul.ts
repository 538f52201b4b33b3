import type { DType } from '../../ir/dtype.ts';
import { ShapeError } from '../../ir/errors.ts';
import { apply, checkCall, checkTensor } from '../apply.ts';
import type { Common, Summed } from '../dtypes.ts';
import { type Operation, operation } from '../operation.ts';
import { axesUpTo, broadcastShapes, type MatmulFits, type MatmulShape, type Shape, show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { broadcastTo, reshape, transpose } from './arrangement/views.ts';
import { cast } from './elementwise/cast.ts';
import { promoteOperands } from './elementwise/elementwise.ts';

/** Numbers of axes in each group: a is [batch, m, k], b is [batch, k, n], the result [batch, m, n]. */
interface ContractParams {
  readonly batch: number;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly [key: string]: number;
}

/** Of a product of two matrices: one object for all, which takes no time to compare. */
const matrices: ContractParams = { batch: 0, m: 1, k: 1, n: 1 };

export const contractGroups = (batch: number, m: number, k: number, n: number): ContractParams =>
  batch === 0 && m === 1 && k === 1 && n === 1 ? matrices : { batch, m, k, n };

/** The axes of three neighbouring groups with the last two exchanged. */
function exchange(batch: number, first: number, second: number): number[] {
  const axes = axesUpTo(batch);
  for (let i = 0; i < second; i++) axes.push(batch + first + i);
  for (let i = 0; i < first; i++) axes.push(batch + i);
  return axes;
}

/** Are `count` axes of a from `i` on of the same sizes as those of b from `j` on? */
function sameAxes(a: Shape, i: number, b: Shape, j: number, count: number): boolean {
  for (let axis = 0; axis < count; axis++) if (a[i + axis] !== b[j + axis]) return false;
  return true;
}

export const contractOperation: Operation<ContractParams> = operation<ContractParams>({
  name: 'matmul',
  shape: (inputs, { batch, m, k, n }) => {
    const [a, b] = inputs.map((input) => input.shape) as [Shape, Shape];
    if (!sameAxes(a, 0, b, 0, batch) || !sameAxes(a, batch + m, b, batch, k)) {
      throw new ShapeError(
        `[matmul] inner dimensions differ: ${show(a)} x ${show(b)}. ` +
          'The last axis of the first must equal the last but one of the second; transpose one of them.',
      );
    }
    return { shape: [...a.slice(0, batch + m), ...b.slice(b.length - n)], dtype: inputs[0]!.dtype };
  },
  // da = g b^T, db = a^T g
  vjp: (g, _y, [a, b], { batch, m, k, n }) => [
    () => apply(contractOperation, [g, transpose(b!, exchange(batch, k, n))], contractGroups(batch, m, n, k)),
    () => apply(contractOperation, [transpose(a!, exchange(batch, m, k)), g], contractGroups(batch, k, m, n)),
  ],
  lower: (_node, _b, { batch, m, k, n }) => ({ kind: 'contract', batch, m, k, n }),
});

/**
 * The contraction of a, [batch..., m..., k...], with b, [batch..., k..., n...], given the numbers of axes; of one data type,
 * float32 or int32.
 */
export function contract(a: Tensor, b: Tensor, batch: number, m: number, k: number, n: number): Tensor {
  const lead = a.node.shape.slice(0, batch);
  const group = (x: Tensor, from: number, count: number): Shape =>
    count === 0 ? [1] : x.node.shape.slice(from, from + count);
  const [rows, inner] = [group(a, batch, m), group(a, batch + m, k)];
  const columns = group(b, batch + k, n);
  const product = apply(
    contractOperation,
    [reshape(a, [...lead, ...rows, ...inner]), reshape(b, [...lead, ...inner, ...columns])],
    contractGroups(batch, rows.length, inner.length, columns.length),
  );
  return reshape(product, [...lead, ...(m === 0 ? [] : rows), ...(n === 0 ? [] : columns)]);
}

/**
 * The matrix product, with the rules of `np.matmul`: [..., M, K] x [..., K, N] gives [..., M, N], batch axes
 * broadcast; a 1-D first operand is a row and a 1-D second one a column, whose axis then vanishes. Integers
 * give int32, which wraps.
 */
export function matmul<A extends Shape, B extends Shape, D extends DType, E extends DType>(
  a: Tensor<A, D>,
  b: Tensor<B, E> & MatmulFits<A, B>,
): Tensor<MatmulShape<A, B>, Summed<Common<D, E>>>;
export function matmul(a: Tensor, b: Tensor): Tensor {
  checkCall('matmul', arguments.length, 2, a);
  checkTensor('matmul', b);
  if (a.rank === 0 || b.rank === 0) {
    throw new ShapeError(
      `[matmul] got shapes ${show(a.shape)} and ${show(b.shape)}, wanted at least one axis each. Use mul for scalars.`,
    );
  }
  const [pa, pb] = promoteOperands('matmul', a, b);
  const dtype = pa.dtype === 'float32' ? 'float32' : 'int32';
  let x = cast(pa, dtype);
  let y = cast(pb, dtype);
  if (x.rank === 1) x = reshape(x, [1, x.size]);
  if (y.rank === 1) y = reshape(y, [y.size, 1]);
  if (x.node.shape[x.rank - 1] !== y.node.shape[y.rank - 2]) {
    throw new ShapeError(
      `[matmul] inner dimensions differ: ${show(a.shape)} x ${show(b.shape)}. ` +
        'The last axis of the first must equal the last but one of the second; transpose one of them.',
    );
  }
  let product: Tensor;
  if (y.rank === 2) {
    // One matrix for all batches: the batch axes are rows like the others.
    product = apply(contractOperation, [x, y], contractGroups(0, x.rank - 1, 1, 1));
  } else {
    const batch = broadcastShapes('matmul', x.node.shape.slice(0, -2), y.node.shape.slice(0, -2));
    x = broadcastTo(x, [...batch, ...x.node.shape.slice(-2)]);
    y = broadcastTo(y, [...batch, ...y.node.shape.slice(-2)]);
    product = apply(contractOperation, [x, y], contractGroups(batch.length, 1, 1, 1));
  }
  if (a.rank > 1 && b.rank > 1) return product;
  const rows = a.rank > 1 ? product.node.shape.slice(0, -1) : product.node.shape.slice(0, -2);
  return reshape(product, b.rank > 1 ? [...rows, product.node.shape[product.rank - 1]!] : rows);
}

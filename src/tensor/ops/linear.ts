import { ShapeError } from '../../ir/errors.ts';
import { sameShape } from '../../ir/view.ts';
import { apply, notATensor } from '../apply.ts';
import { type Operation, operation } from '../operation.ts';
import { broadcastShapes, type MatmulFits, type MatmulShape, type Shape, show } from '../shape.ts';
import { Tensor } from '../tensor.ts';
import { cast } from './cast.ts';
import { promoteOperands } from './elementwise.ts';
import { broadcastTo, reshape, transpose } from './shaping.ts';

/** Numbers of axes in each group: a is [batch, m, k], b is [batch, k, n], the result [batch, m, n]. */
interface ContractParams {
  readonly batch: number;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly [key: string]: number;
}

/** The axes of three neighbouring groups with the last two exchanged. */
const exchange = (batch: number, first: number, second: number): number[] => [
  ...Array.from({ length: batch }, (_, i) => i),
  ...Array.from({ length: second }, (_, i) => batch + first + i),
  ...Array.from({ length: first }, (_, i) => batch + i),
];

const contractOperation: Operation<ContractParams> = operation<ContractParams>({
  name: 'matmul',
  shape: ([a, b], { batch, m, k, n }) => {
    const outer = a!.shape.slice(0, batch);
    const inner = a!.shape.slice(batch + m);
    if (!sameShape(outer, b!.shape.slice(0, batch)) || !sameShape(inner, b!.shape.slice(batch, batch + k))) {
      throw new ShapeError(
        `[matmul] inner dimensions differ: ${show(a!.shape)} x ${show(b!.shape)}. ` +
          'The last axis of the first must equal the last but one of the second; transpose one of them.',
      );
    }
    return {
      shape: [...a!.shape.slice(0, batch + m), ...b!.shape.slice(b!.shape.length - n)],
      dtype: a!.dtype,
    };
  },
  // da = g b^T, db = a^T g
  vjp: (g, _y, [a, b], { batch, m, k, n }) => [
    () => apply(contractOperation, [g, transpose(b!, exchange(batch, k, n))], { batch, m, k: n, n: k }),
    () => apply(contractOperation, [transpose(a!, exchange(batch, m, k)), g], { batch, m: k, k: m, n }),
  ],
  lower: (_node, _b, { batch, m, k, n }) => ({ kind: 'contract', batch, m, k, n }),
});

/**
 * The matrix product, with the rules of `np.matmul`: [..., M, K] x [..., K, N] gives [..., M, N], batch axes
 * broadcast; a 1-D first operand is a row and a 1-D second one a column, whose axis then vanishes. Integers
 * give int32, which wraps.
 */
export function matmul<A extends Shape, B extends Shape>(
  a: Tensor<A>,
  b: Tensor<B> & MatmulFits<A, B>,
): Tensor<MatmulShape<A, B>>;
export function matmul(a: Tensor, b: Tensor): Tensor {
  for (const t of [a, b]) if (!(t instanceof Tensor)) throw notATensor('matmul', t);
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
  const xBatch = x.shape.slice(0, -2);
  const yBatch = y.shape.slice(0, -2);
  if (x.shape[x.rank - 1] !== y.shape[y.rank - 2]) {
    throw new ShapeError(
      `[matmul] inner dimensions differ: ${show(a.shape)} x ${show(b.shape)}. ` +
        'The last axis of the first must equal the last but one of the second; transpose one of them.',
    );
  }
  const batch = broadcastShapes('matmul', xBatch, yBatch);
  let product: Tensor;
  if (yBatch.length === 0 && xBatch.length > 0) {
    // One matrix for all batches: the batch axes are rows like the others.
    product = apply(contractOperation, [x, y], { batch: 0, m: xBatch.length + 1, k: 1, n: 1 });
  } else {
    x = broadcastTo(x, [...batch, ...x.shape.slice(-2)]);
    y = broadcastTo(y, [...batch, ...y.shape.slice(-2)]);
    product = apply(contractOperation, [x, y], { batch: batch.length, m: 1, k: 1, n: 1 });
  }
  if (a.rank > 1 && b.rank > 1) return product;
  const rows = a.rank > 1 ? product.shape.slice(0, -1) : product.shape.slice(0, -2);
  return reshape(product, b.rank > 1 ? [...rows, product.shape[product.rank - 1]!] : rows);
}

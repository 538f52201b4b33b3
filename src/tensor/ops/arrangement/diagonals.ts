import type { DType } from '../../../ir/dtype.ts';
import { ShapeError, ValueError } from '../../../ir/errors.ts';
import { MAX_COUNT } from '../../../ir/view.ts';
import { checkCall } from '../../apply.ts';
import { checkSize, type Shape, show } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { equal, lessEqual, where } from '../elementwise/logic.ts';
import { iota } from '../source/iota.ts';
import { scalar } from '../source/scalar.ts';
import { diagonal } from './diagonal.ts';
import { dilatedPad } from './dilated-pad.ts';
import { reshape } from './views.ts';

// Diagonals are numbered as in NumPy: 0 is the main one, those above it are positive, those below it negative.

/** The number of a diagonal, limited to those that matrices have. */
function offsetOf(operation: string, k: number): number {
  if (Number.isInteger(k)) return Math.min(Math.max(k, -MAX_COUNT), MAX_COUNT);
  throw new ValueError(`[${operation}] got k ${String(k)}, wanted a whole number, the number of a diagonal.`);
}

/** Column minus row of each element of a matrix: the number of its diagonal. */
const diagonalNumbers = (rows: number, columns: number): Tensor =>
  (iota(columns) as Tensor).sub(reshape(iota(rows), [rows, 1]));

function matrixOf(operation: string, x: Tensor): Tensor {
  if (x.rank < 2)
    throw new ShapeError(`[${operation}] got shape ${show(x.shape)}, wanted [..., rows, columns].`);
  return diagonalNumbers(x.node.shape.at(-2)!, x.node.shape.at(-1)!);
}

/** The lower triangles of matrices [..., rows, columns]: what lies above diagonal k is 0. */
export function tril<S extends Shape, D extends DType>(x: Tensor<S, D>, k?: number): Tensor<S, D>;
export function tril(x: Tensor, k = 0): Tensor {
  checkCall('tril', arguments.length, 2, x);
  const last = offsetOf('tril', k);
  return where(lessEqual(matrixOf('tril', x), last), x, scalar(0, x.dtype) as Tensor);
}

/** The upper triangles of matrices [..., rows, columns]: what lies below diagonal k is 0. */
export function triu<S extends Shape, D extends DType>(x: Tensor<S, D>, k?: number): Tensor<S, D>;
export function triu(x: Tensor, k = 0): Tensor {
  checkCall('triu', arguments.length, 2, x);
  const first = scalar(offsetOf('triu', k), 'int32') as Tensor;
  return where(lessEqual(first, matrixOf('triu', x)), x, scalar(0, x.dtype) as Tensor);
}

/** As `np.diag`: of a vector the matrix that has it on diagonal k and zeros elsewhere; of a matrix its diagonal k. */
export function diag<D extends DType>(x: Tensor<Shape, D>, k?: number): Tensor<Shape, D>;
export function diag(x: Tensor, k = 0): Tensor {
  checkCall('diag', arguments.length, 2, x);
  const offset = offsetOf('diag', k);
  if (x.rank === 1) {
    const size = x.size + Math.abs(offset);
    checkSize('diag', [size, size]);
    // Along the columns, or the rows, in which the diagonal begins at 0.
    const along = dilatedPad(x, [size], [0], [1]);
    const values = offset >= 0 ? reshape(along, [size, 1]) : along;
    return where(equal(diagonalNumbers(size, size), offset), values, scalar(0, x.dtype) as Tensor);
  }
  if (x.rank !== 2)
    throw new ShapeError(
      `[diag] got shape ${show(x.shape)}, wanted a vector [n] or a matrix [rows, columns].`,
    );
  return diagonal(x, 0, 1, offset);
}

import type { NdArray } from 'ndarray';
import {
  checkCount,
  checkNumber,
  checkOptions,
  describe,
  isRecord,
  type Known,
  reportAs,
} from '../ir/arguments.ts';
import { allocate, checkDType, type DType, dtypes, fits, type TypedArray } from '../ir/dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../ir/errors.ts';
import { leafNode } from '../ir/node.ts';
import { Storage } from '../ir/storage.ts';
import { type NumberArray, numberArray, typedArrayName } from '../ir/typed-array.ts';
import { sizeOf } from '../ir/view.ts';
import { checkCall, unchanged } from './apply.ts';
import { isNdArray, type NdArrayLike, rowMajor } from './border.ts';
import { broadcastTo, reshape } from './ops/arrangement/views.ts';
import { cast } from './ops/elementwise/cast.ts';
import { iota } from './ops/source/iota.ts';
import { scalar as scalarNode } from './ops/source/scalar.ts';
import { checkShape, type Plain, type Shape, show } from './shape.ts';
import { Tensor } from './tensor.ts';
import type { GivenDType, GivenShape, Only } from './values.ts';

/** Nested arrays of numbers or booleans, each level of one length; the innermost may be typed arrays. */
export type NestedArray = readonly (number | boolean | NestedArray | NumberArray)[];

/** Everything that a tensor can be made of. */
export type TensorLike = number | boolean | NestedArray | NumberArray | NdArray | NdArrayLike | Tensor;

export interface TensorOptions<S extends Shape = Shape> {
  /** The shape of flat data; nested arrays and ndarrays have their own. */
  readonly shape?: S;
  /**
   * By default typed arrays keep their type (Float64Array and wide integers become float32 and int32),
   * booleans give bool, and all other numbers float32.
   */
  readonly dtype?: DType;
  /**
   * false lets the tensor use a typed array of the right type without a copy; it must not be changed
   * afterwards.
   */
  readonly copy?: boolean;
}

/**
 * A tensor with the given values: a number, nested arrays, a typed array (with `shape`), or an `ndarray` with
 * any strides.
 *
 * @throws ShapeError where nested arrays are ragged or the values do not fill the shape.
 * @throws ValueError where a number does not fit an integer dtype.
 */
export function tensor<const V extends TensorLike, const O extends TensorOptions = {}>(
  values: V,
  options?: O & Only<O, keyof TensorOptions>,
): Tensor<GivenShape<V, O>, GivenDType<V, O>>;
export function tensor(values: TensorLike, options: TensorOptions = {}): Tensor {
  checkCount('tensor', arguments.length, 2);
  checkOptions('tensor', options, tensorOptions);
  if (values instanceof Tensor) {
    return reportAs('tensor', () => {
      const t = options.dtype === undefined ? unchanged(values) : cast(values, options.dtype);
      return options.shape === undefined ? t : reshape(t, options.shape);
    });
  }
  const source = read(values);
  const { dtype: target = source.dtype, copy = true } = options;
  const size = sizeOf(source.shape);
  checkDType('tensor', target);
  const wanted = options.shape === undefined ? source.shape : checkShape('tensor', options.shape);
  if (sizeOf(wanted) !== size) {
    throw new ShapeError(
      `[tensor] got ${size} values for shape ${show(wanted)}, which holds ${sizeOf(wanted)}. Give a shape of the same size.`,
    );
  }
  return fromArray(convertValues(source, target, copy), wanted, target);
}

const tensorOptions: Known<TensorOptions> = { shape: 0, dtype: 0, copy: true };

/** A leaf over a typed array of the dtype's own kind, used as it is. */
export function fromArray<S extends Shape, D extends DType>(
  array: TypedArray,
  shape: S,
  dtype: D,
): Tensor<S, D> {
  return new Tensor<S, D>(leafNode(new Storage(dtype, array), [...shape]));
}

interface Source {
  readonly shape: Shape;
  readonly dtype: DType;
  /** The values in row-major order: rows of nested arrays, or all at once. */
  readonly rows: Iterable<Row>;
}

type Row = ArrayLike<number | boolean>;

function read(values: Exclude<TensorLike, Tensor>): Source {
  if (typeof values === 'number') return { rows: [[values]], shape: [], dtype: 'float32' };
  if (typeof values === 'boolean') return { rows: [[values]], shape: [], dtype: 'bool' };
  const flat = numberArray(values);
  if (flat !== null) return { rows: [flat], shape: [flat.length], dtype: dtypeOfArray(flat) };
  if (Array.isArray(values)) return readNested('tensor', values);
  if (typeof values === 'object' && values !== null && isNdArray(values)) {
    const data = rowMajor('tensor', 'the ndarray', values);
    return { rows: [data], shape: [...values.shape], dtype: dtypeOfArray(values.data) };
  }
  const hint = isRecord(values) && 'data' in values ? ' From JSON: tensor(json.data, { shape, dtype }).' : '';
  throw new DTypeError(
    `[tensor] got ${describe(values)}, wanted a number, nested arrays, a typed array of numbers, an ndarray or a Tensor.${hint}`,
  );
}

function dtypeOfArray(data: object): DType {
  const name = typedArrayName(data) ?? '';
  if (/^Uint8/.test(name)) return 'uint8';
  return /int/i.test(name) ? 'int32' : 'float32';
}

/** NumPy has the same limit. */
const MAX_RANK = 64;

/** The rows of nested arrays, which are checked. */
export function readNested(operation: string, values: NestedArray): Source {
  const shape: number[] = [];
  for (let level: unknown = values; isList(level); level = level[0]) {
    if (shape.push(level.length) <= MAX_RANK) continue;
    throw new ShapeError(
      `[${operation}] got arrays nested in more than ${MAX_RANK} levels. Does an array contain itself?`,
    );
  }
  let booleans = 0;
  const rows: Row[] = [];
  const walk = (level: NestedArray | NumberArray, axis: number): void => {
    if (level.length !== shape[axis]) ragged(operation, shape, axis, level.length);
    const isRow = axis + 1 === shape.length;
    if (isRow) rows.push(level as Row);
    else if (!Array.isArray(level)) ragged(operation, shape, axis + 1, 0);
    for (const item of Array.isArray(level) ? (level as NestedArray) : []) {
      if (typeof item !== 'number' && isList(item)) {
        if (isRow) ragged(operation, shape, axis + 1, item.length);
        walk(item, axis + 1);
      } else if (!isRow) {
        ragged(operation, shape, axis + 1, 0);
      } else if (typeof item === 'boolean') {
        booleans++;
      } else if (typeof item !== 'number') {
        throw new ValueError(
          `[${operation}] got ${describe(item)} among the values, wanted numbers or booleans. ` +
            'Tensors are joined with stack or concat.',
        );
      }
    }
  };
  walk(values, 0);
  return { rows, shape, dtype: booleans > 0 && booleans === sizeOf(shape) ? 'bool' : 'float32' };
}

const isList = (x: unknown): x is NestedArray | NumberArray => Array.isArray(x) || numberArray(x) !== null;

function ragged(operation: string, shape: readonly number[], axis: number, got: number): never {
  throw new ShapeError(
    `[${operation}] nested arrays are ragged: axis ${axis} has ${shape[axis] ?? 0} elements in one place and ${got} in another. ` +
      'Give every level one length.',
  );
}

function convertValues({ rows, shape }: Source, dtype: DType, copy: boolean): TypedArray {
  const [first] = rows;
  const own = dtypes[dtype].allocate(0);
  if (!copy && first?.constructor === own.constructor && first.length === sizeOf(shape)) {
    const array = first as TypedArray;
    if (dtype !== 'bool' || array.every((x) => x <= 1)) return array;
  }
  const out = allocate('tensor', dtype, sizeOf(shape));
  let at = 0;
  for (const row of rows) {
    if (dtype === 'bool') for (let i = 0; i < row.length; i++) out[at + i] = Number(Number(row[i]) !== 0);
    else out.set(row as ArrayLike<number>, at);
    if (dtype === 'int32' || dtype === 'uint8') {
      for (let i = 0; i < row.length; i++) {
        if (out[at + i] === Number(row[i])) continue;
        throw new ValueError(
          `[tensor] value ${row[i]} does not fit ${dtype}. Pass dtype: 'float32', or round and limit the values first.`,
        );
      }
    }
    at += row.length;
  }
  return out;
}

function checkFits(operation: string, value: number): void {
  if (!fits(value, 'int32')) {
    throw new ValueError(`[${operation}] ${value} does not fit int32. Give a fractional number for float32.`);
  }
}

/** A scalar. */
export function scalar(value: number): Tensor<[], 'float32'>;
export function scalar<D extends DType>(value: number, dtype: D | undefined): Tensor<[], D>;
export function scalar(value: number, dtype: DType = 'float32'): Tensor<[]> {
  checkCount('scalar', arguments.length, 2);
  return scalarNode(value, dtype);
}

/** The value everywhere. It takes no memory: one number is broadcast. */
export function full<const S extends Shape>(shape: S, value: number): Tensor<Plain<S>, 'float32'>;
export function full<const S extends Shape, D extends DType>(
  shape: S,
  value: number,
  dtype: D | undefined,
): Tensor<Plain<S>, D>;
export function full(shape: Shape, value: number, dtype: DType = 'float32'): Tensor {
  checkCount('full', arguments.length, 3);
  checkShape('full', shape);
  return reportAs('full', () => broadcastTo(scalarNode(value, dtype), shape));
}

/** Zeros. */
export function zeros<const S extends Shape>(shape: S): Tensor<Plain<S>, 'float32'>;
export function zeros<const S extends Shape, D extends DType>(
  shape: S,
  dtype: D | undefined,
): Tensor<Plain<S>, D>;
export function zeros(shape: Shape, dtype?: DType): Tensor {
  checkCount('zeros', arguments.length, 2);
  return reportAs('zeros', () => full(shape, 0, dtype));
}

/** Ones. */
export function ones<const S extends Shape>(shape: S): Tensor<Plain<S>, 'float32'>;
export function ones<const S extends Shape, D extends DType>(
  shape: S,
  dtype: D | undefined,
): Tensor<Plain<S>, D>;
export function ones(shape: Shape, dtype?: DType): Tensor {
  checkCount('ones', arguments.length, 2);
  return reportAs('ones', () => full(shape, 1, dtype));
}

/**
 * start, start + step, ... up to but without stop; `arange(n)` counts from 0. Whole numbers give int32,
 * others float32.
 */
export function arange(start: number, stop?: number, step = 1): Tensor<[number]> {
  checkCount('arange', arguments.length, 3);
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  if (step === 0 || ![from, to, step].every(Number.isFinite)) {
    throw new ValueError(
      `[arange] got start ${from}, stop ${to}, step ${step}, wanted finite numbers and a step other than 0.`,
    );
  }
  const n = Math.max(0, Math.ceil((to - from) / step));
  checkShape('arange', [n]);
  if ([from, to, step].every(Number.isInteger)) {
    for (const end of n > 0 ? [from, from + (n - 1) * step] : []) checkFits('arange', end);
    return iota(n).mul(step).add(from);
  }
  return filled('arange', n, (i) => from + i * step);
}

/** n numbers in equal distances from start to stop, both included. */
export function linspace(start: number, stop: number, n: number): Tensor<[number], 'float32'> {
  checkCount('linspace', arguments.length, 3);
  checkNumber('linspace', 'start', start);
  checkNumber('linspace', 'stop', stop);
  checkShape('linspace', [n]);
  const at = (i: number): number =>
    i === n - 1 && n > 1 ? stop : start + (i * (stop - start)) / (n - 1 || 1);
  return filled('linspace', n, at);
}

function filled(operation: string, n: number, at: (i: number) => number): Tensor<[number], 'float32'> {
  const values = allocate(operation, 'float32', n);
  for (let i = 0; i < n; i++) values[i] = at(i);
  return fromArray(values, [n] as [number], 'float32');
}

/** Zeros of the shape of a tensor, and of its data type unless another one is given. */
export function zerosLike<S extends Shape, D extends DType>(x: Tensor<S, D>, dtype?: D): Tensor<S, D>;
export function zerosLike<S extends Shape, D extends DType>(x: Tensor<S>, dtype: D): Tensor<S, D>;
export function zerosLike(x: Tensor, dtype?: DType): Tensor {
  checkCall('zerosLike', arguments.length, 2, x);
  return reportAs('zerosLike', () => full(x.node.shape, 0, dtype ?? x.dtype));
}

/** Ones of the shape of a tensor, and of its data type unless another one is given. */
export function onesLike<S extends Shape, D extends DType>(x: Tensor<S, D>, dtype?: D): Tensor<S, D>;
export function onesLike<S extends Shape, D extends DType>(x: Tensor<S>, dtype: D): Tensor<S, D>;
export function onesLike(x: Tensor, dtype?: DType): Tensor {
  checkCall('onesLike', arguments.length, 2, x);
  return reportAs('onesLike', () => full(x.node.shape, 1, dtype ?? x.dtype));
}

/** One number in the shape of a tensor, and in its data type unless another one is given. */
export function fullLike<S extends Shape, D extends DType>(
  x: Tensor<S, D>,
  value: number,
  dtype?: D,
): Tensor<S, D>;
export function fullLike<S extends Shape, D extends DType>(
  x: Tensor<S>,
  value: number,
  dtype: D,
): Tensor<S, D>;
export function fullLike(x: Tensor, value: number, dtype?: DType): Tensor {
  checkCall('fullLike', arguments.length, 3, x);
  return reportAs('fullLike', () => full(x.node.shape, value, dtype ?? x.dtype));
}

/** The identity matrix; with two sizes the matrix [rows, columns] with ones on its diagonal and zeros elsewhere. */
export function eye(rows: number): Tensor<[number, number], 'float32'>;
export function eye<D extends DType>(rows: number, dtype: D | undefined): Tensor<[number, number], D>;
export function eye(rows: number, columns: number): Tensor<[number, number], 'float32'>;
export function eye<D extends DType>(
  rows: number,
  columns: number,
  dtype: D | undefined,
): Tensor<[number, number], D>;
export function eye(rows: number, columns?: number | DType, dtype?: DType): Tensor<[number, number]> {
  checkCount('eye', arguments.length, 3);
  const [m, type = 'float32'] =
    typeof columns === 'string' || columns === undefined ? [rows, columns ?? dtype] : [columns, dtype];
  checkShape('eye', [rows, m]);
  checkDType('eye', type);
  return cast(reshape(iota(rows), [rows, 1]).equal(iota(m)), type) as Tensor<[number, number]>;
}

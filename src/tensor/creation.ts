import type { NdArray } from 'ndarray';
import { checkCount, checkNumber, checkOptions, describe, reportAs } from '../ir/arguments.ts';
import { checkDType, type DType, dtypes, fits, type TypedArray } from '../ir/dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../ir/errors.ts';
import { leafNode } from '../ir/node.ts';
import { Storage } from '../ir/storage.ts';
import { sizeOf } from '../ir/view.ts';
import { unchanged } from './apply.ts';
import { isNdArray, type NdArrayLike, rowMajor } from './border.ts';
import { broadcastTo, reshape } from './ops/arrangement/views.ts';
import { cast } from './ops/elementwise/cast.ts';
import { iota } from './ops/source/iota.ts';
import { scalar as scalarNode } from './ops/source/scalar.ts';
import { checkShape, type Plain, type Shape, show } from './shape.ts';
import { Tensor } from './tensor.ts';
import type { GivenDType, GivenShape, Only } from './values.ts';

/** Nested arrays of numbers or booleans, each level of one length; the innermost may be typed arrays. */
export type NestedArray = readonly (number | boolean | NestedArray | TypedArray | Float64Array)[];

const isList = (x: unknown): x is NestedArray =>
  Array.isArray(x) || [Float32Array, Float64Array, Int32Array, Uint8Array].some((type) => x instanceof type);

/** Everything that a tensor can be made of. */
export type TensorLike =
  | number
  | boolean
  | NestedArray
  | TypedArray
  | Float64Array
  | Uint8ClampedArray
  | Int8Array
  | Int16Array
  | Uint16Array
  | Uint32Array
  | NdArray
  | NdArrayLike
  | Tensor;

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
  const { data, shape, dtype } = read(values);
  const target = options.dtype ?? dtype;
  checkDType('tensor', target);
  const wanted = options.shape === undefined ? shape : checkShape('tensor', options.shape);
  if (sizeOf(wanted) !== data.length) {
    throw new ShapeError(
      `[tensor] got ${data.length} values for shape ${show(wanted)}, which holds ${sizeOf(wanted)}. Give a shape of the same size.`,
    );
  }
  return fromArray(convertValues(data, target, options.copy ?? true), wanted, target);
}

const tensorOptions: Record<keyof TensorOptions, undefined> = {
  shape: undefined,
  dtype: undefined,
  copy: undefined,
};

/** A leaf over a typed array of the dtype's own kind, used as it is. */
export function fromArray<S extends Shape, D extends DType>(
  array: TypedArray,
  shape: S,
  dtype: D,
): Tensor<S, D> {
  return new Tensor<S, D>(leafNode(new Storage(dtype, array), [...shape]));
}

function read(values: Exclude<TensorLike, Tensor>): { data: ArrayLike<number>; shape: Shape; dtype: DType } {
  if (typeof values === 'number') return { data: [values], shape: [], dtype: 'float32' };
  if (typeof values === 'boolean') return { data: [values ? 1 : 0], shape: [], dtype: 'bool' };
  if (ArrayBuffer.isView(values) && 'length' in values && typeof values[0] !== 'bigint') {
    const data = values as Exclude<typeof values, DataView>;
    return { data, shape: [data.length], dtype: dtypeOfArray(data) };
  }
  if (Array.isArray(values)) return readNested(values);
  if (typeof values === 'object' && values !== null && isNdArray(values)) {
    return { data: rowMajor(values), shape: [...values.shape], dtype: dtypeOfArray(values.data) };
  }
  throw new DTypeError(
    `[tensor] got ${describe(values)}, wanted a number, nested arrays, a typed array, an ndarray or a Tensor.`,
  );
}

function dtypeOfArray(data: object): DType {
  if (data instanceof Uint8Array || data instanceof Uint8ClampedArray) return 'uint8';
  const wide = [Int32Array, Int8Array, Int16Array, Uint16Array, Uint32Array];
  return wide.some((type) => data instanceof type) ? 'int32' : 'float32';
}

function readNested(values: NestedArray): { data: number[]; shape: number[]; dtype: DType } {
  const shape: number[] = [];
  for (let level: unknown = values; isList(level); level = level[0]) shape.push(level.length);
  const data: number[] = [];
  let booleans = 0;
  const walk = (level: NestedArray, axis: number): void => {
    if (level.length !== shape[axis]) ragged(shape, axis, level.length);
    for (const item of level) {
      if (isList(item)) {
        if (axis + 1 >= shape.length) ragged(shape, axis + 1, item.length);
        walk(item, axis + 1);
      } else if (axis + 1 < shape.length) {
        ragged(shape, axis + 1, 0);
      } else if (typeof item === 'number') {
        data.push(item);
      } else if (typeof item === 'boolean') {
        booleans++;
        data.push(item ? 1 : 0);
      } else {
        throw new ValueError(
          `[tensor] got ${describe(item)} among the values, wanted numbers or booleans. ` +
            'Tensors are joined with stack or concat.',
        );
      }
    }
  };
  walk(values, 0);
  return { data, shape, dtype: booleans > 0 && booleans === data.length ? 'bool' : 'float32' };
}

function ragged(shape: readonly number[], axis: number, got: number): never {
  throw new ShapeError(
    `[tensor] nested arrays are ragged: axis ${axis} has ${shape[axis] ?? 0} elements in one place and ${got} in another. ` +
      'Give every level one length.',
  );
}

function convertValues(data: ArrayLike<number>, dtype: DType, copy: boolean): TypedArray {
  const own = dtypes[dtype].allocate(0);
  const asItIs =
    data.constructor === own.constructor && (dtype !== 'bool' || (data as TypedArray).every((x) => x <= 1));
  if (!copy && asItIs) return data as TypedArray;
  if (dtype === 'bool') return Uint8Array.from(data, (x) => (x !== 0 ? 1 : 0));
  const out = dtypes[dtype].allocate(data.length);
  out.set(data);
  if (dtype !== 'float32') {
    for (let i = 0; i < out.length; i++) {
      if (out[i] !== data[i]) {
        throw new ValueError(
          `[tensor] value ${data[i]} does not fit ${dtype}. Leave the dtype away, or round and limit the values first.`,
        );
      }
    }
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
  if ([from, to, step].every(Number.isInteger)) {
    for (const end of n > 0 ? [from, from + (n - 1) * step] : []) checkFits('arange', end);
    return iota(n).mul(step).add(from);
  }
  const values = Float32Array.from({ length: n }, (_, i) => from + i * step);
  return fromArray(values, [n] as [number], 'float32');
}

/** n numbers in equal distances from start to stop, both included. */
export function linspace(start: number, stop: number, n: number): Tensor<[number], 'float32'> {
  checkCount('linspace', arguments.length, 3);
  checkNumber('linspace', 'start', start);
  checkNumber('linspace', 'stop', stop);
  checkShape('linspace', [n]);
  const at = (i: number): number =>
    i === n - 1 && n > 1 ? stop : start + (i * (stop - start)) / (n - 1 || 1);
  return fromArray(
    Float32Array.from({ length: n }, (_, i) => at(i)),
    [n] as [number],
    'float32',
  );
}

/** The identity matrix. */
export function eye(n: number): Tensor<[number, number], 'float32'>;
export function eye<D extends DType>(n: number, dtype: D | undefined): Tensor<[number, number], D>;
export function eye(n: number, dtype: DType = 'float32'): Tensor<[number, number]> {
  checkCount('eye', arguments.length, 2);
  checkShape('eye', [n]);
  checkDType('eye', dtype);
  const i = iota(n);
  return cast(reshape(i, [n, 1]).equal(i), dtype) as Tensor<[number, number]>;
}

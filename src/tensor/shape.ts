import { checkArray, describe } from '../ir/arguments.ts';
import { ShapeError } from '../ir/errors.ts';
import { MAX_COUNT, sameShape } from '../ir/view.ts';

/**
 * The shape of a tensor, as a type: `[number, 784]` is a matrix of 784 columns and any number of rows,
 * `readonly number[]` (the default) says nothing. Dimensions that are literals are checked by the compiler,
 * `number` fits everything.
 */
export type Shape = readonly number[];

/** A shape without `readonly`, as tensors have it. */
export type Plain<S extends Shape> =
  HasKnownRank<S> extends true ? { -readonly [K in keyof S]: S[K] } : Shape;

/**
 * What a parameter's type becomes where literal dimensions can't fit: the message shows in the compiler's
 * error.
 */
export interface ShapeMismatch<Message extends string> {
  readonly shapeError: Message;
}

type IsKnown<N extends number> = number extends N ? false : true;

/** Can two dimensions be the same? A union such as `1 | 3` is treated like `number`. */
type SameDim<A extends number, B extends number> =
  IsKnown<A> extends false
    ? true
    : IsKnown<B> extends false
      ? true
      : [A] extends [B]
        ? true
        : [B] extends [A]
          ? true
          : false;

type BroadcastDim<A extends number, B extends number> = [A] extends [1]
  ? B
  : [B] extends [1]
    ? A
    : IsKnown<A> extends false
      ? B
      : IsKnown<B> extends false
        ? A
        : SameDim<A, B> extends true
          ? A
          : never;

type HasKnownRank<S extends Shape> = number extends S['length'] ? false : true;

/**
 * The shape of an elementwise operation, by NumPy's broadcasting rules; `never` where the shapes do not fit.
 */
export type Broadcast<A extends Shape, B extends Shape> =
  HasKnownRank<A> extends false ? Shape : HasKnownRank<B> extends false ? Shape : BroadcastTuple<A, B, []>;

type BroadcastTuple<A extends Shape, B extends Shape, Done extends Shape> = A extends readonly [
  ...infer AHead extends Shape,
  infer ALast extends number,
]
  ? B extends readonly [...infer BHead extends Shape, infer BLast extends number]
    ? [BroadcastDim<ALast, BLast>] extends [never]
      ? never
      : BroadcastTuple<AHead, BHead, [BroadcastDim<ALast, BLast>, ...Done]>
    : [...A, ...Done]
  : [...B, ...Done];

/** The constraint on the second operand of an elementwise operation. */
export type Broadcastable<A extends Shape, B extends Shape> = [Broadcast<A, B>] extends [never]
  ? ShapeMismatch<`shapes [${Print<A>}] and [${Print<B>}] do not broadcast`>
  : unknown;

/** The constraint that two shapes are the same. */
export type Same<A extends Shape, B extends Shape> =
  HasKnownRank<A> extends false
    ? unknown
    : HasKnownRank<B> extends false
      ? unknown
      : SameTuple<A, B> extends true
        ? unknown
        : ShapeMismatch<`shape [${Print<B>}] is not [${Print<A>}]`>;

type SameTuple<A extends Shape, B extends Shape> = A extends readonly [
  infer AH extends number,
  ...infer AT extends Shape,
]
  ? B extends readonly [infer BH extends number, ...infer BT extends Shape]
    ? SameDim<AH, BH> extends true
      ? SameTuple<AT, BT>
      : false
    : false
  : B extends readonly []
    ? true
    : false;

/** The shape of `matmul` of two matrices; other ranks fall back to an unknown shape. */
export type MatmulShape<A extends Shape, B extends Shape> = A extends readonly [
  infer M extends number,
  number,
]
  ? B extends readonly [number, infer N extends number]
    ? [M, N]
    : Shape
  : Shape;

/** The constraint on the second operand of `matmul`. */
export type MatmulFits<A extends Shape, B extends Shape> = A extends readonly [number, infer K extends number]
  ? B extends readonly [infer L extends number, number]
    ? SameDim<K, L> extends true
      ? unknown
      : ShapeMismatch<`inner dimensions differ: [${Print<A>}] x [${Print<B>}]`>
    : unknown
  : unknown;

/**
 * The shape of a reduction over `Axes`: none given for all, or one literal axis; others fall back to an
 * unknown shape. With `keepDims: true` the reduced axes stay with size 1.
 */
export type Reduced<S extends Shape, Axes, Options> = Axes extends undefined
  ? Options extends { readonly keepDims: true }
    ? { -readonly [K in keyof S]: 1 }
    : Options extends { readonly keepDims: boolean }
      ? Shape
      : []
  : HasKnownRank<S> extends false
    ? Shape
    : Axes extends number
      ? number extends Axes
        ? Shape
        : `${Axes}` extends `-${infer K}`
          ? ReduceFromEnd<S, K, Remains<Options>, [1], []>
          : ReduceAt<S, `${Axes}`, Remains<Options>, []>
      : Shape;

/** What a reduction leaves of its axis; `never` where that is not known. */
type Remains<Options> = Options extends { readonly keepDims: true }
  ? [1]
  : Options extends { readonly keepDims: boolean }
    ? never
    : [];

type ReduceAt<S extends Shape, Axis extends string, Left extends Shape, Done extends Shape> = [Left] extends [
  never,
]
  ? Shape
  : S extends readonly [infer H extends number, ...infer T extends Shape]
    ? `${Done['length']}` extends Axis
      ? [...Done, ...Left, ...T]
      : ReduceAt<T, Axis, Left, [...Done, H]>
    : Shape;

/** `Count` has as many elements as the last axis is from the end, 1 for the last. */
type ReduceFromEnd<
  S extends Shape,
  FromEnd extends string,
  Left extends Shape,
  Count extends Shape,
  Done extends Shape,
> = [Left] extends [never]
  ? Shape
  : S extends readonly [...infer H extends Shape, infer L extends number]
    ? `${Count['length']}` extends FromEnd
      ? [...H, ...Left, ...Done]
      : ReduceFromEnd<H, FromEnd, Left, [...Count, 1], [L, ...Done]>
    : Shape;

/** The shape with its axes in reverse order. */
export type Reverse<S extends Shape> =
  HasKnownRank<S> extends false
    ? Shape
    : S extends readonly [infer H extends number, ...infer T extends Shape]
      ? [...Reverse<T>, H]
      : [];

/** The shape that `reshape` gives: -1 stands for a dimension that is worked out at run time. */
export type Reshaped<S extends Shape> = { -readonly [K in keyof S]: S[K] extends -1 ? number : S[K] };

type Product<S extends Shape> = S extends readonly [infer D extends number]
  ? D
  : S extends readonly [1, ...infer T extends Shape]
    ? Product<T>
    : S extends readonly [infer D extends number, ...infer T extends Shape]
      ? T extends readonly 1[]
        ? D
        : number
      : number;

/** The shape of `flatten(x, 1)`: the first axis, then the product of the others where it is one literal. */
export type Flattened<S extends Shape> = S extends readonly [infer N extends number, ...infer T extends Shape]
  ? HasKnownRank<S> extends true
    ? T extends readonly []
      ? [N, 1]
      : [N, Product<T>]
    : Shape
  : Shape;

type Print<S extends Shape> =
  HasKnownRank<S> extends false
    ? '...'
    : S extends readonly [infer H extends number, ...infer T extends Shape]
      ? T extends readonly []
        ? `${H}`
        : `${H}, ${Print<T>}`
      : '';

/** A shape in words: `[512, 784]`. */
export const show = (shape: Shape): string => `[${shape.join(', ')}]`;

/** The common shape of two operands by NumPy's broadcasting rules. */
export function broadcastShapes(operation: string, a: Shape, b: Shape): Shape {
  if (b.length === 0 || sameShape(a, b)) return a;
  const rank = a.length > b.length ? a.length : b.length;
  const out: number[] = [];
  for (let i = 1; i <= rank; i++) {
    const da = i <= a.length ? a[a.length - i]! : 1;
    const db = i <= b.length ? b[b.length - i]! : 1;
    if (da !== db && da !== 1 && db !== 1) {
      throw new ShapeError(
        `[${operation}] shapes ${show(a)} and ${show(b)} do not broadcast: ${da} against ${db} in axis ${rank - i}. ` +
          'Dimensions, counted from the last, must be equal or 1; use reshape or expandDims to line them up.',
      );
    }
    out.push(da === 1 ? db : da);
  }
  return out.reverse();
}

/** An axis counted from the front; negative ones count from the end. */
export function normalizeAxis(operation: string, axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    const range = rank === 0 ? 'a scalar has no axes' : `wanted ${-rank} to ${rank - 1}`;
    const got = typeof axis === 'number' ? axis : describe(axis);
    throw new ShapeError(`[${operation}] axis ${got} does not exist in a tensor of rank ${rank}: ${range}.`);
  }
  return axis < 0 ? axis + rank : axis;
}

/** 0, 1, ... rank - 1. */
export function axesUpTo(rank: number): number[] {
  const axes: number[] = [];
  for (let i = 0; i < rank; i++) axes.push(i);
  return axes;
}

/** Axes in ascending order, each once; undefined stands for all. */
export function normalizeAxes(
  operation: string,
  axes: number | readonly number[] | undefined,
  rank: number,
): number[] {
  if (axes === undefined) return axesUpTo(rank);
  if (typeof axes === 'number') return [normalizeAxis(operation, axes, rank)];
  checkArray(operation, 'axes', axes, '[0, 1], or a number');
  const list = axes.map((a) => normalizeAxis(operation, a, rank)).sort((a, b) => a - b);
  for (let i = 1; i < list.length; i++) {
    if (list[i] === list[i - 1]) {
      throw new ShapeError(
        `[${operation}] axis ${list[i]} is named twice in [${String(axes)}]. Name each axis once.`,
      );
    }
  }
  return list;
}

/** Checks that a dimension, or a distance along an axis, fits into 32 bits, and the number of elements into 53. */
export function checkSize(operation: string, shape: Shape): void {
  let size = 1;
  for (const d of shape) size *= d > MAX_COUNT ? Number.NaN : d;
  if (size <= Number.MAX_SAFE_INTEGER) return;
  throw new ShapeError(
    `[${operation}] shape ${show(shape)} is too large: wanted at most ${MAX_COUNT} elements along an axis and ` +
      `${Number.MAX_SAFE_INTEGER} in all.`,
  );
}

/** Checks that a shape given by the user holds whole, non-negative dimensions. */
export function checkShape(operation: string, shape: Shape): readonly number[] {
  if (!Array.isArray(shape)) {
    throw new ShapeError(
      `[${operation}] got shape ${describe(shape)}, wanted an array of dimensions such as [2, 3].`,
    );
  }
  for (const d of shape) {
    if (!Number.isInteger(d) || d < 0) {
      throw new ShapeError(
        `[${operation}] shape ${show(shape)} holds ${d}; dimensions are whole numbers from 0 up.`,
      );
    }
  }
  checkSize(operation, shape);
  return shape;
}

import type { NdArray } from 'ndarray';
import { checkCount } from '../ir/arguments.ts';
import type { DType, TypedArray } from '../ir/dtype.ts';
import { ShapeError, ValueError } from '../ir/errors.ts';
import type { Node } from '../ir/node.ts';
import { computeCopy, computeCopySync, computeSync } from '../runtime/run.ts';
import { toNdarray } from './border.ts';
import type { Common, DataArray, NestedValues, Numeric, Promoted, Summed } from './dtypes.ts';
import { describeTensor, nest } from './format.ts';
import * as indexing from './ops/arrangement/indexing.ts';
import * as join from './ops/arrangement/join.ts';
import * as shaping from './ops/arrangement/views.ts';
import * as activation from './ops/elementwise/activation.ts';
import * as arithmetic from './ops/elementwise/arithmetic.ts';
import { cast, detach } from './ops/elementwise/cast.ts';
import type { ElementwiseOperand } from './ops/elementwise/elementwise.ts';
import * as logic from './ops/elementwise/logic.ts';
import * as math from './ops/elementwise/math.ts';
import { matmul } from './ops/matmul.ts';
import * as reduce from './ops/reduction/reduce.ts';
import {
  type Broadcast,
  type Flattened,
  type MatmulFits,
  type MatmulShape,
  type Plain,
  type Reduced,
  type Reshaped,
  type Reverse,
  type Shape,
  show,
} from './shape.ts';

type Axes = number | readonly number[];

// S and D themselves. Read through a conditional type they make the compiler take Tensor as bivariant: a
// Tensor<A> fits a Tensor<B> where A fits B or B fits A. So a tensor of unknown shape fits every shape, and
// tensors of different known shapes do not fit each other.
type ShapeOf<S extends Shape> = S extends infer T extends Shape ? T : never;
type DTypeOf<D extends DType> = D extends infer T extends DType ? T : never;

/**
 * An n-dimensional array of numbers: an immutable handle on a node of the graph. Shape and data type are
 * known at once; the values are computed when they are asked for, together with everything they depend on.
 * Nothing needs to be freed.
 *
 * Operations stand here as methods and in the package as functions of the same names, where their full
 * descriptions are.
 */
export class Tensor<S extends Shape = Shape, D extends DType = DType> {
  /** @internal The node that this handle stands for. */
  node: Node;
  #shape: Shape | null = null;

  /**
   * Tensors are made by `tensor`, `zeros`, ... and by operations.
   *
   * @internal
   */
  constructor(node: Node) {
    this.node = node;
  }

  /** The number of elements along each axis; frozen. */
  get shape(): ShapeOf<S> {
    // Engines are slow with frozen arrays: those of nodes are not frozen, and never leave the library.
    this.#shape ??= Object.freeze([...this.node.shape]) as Shape;
    return this.#shape as ShapeOf<S>;
  }

  /** @internal What it is called where it is printed. */
  get title(): string {
    return 'Tensor';
  }

  /** The type of the elements. */
  get dtype(): DTypeOf<D> {
    return this.node.dtype as DTypeOf<D>;
  }

  /** Number of elements. */
  get size(): number {
    return this.node.size;
  }

  /** Number of axes. */
  get rank(): number {
    return this.node.shape.length;
  }

  /** The values in row-major order, computed now if they were not yet. The array is a copy: it is yours. */
  async data(): Promise<DataArray<D>> {
    return (await computeCopy(this.node)) as DataArray<D>;
  }

  /**
   * The values in row-major order, without waiting: on backends of the CPU; on a GPU only once `await data()` has
   * brought them home. So too `item`, `toArray` and printing.
   */
  dataSync(): DataArray<D> {
    return computeCopySync(this.node) as DataArray<D>;
  }

  /** The value of a tensor with one element. */
  item(): number {
    if (this.size !== 1) {
      throw new ShapeError(
        `[item] got shape ${show(this.shape)}, wanted one element. Use data() or toArray().`,
      );
    }
    return computeSync(this.node)[0]!;
  }

  /** The values as nested arrays (a number for a scalar); bools are `true` and `false`. */
  toArray(): NestedValues<S, D> {
    return nest(computeSync(this.node), this.node.shape, this.node.dtype) as NestedValues<S, D>;
  }

  /** The values as an `ndarray` in row-major order, which owns them. */
  async toNdarray(): Promise<NdArray<TypedArray>> {
    return toNdarray(await this.data(), this.node.shape);
  }

  /**
   * For `JSON.stringify`: shape, data type and the values in row-major order, from which
   * `tensor(json.data, { shape: json.shape, dtype: json.dtype })` makes the tensor again.
   *
   * @throws ValueError where a value is NaN or infinite, which JSON does not have.
   */
  toJSON(): { shape: number[]; dtype: DTypeOf<D>; data: number[] } {
    const data = Array.from<number>(computeSync(this.node));
    const bad = data.find((x) => !Number.isFinite(x));
    if (bad === undefined) return { shape: [...this.shape], dtype: this.dtype, data };
    throw new ValueError(
      `[toJSON] got ${bad} in ${this.title} ${show(this.shape)}; JSON has finite numbers only. Store the bytes of data().`,
    );
  }

  toString(): string {
    return describeTensor(this);
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return describeTensor(this);
  }

  // Arithmetic

  /** a + b. */
  add<A extends Shape, B extends Shape = [], E extends DType = DType>(
    this: Tensor<A>,
    b: ElementwiseOperand<A, B, E>,
  ): Tensor<Broadcast<A, B>, Promoted<D, E>> {
    return arithmetic.add(this, b);
  }

  /** a - b. */
  sub<A extends Shape, B extends Shape = [], E extends DType = DType>(
    this: Tensor<A>,
    b: ElementwiseOperand<A, B, E>,
  ): Tensor<Broadcast<A, B>, Promoted<D, E>> {
    return arithmetic.sub(this, b);
  }

  /** a * b, element by element. */
  mul<A extends Shape, B extends Shape = [], E extends DType = DType>(
    this: Tensor<A>,
    b: ElementwiseOperand<A, B, E>,
  ): Tensor<Broadcast<A, B>, Promoted<D, E>> {
    return arithmetic.mul(this, b);
  }

  /** a / b in float32. */
  div<A extends Shape, B extends Shape = []>(
    this: Tensor<A>,
    b: ElementwiseOperand<A, B>,
  ): Tensor<Broadcast<A, B>, 'float32'> {
    return arithmetic.div(this, b);
  }

  /** The remainder with the sign of b. */
  mod<A extends Shape, B extends Shape = [], E extends DType = DType>(
    this: Tensor<A>,
    b: ElementwiseOperand<A, B, E>,
  ): Tensor<Broadcast<A, B>, Promoted<D, E>> {
    return arithmetic.mod(this, b);
  }

  /** The larger of the two; NaN wins. */
  maximum<A extends Shape, B extends Shape = [], E extends DType = DType>(
    this: Tensor<A>,
    b: ElementwiseOperand<A, B, E>,
  ): Tensor<Broadcast<A, B>, Common<D, E>> {
    return arithmetic.maximum(this, b);
  }

  /** The smaller of the two; NaN wins. */
  minimum<A extends Shape, B extends Shape = [], E extends DType = DType>(
    this: Tensor<A>,
    b: ElementwiseOperand<A, B, E>,
  ): Tensor<Broadcast<A, B>, Common<D, E>> {
    return arithmetic.minimum(this, b);
  }

  /** a to the power of b. */
  pow<A extends Shape, B extends Shape = [], E extends DType = DType>(
    this: Tensor<A>,
    b: ElementwiseOperand<A, B, E>,
  ): Tensor<Broadcast<A, B>, Promoted<D, E>> {
    return arithmetic.pow(this, b);
  }

  /** -x. */
  neg(): Tensor<S, Numeric<D>> {
    return arithmetic.neg(this);
  }

  // Comparison and logic

  /** a == b. */
  equal<A extends Shape, B extends Shape = []>(
    this: Tensor<A>,
    b: ElementwiseOperand<A, B>,
  ): Tensor<Broadcast<A, B>, 'bool'> {
    return logic.equal(this, b);
  }

  /** a != b. */
  notEqual<A extends Shape, B extends Shape = []>(
    this: Tensor<A>,
    b: ElementwiseOperand<A, B>,
  ): Tensor<Broadcast<A, B>, 'bool'> {
    return logic.notEqual(this, b);
  }

  /** a < b. */
  less<A extends Shape, B extends Shape = []>(
    this: Tensor<A>,
    b: ElementwiseOperand<A, B>,
  ): Tensor<Broadcast<A, B>, 'bool'> {
    return logic.less(this, b);
  }

  /** a <= b. */
  lessEqual<A extends Shape, B extends Shape = []>(
    this: Tensor<A>,
    b: ElementwiseOperand<A, B>,
  ): Tensor<Broadcast<A, B>, 'bool'> {
    return logic.lessEqual(this, b);
  }

  /** a > b. */
  greater<A extends Shape, B extends Shape = []>(
    this: Tensor<A>,
    b: ElementwiseOperand<A, B>,
  ): Tensor<Broadcast<A, B>, 'bool'> {
    return logic.greater(this, b);
  }

  /** a >= b. */
  greaterEqual<A extends Shape, B extends Shape = []>(
    this: Tensor<A>,
    b: ElementwiseOperand<A, B>,
  ): Tensor<Broadcast<A, B>, 'bool'> {
    return logic.greaterEqual(this, b);
  }

  /** Both are true. */
  logicalAnd<A extends Shape, B extends Shape = []>(
    this: Tensor<A>,
    b: ElementwiseOperand<A, B>,
  ): Tensor<Broadcast<A, B>, 'bool'> {
    return logic.logicalAnd(this, b);
  }

  /** One or both are true. */
  logicalOr<A extends Shape, B extends Shape = []>(
    this: Tensor<A>,
    b: ElementwiseOperand<A, B>,
  ): Tensor<Broadcast<A, B>, 'bool'> {
    return logic.logicalOr(this, b);
  }

  /** Exactly one is true. */
  logicalXor<A extends Shape, B extends Shape = []>(
    this: Tensor<A>,
    b: ElementwiseOperand<A, B>,
  ): Tensor<Broadcast<A, B>, 'bool'> {
    return logic.logicalXor(this, b);
  }

  /** True where x is false. */
  logicalNot(): Tensor<S, 'bool'> {
    return logic.logicalNot(this);
  }

  /** True where x is NaN. */
  isNaN(): Tensor<S, 'bool'> {
    return logic.isNaN(this);
  }

  /** True where x is neither NaN nor infinite. */
  isFinite(): Tensor<S, 'bool'> {
    return logic.isFinite(this);
  }

  /** The values limited to lo .. hi. */
  clip<A extends Shape, L extends Shape = [], H extends Shape = []>(
    this: Tensor<A>,
    lo: ElementwiseOperand<A, L>,
    hi: ElementwiseOperand<Broadcast<A, L>, H>,
  ): Tensor<Broadcast<Broadcast<A, L>, H>, Promoted<D, DType>> {
    return logic.clip(this, lo, hi);
  }

  // Functions

  /** e^x. */
  exp(): Tensor<S, 'float32'> {
    return math.exp(this);
  }

  /** e^x - 1. */
  expm1(): Tensor<S, 'float32'> {
    return math.expm1(this);
  }

  /** The natural logarithm. */
  log(): Tensor<S, 'float32'> {
    return math.log(this);
  }

  /** log(1 + x). */
  log1p(): Tensor<S, 'float32'> {
    return math.log1p(this);
  }

  /** The square root. */
  sqrt(): Tensor<S, 'float32'> {
    return math.sqrt(this);
  }

  /** 1 / sqrt(x). */
  rsqrt(): Tensor<S, 'float32'> {
    return math.rsqrt(this);
  }

  /** 1 / x. */
  reciprocal(): Tensor<S, 'float32'> {
    return math.reciprocal(this);
  }

  /** x * x. */
  square(): Tensor<S, Numeric<D>> {
    return math.square(this);
  }

  /** The absolute value. */
  abs(): Tensor<S, Numeric<D>> {
    return math.abs(this);
  }

  /** -1, 0 or 1. */
  sign(): Tensor<S, Numeric<D>> {
    return math.sign(this);
  }

  /** The largest whole number not above x. */
  floor(): Tensor<S, Numeric<D>> {
    return math.floor(this);
  }

  /** The smallest whole number not below x. */
  ceil(): Tensor<S, Numeric<D>> {
    return math.ceil(this);
  }

  /** The nearest whole number, halves to even. */
  round(): Tensor<S, Numeric<D>> {
    return math.round(this);
  }

  /** The sine. */
  sin(): Tensor<S, 'float32'> {
    return math.sin(this);
  }

  /** The cosine. */
  cos(): Tensor<S, 'float32'> {
    return math.cos(this);
  }

  /** The hyperbolic tangent. */
  tanh(): Tensor<S, 'float32'> {
    return math.tanh(this);
  }

  /** The error function. */
  erf(): Tensor<S, 'float32'> {
    return math.erf(this);
  }

  /** 1 / (1 + e^-x). */
  sigmoid(): Tensor<S, 'float32'> {
    return activation.sigmoid(this);
  }

  /** log(1 + e^x). */
  softplus(): Tensor<S, 'float32'> {
    return activation.softplus(this);
  }

  /** x / (1 + |x|). */
  softsign(): Tensor<S> {
    return activation.softsign(this);
  }

  /** max(x, 0). */
  relu(): Tensor<S, Numeric<D>> {
    return activation.relu(this);
  }

  /** x sigmoid(x). */
  silu(): Tensor<S, 'float32'> {
    return activation.silu(this);
  }

  /** x where x > 0, slope * x elsewhere. */
  leakyRelu(slope?: number): Tensor<S, 'float32'> {
    return activation.leakyRelu(this, slope);
  }

  /** x where x > 0, alpha (e^x - 1) elsewhere. */
  elu(alpha?: number): Tensor<S, 'float32'> {
    return activation.elu(this, alpha);
  }

  /** x times the normal distribution function of x. */
  gelu(options?: activation.GeluOptions): Tensor<S, 'float32'> {
    return activation.gelu(this, options);
  }

  /** e^x / sum(e^x) along an axis, the last by default. */
  softmax(axis?: number): Tensor<S, 'float32'> {
    return activation.softmax(this, axis);
  }

  /** log(softmax(x)) along an axis, the last by default. */
  logSoftmax(axis?: number): Tensor<S, 'float32'> {
    return activation.logSoftmax(this, axis);
  }

  // Reductions

  /** The sum over the axes. */
  sum<
    A extends Shape,
    const X extends Axes | undefined = undefined,
    const O extends reduce.ReduceOptions = {},
  >(this: Tensor<A>, axes?: X, options?: O): Tensor<Reduced<A, X, O>, Summed<D>> {
    return reduce.sum(this, axes, options);
  }

  /** The mean over the axes. */
  mean<
    A extends Shape,
    const X extends Axes | undefined = undefined,
    const O extends reduce.ReduceOptions = {},
  >(this: Tensor<A>, axes?: X, options?: O): Tensor<Reduced<A, X, O>, 'float32'> {
    return reduce.mean(this, axes, options);
  }

  /** The product over the axes. */
  prod<
    A extends Shape,
    const X extends Axes | undefined = undefined,
    const O extends reduce.ReduceOptions = {},
  >(this: Tensor<A>, axes?: X, options?: O): Tensor<Reduced<A, X, O>, Summed<D>> {
    return reduce.prod(this, axes, options);
  }

  /** The largest value over the axes. */
  max<
    A extends Shape,
    const X extends Axes | undefined = undefined,
    const O extends reduce.ReduceOptions = {},
  >(this: Tensor<A>, axes?: X, options?: O): Tensor<Reduced<A, X, O>, D> {
    return reduce.max(this, axes, options);
  }

  /** The smallest value over the axes. */
  min<
    A extends Shape,
    const X extends Axes | undefined = undefined,
    const O extends reduce.ReduceOptions = {},
  >(this: Tensor<A>, axes?: X, options?: O): Tensor<Reduced<A, X, O>, D> {
    return reduce.min(this, axes, options);
  }

  /** Is any element over the axes true? */
  any<
    A extends Shape,
    const X extends Axes | undefined = undefined,
    const O extends reduce.ReduceOptions = {},
  >(this: Tensor<A>, axes?: X, options?: O): Tensor<Reduced<A, X, O>, 'bool'> {
    return reduce.any(this, axes, options);
  }

  /** Are all elements over the axes true? */
  all<
    A extends Shape,
    const X extends Axes | undefined = undefined,
    const O extends reduce.ReduceOptions = {},
  >(this: Tensor<A>, axes?: X, options?: O): Tensor<Reduced<A, X, O>, 'bool'> {
    return reduce.all(this, axes, options);
  }

  /** log(sum(e^x)) over the axes. */
  logSumExp<
    A extends Shape,
    const X extends Axes | undefined = undefined,
    const O extends reduce.ReduceOptions = {},
  >(this: Tensor<A>, axes?: X, options?: O): Tensor<Reduced<A, X, O>, 'float32'> {
    return reduce.logSumExp(this, axes, options);
  }

  /** The mean squared distance from the mean over the axes. */
  variance<
    A extends Shape,
    const X extends Axes | undefined = undefined,
    const O extends reduce.VarianceOptions = {},
  >(this: Tensor<A>, axes?: X, options?: O): Tensor<Reduced<A, X, O>, 'float32'> {
    return reduce.variance(this, axes, options);
  }

  /** The index of the largest value along an axis, or in the flattened tensor. */
  argmax(axis?: number, options?: reduce.ReduceOptions): Tensor<Shape, 'int32'> {
    return reduce.argmax(this, axis, options);
  }

  /** The index of the smallest value along an axis, or in the flattened tensor. */
  argmin(axis?: number, options?: reduce.ReduceOptions): Tensor<Shape, 'int32'> {
    return reduce.argmin(this, axis, options);
  }

  /** The matrix product, as `np.matmul`. */
  matmul<A extends Shape, B extends Shape, E extends DType>(
    this: Tensor<A>,
    b: Tensor<B, E> & MatmulFits<A, B>,
  ): Tensor<MatmulShape<A, B>, Summed<Common<D, E>>> {
    return matmul(this, b);
  }

  // Arrangement

  /** The same elements under another shape; one dimension may be -1. */
  reshape<const T extends Shape>(shape: T): Tensor<Reshaped<T>, D> {
    return shaping.reshape(this, shape);
  }

  /** All axes from `startAxis` (0 by default) on made one. */
  flatten(): Tensor<[number], D>;
  flatten<A extends Shape>(this: Tensor<A>, startAxis: 1): Tensor<Flattened<A>, D>;
  flatten(startAxis: number): Tensor<Shape, D>;
  flatten(startAxis?: number): Tensor {
    return shaping.flatten(this as Tensor, startAxis!);
  }

  /** The axes in another order; reversed without `axes`. */
  transpose<A extends Shape>(this: Tensor<A>): Tensor<Reverse<A>, D>;
  transpose(axes?: readonly number[]): Tensor<Shape, D>;
  transpose(axes?: readonly number[]): Tensor {
    return shaping.transpose(this as Tensor, axes);
  }

  /** A new axis of size 1. */
  expandDims(axis: number): Tensor<Shape, D> {
    return shaping.expandDims(this, axis);
  }

  /** Without the axes of size 1: the given ones, or all. */
  squeeze(axis?: Axes): Tensor<Shape, D> {
    return shaping.squeeze(this, axis);
  }

  /** Repeated along new axes and axes of size 1, without a copy. */
  broadcastTo<const T extends Shape>(shape: T): Tensor<Plain<T>, D> {
    return shaping.broadcastTo(this, shape);
  }

  /** A part: for each axis an index, a range `[start, stop, step]`, or null for all. */
  slice(...specs: readonly shaping.SliceSpec[]): Tensor<Shape, D> {
    return shaping.slice(this, ...specs);
  }

  /** The elements in reverse order along the axes. */
  flip(axes?: Axes): Tensor<S, D> {
    return shaping.flip(this, axes);
  }

  /** `value` in front of and behind each axis. */
  pad(widths: readonly (readonly [before: number, after: number])[], value?: number): Tensor {
    return join.constantPad(this, widths, value);
  }

  /** Cut along an axis into equal parts or parts of the given sizes. */
  split(countOrSizes: number | Shape, axis?: number): Tensor<Shape, D>[] {
    return join.split(this, countOrSizes, axis);
  }

  /** The elements at the given indices along an axis. */
  take(indices: Tensor | number | readonly number[], axis?: number): Tensor<Shape, D> {
    return indexing.take(this, indices, axis);
  }

  /** For each label a row of zeros with a one at its place. */
  oneHot(depth: number): Tensor<Shape, 'float32'>;
  oneHot<E extends DType>(depth: number, dtype: E | undefined): Tensor<Shape, E>;
  oneHot(depth: number, dtype?: DType): Tensor {
    return indexing.oneHot(this, depth, dtype);
  }

  /** In another data type. */
  cast<E extends DType>(dtype: E): Tensor<S, E> {
    return cast(this, dtype);
  }

  /** The same values without the graph behind them: gradients stop here. */
  detach(): Tensor<S, D> {
    return detach(this);
  }
}

/** Those of any number of arguments: `slice` has one for each axis, and JSON.stringify passes a key to `toJSON`. */
const variadic = ['constructor', 'slice', 'toJSON'];

// The methods refuse superfluous arguments, as the functions do.
for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(Tensor.prototype))) {
  if (typeof value !== 'function' || variadic.includes(name)) continue;
  const most = value.length;
  Reflect.set(Tensor.prototype, name, function (this: unknown): unknown {
    if (arguments.length > most) checkCount(name, arguments.length, most);
    return value.apply(this, arguments);
  });
}

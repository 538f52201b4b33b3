import { checkCount } from '../../../ir/arguments.ts';
import { type DType, dtypes, fits, promote } from '../../../ir/dtype.ts';
import { DTypeError, ValueError } from '../../../ir/errors.ts';
import { convert, type Expr, wrap } from '../../../ir/expr.ts';
import { type Node, noParams, type Params } from '../../../ir/node.ts';
import { apply, applyToNodes, checkCall, checkTensor } from '../../apply.ts';
import type { Common, Numeric, Promoted } from '../../dtypes.ts';
import { type Operation, operation } from '../../operation.ts';
import { type Broadcast, type Broadcastable, broadcastShapes, type Shape } from '../../shape.ts';
import { Tensor } from '../../tensor.ts';
import { scalarNode } from '../source/scalar.ts';
import { cast } from './cast.ts';

// What the elementwise families share: broadcasting, promotion, and records made from an expression.

type Share = (() => Tensor) | null;

export interface Elementwise<P extends Params = Params> {
  readonly name: string;
  /** The result's data type, given the inputs' common one. */
  readonly dtype: (common: DType) => DType;
  vjp(g: Tensor, y: Tensor, inputs: readonly Tensor[], params: P): readonly Share[];
  /** The expression for one element, given the inputs' elements. */
  expr(args: readonly Expr[], params: P, node: Node): Expr;
}

/** The record of an operation that computes each element from the elements at the same place. */
export function elementwise<P extends Params = Params>(e: Elementwise<P>): Operation<P> {
  return operation<P>({
    name: e.name,
    shape: (inputs) => {
      let { shape } = inputs[0]!;
      for (let k = 1; k < inputs.length; k++) shape = broadcastShapes(e.name, shape, inputs[k]!.shape);
      // The last input decides: a selection's condition comes first and has a type of its own.
      return { shape, dtype: e.dtype(inputs[inputs.length - 1]!.dtype) };
    },
    vjp: (g, y, inputs, params) => e.vjp(g, y, inputs, params),
    lower: (node, b, params) => {
      const args = node.inputs.map((_, k) => b.input(k));
      return b.map(wrap(convert(e.expr(args, params, node), dtypes[node.dtype].scalar), node.dtype));
    },
  });
}

/** Keeps the data type. */
export function same(dtype: DType): DType {
  return dtype;
}

export function toBool(): DType {
  return 'bool';
}

/** The operand in float32, as functions such as exp need it. */
export function floating<S extends Shape>(x: Tensor<S>): Tensor<S, 'float32'> {
  return x.dtype === 'float32' ? x : cast(x, 'float32');
}

/** A bool operand as int32, for arithmetic. */
export function numeric<S extends Shape, D extends DType>(x: Tensor<S, D>): Tensor<S, Numeric<D>> {
  const y: Tensor<S> = x.dtype === 'bool' ? cast(x, 'int32') : x;
  return y;
}

/** Refuses the float operand that a logical or integer operation can't take. */
export function expectDType(name: string, x: Tensor, wanted: readonly DType[]): void {
  if (!wanted.includes(x.dtype)) {
    throw new DTypeError(
      `[${name}] got a ${x.dtype} tensor, wanted ${wanted.join(' or ')}. Convert it with cast('${wanted[0]}').`,
    );
  }
}

export type Either = Tensor | number;

/**
 * Brings two operands to one data type. JavaScript numbers are weak: a whole number takes the other operand's
 * type if it fits (int32 if it does not), a fractional one makes float32.
 */
export function promoteOperands(name: string, a: Either, b: Either): [Tensor, Tensor] {
  const dtype = commonType(name, a, b);
  return [new Tensor(inType(a, dtype)), new Tensor(inType(b, dtype))];
}

function commonType(name: string, a: Either, b: Either): DType {
  if (typeof a !== 'number') checkTensor(name, a);
  if (typeof b !== 'number') checkTensor(name, b);
  if (typeof b === 'number') return typeof a === 'number' ? 'float32' : weakType(name, a.dtype, b);
  return typeof a === 'number' ? weakType(name, b.dtype, a) : promote(a.dtype, b.dtype);
}

/** An operand in the data type that both have in common, or in the one that is made of it. */
function inType(x: Either, common: DType, dtype = common): Node {
  const node = typeof x === 'number' ? scalarNode(x, common) : x.node;
  return node.dtype === dtype ? node : cast(new Tensor(node), dtype).node;
}

/** The data type of a tensor combined with a number. */
export function weakType(name: string, dtype: DType, n: number): DType {
  if (dtype === 'float32' || !Number.isInteger(n)) return 'float32';
  if (!fits(n, 'int32')) {
    throw new ValueError(
      `[${name}] ${n} does not fit int32, and the tensor is ${dtype}. Cast the tensor to float32 first.`,
    );
  }
  return dtype === 'uint8' && fits(n, 'uint8') ? 'uint8' : 'int32';
}

/** A function of one tensor that keeps its shape and data type, but for bools, which give int32. */
export type UnaryFunction = <S extends Shape, D extends DType>(x: Tensor<S, D>) => Tensor<S, Numeric<D>>;

/** A function of one tensor that keeps its shape and gives float32. */
export type FloatFunction = <S extends Shape>(x: Tensor<S>) => Tensor<S, 'float32'>;

/** A condition on each element of a tensor. */
export type Predicate = <S extends Shape>(x: Tensor<S>) => Tensor<S, 'bool'>;

/** Makes a function of one tensor; `prepare` brings it to the data type in which the operation computes. */
export function unaryFunction(op: Operation, prepare: (x: Tensor) => Tensor): (x: Tensor) => Tensor {
  const f = function (x: Tensor): Tensor {
    checkCall(op.name, arguments.length, 1, x);
    return apply(op, [prepare(x)], noParams);
  };
  // Activation layers show it.
  return Object.defineProperty(f, 'name', { value: op.name });
}

/** A function of one tensor computed in float32; integers and bools are converted. */
export function floatFunction(
  name: string,
  vjp: (g: Tensor, y: Tensor, x: Tensor) => Tensor,
  expr: (x: Expr) => Expr,
): FloatFunction {
  const op = elementwise({
    name,
    dtype: same,
    vjp: (g, y, [x]) => [() => vjp(g, y, x!)],
    expr: ([x]) => expr(x!),
  });
  return unaryFunction(op, floating);
}

/** A function of two operands with NumPy's broadcasting; either may be a number. */
export type BinaryFunction = <
  A extends Shape = [],
  B extends Shape = [],
  D extends DType = DType,
  E extends DType = DType,
>(
  a: Tensor<A, D> | number,
  b: ElementwiseOperand<A, B, E>,
) => Tensor<Broadcast<A, B>, Promoted<D, E>>;

/** A function of two operands with NumPy's broadcasting that gives one of them; either may be a number. */
export type SelectingFunction = <
  A extends Shape = [],
  B extends Shape = [],
  D extends DType = DType,
  E extends DType = DType,
>(
  a: Tensor<A, D> | number,
  b: ElementwiseOperand<A, B, E>,
) => Tensor<Broadcast<A, B>, Common<D, E>>;

/** A function of two operands with NumPy's broadcasting that gives float32; either may be a number. */
export type FloatBinaryFunction = <A extends Shape = [], B extends Shape = []>(
  a: Tensor<A> | number,
  b: ElementwiseOperand<A, B>,
) => Tensor<Broadcast<A, B>, 'float32'>;

/** A comparison of two operands with NumPy's broadcasting; either may be a number. */
export type Comparison = <A extends Shape = [], B extends Shape = []>(
  a: Tensor<A> | number,
  b: ElementwiseOperand<A, B>,
) => Tensor<Broadcast<A, B>, 'bool'>;

/** The second operand of a binary function: a number, or a tensor that broadcasts against the first. */
export type ElementwiseOperand<A extends Shape, B extends Shape, E extends DType = DType> =
  | number
  | (Tensor<B, E> & Broadcastable<A, B>);

/**
 * Makes a binary function; `computesIn` is the data type in which the operation computes, given the operands'
 * common one.
 */
export function binaryFunction(
  op: Operation,
  computesIn: (common: DType) => DType,
): (a: Either, b: Either) => Tensor {
  return function (a, b) {
    checkCount(op.name, arguments.length, 2);
    const common = commonType(op.name, a, b);
    const dtype = computesIn(common);
    return applyToNodes(op, [inType(a, common, dtype), inType(b, common, dtype)], noParams);
  };
}

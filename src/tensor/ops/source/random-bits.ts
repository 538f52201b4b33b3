import { binary, compare, constant, convert, type Expr, philox, unary } from '../../../ir/expr.ts';
import type { LoweringBuilder } from '../../../ir/lowering-builder.ts';
import { Node } from '../../../ir/node.ts';
import { noGradient, type Operation, operation } from '../../operation.ts';
import type { Plain, Shape } from '../../shape.ts';
import { Tensor } from '../../tensor.ts';

// Random tensors are operations like others. Their values are the generator's key and counter, drawn when the
// node is built, so the forward pass, the backward pass and every re-evaluation see the same numbers.

/** Key and counter of one draw: [key0, key1, draw (low), draw (high), stream]. */
export type Draw = readonly [number, number, number, number, number];

/** Word i of the draw's stream, 32 random bits. */
function bits(b: LoweringBuilder, i: Expr): Expr {
  const word = (k: number) => b.value(k, 'u32');
  return philox(convert(i, 'u32'), [word(2), word(3), word(4)], [word(0), word(1)]);
}

/** A multiple of 2^-24 in [0, 1), from the upper bits. */
const fraction = (word: Expr): Expr =>
  binary('mul', convert(binary('shr', word, constant(8, 'u32')), 'f32'), constant(1 / 16777216, 'f32'));

function randomOperation(
  name: string,
  dtype: 'float32' | 'bool',
  expr: (b: LoweringBuilder, i: Expr) => Expr,
): Operation<{ shape: Shape }> {
  return operation<{ shape: Shape }>({
    name,
    shape: (_inputs, { shape }) => ({ shape, dtype }),
    vjp: noGradient,
    lower: (_node, b) => b.map(expr(b, b.linearIndex())),
  });
}

export const uniformOperation = randomOperation('uniform', 'float32', (b, i) => fraction(bits(b, i)));

/** Box & Muller (1958) with two words an element: sqrt(-2 log u) cos(2 pi v), u in (0, 1]. */
export const normalOperation = randomOperation('normal', 'float32', (b, i) => {
  const first = binary('shl', i, constant(1, 'i32'));
  const u = binary('add', fraction(bits(b, first)), constant(1 / 16777216, 'f32'));
  const v = fraction(bits(b, binary('or', first, constant(1, 'i32'))));
  const radius = unary('sqrt', binary('mul', constant(-2, 'f32'), unary('log', u)));
  return binary('mul', radius, unary('cos', binary('mul', v, constant(6.283185307179586, 'f32'))));
});

/** True where a uniform number falls below value number 5, the probability. */
export const bernoulliOperation = randomOperation('bernoulli', 'bool', (b, i) =>
  compare('lt', fraction(bits(b, i)), b.value(5, 'f32')),
);

export function randomTensor<const S extends Shape>(
  op: Operation<{ shape: Shape }>,
  shape: S,
  draw: Draw,
  ...parameters: number[]
): Tensor<Plain<S>> {
  const { dtype } = op.record.shape([], { shape });
  return new Tensor(new Node(op, [], [...shape], dtype, { shape: [...shape] }, [...draw, ...parameters]));
}

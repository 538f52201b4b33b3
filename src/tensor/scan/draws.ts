import { binary, compare, constant, convert, select } from '../../ir/expr.ts';
import type { LoweringBuilder } from '../../ir/lowering-builder.ts';
import { inDependencyOrder, Node } from '../../ir/node.ts';
import { broadcastView, type View } from '../../ir/view.ts';
import { noGradient, type Operation, operation } from '../operation.ts';
import {
  bernoulliOperation,
  type Draw,
  normalOperation,
  uniformOperation,
} from '../ops/source/random-bits.ts';
import type { Generator } from '../random.ts';
import type { Shape } from '../shape.ts';
import { argument } from './loop-node.ts';

type RandomOperation = Operation<{ shape: Shape }>;

// A draw in the body of a loop takes one counter in each iteration, in the order of the calls, as if the loop were written
// out. So its counter is an element of a sequence.

/** The counters of a draw, [count, 2] (low and high word): from values 0 and 1 on, `step` for each iteration. */
const countersOperation = operation<{ count: number; step: number; reverse: boolean }>({
  name: 'counters',
  shape: (_inputs, { count }) => ({ shape: [count, 2], dtype: 'int32' }),
  vjp: noGradient,
  lower: (_node, b, { count, step, reverse }) => {
    const position = b.index(0);
    const t = reverse ? binary('sub', constant(count - 1, 'i32'), position) : position;
    const first = b.value(0, 'u32');
    const low = binary('add', first, binary('mul', convert(t, 'u32'), constant(step, 'u32')));
    const carried = binary('add', b.value(1, 'u32'), convert(compare('lt', low, first), 'u32'));
    const isLow = compare('eq', b.index(1), constant(0, 'i32'));
    return b.map(convert(select(isLow, low, carried), 'i32'));
  },
});

/** A random operation with the counter as its input. */
const counted = (op: RandomOperation): RandomOperation =>
  operation<{ shape: Shape }>({
    name: op.name,
    shape: op.record.shape,
    vjp: noGradient,
    lower: (node, b, params) => op.record.lower(node, withCounter(b, node.shape), params),
  });

/** The builder for a random operation, whose counter is input 0. */
function withCounter(b: LoweringBuilder, shape: readonly number[]): LoweringBuilder {
  const word = (k: number) => (v: View) =>
    broadcastView(
      { shape: [], stride: [], offset: { ...v.offset, base: v.offset.base + k * v.stride[0]! } },
      shape,
    );
  return {
    input: (k, move) => b.input(k, move),
    index: (axis) => b.index(axis),
    linearIndex: () => b.linearIndex(),
    gather: (...of) => b.gather(...of),
    value: (i, type) => (i === 2 || i === 3 ? convert(b.input(0, word(i - 2)), 'u32') : b.value(i, type)),
    slot: (i) => b.slot(i),
    check: (check) => b.check(check),
    map: (expr) => b.map(expr),
    reduce: (reducer, expr) => b.reduce(reducer, expr),
    over: (shape) => b.over(shape),
  };
}

const countedUniform = counted(uniformOperation);
const countedNormal = counted(normalOperation);
const countedBernoulli = counted(bernoulliOperation);

function countedOperation(op: unknown): RandomOperation | undefined {
  if (op === uniformOperation) return countedUniform;
  if (op === normalOperation) return countedNormal;
  return op === bernoulliOperation ? countedBernoulli : undefined;
}

/**
 * Gives the draws of a body a counter for each iteration, and moves their generators on behind the last one. Returns the
 * sequences of counters and their elements.
 */
export function drawInEachIteration(
  roots: readonly Node[],
  draws: readonly (readonly [Generator, Draw])[],
  count: number,
  reverse: boolean,
): { readonly sequence: Node; readonly element: Node }[] {
  if (draws.length === 0) return [];
  const steps = new Map<Generator, number>();
  for (const [generator] of draws) steps.set(generator, (steps.get(generator) ?? 0) + 1);
  for (const [generator, step] of steps) {
    const state = generator.getState();
    generator.setState({ ...state, counter: state.counter + step * (count - 1) });
  }
  const generators = new Map(draws.map(([generator, draw]) => [String(draw), generator]));
  return inDependencyOrder(roots, ({ storage }) => storage !== null).flatMap((node) => {
    const op = countedOperation(node.op);
    const generator = op && generators.get(String(node.values.slice(0, 5)));
    if (generator === undefined) return [];
    const params = { count, step: steps.get(generator)!, reverse };
    const sequence = new Node(countersOperation, [], [count, 2], 'int32', params, node.values.slice(2, 4));
    const element = argument([2], 'int32');
    node.op = op!;
    node.inputs = [element];
    return [{ sequence, element }];
  });
}

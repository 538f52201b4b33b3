import { StateError } from '../../ir/errors.ts';
import { inDependencyOrder, type Lowerable, Node } from '../../ir/node.ts';
import { loopCompiler } from '../../runtime/loops.ts';
import { noGradient, type Operation, operation } from '../operation.ts';
import { broadcastTo } from '../ops/arrangement/views.ts';
import { Tensor } from '../tensor.ts';
import { loopGradients } from './loop-gradient.ts';

// A loop is a node whose inputs are its initial values, its sequences, what its body uses from outside, and the body
// itself: the arguments that stand for carries and elements, and the new carries. So the body's nodes are nodes of the
// graph like others; see `LoopPrimitive` in ir/primitive.ts. Its results are nodes of their own, `loopValueOperation`.

export interface LoopParams {
  readonly count: number;
  readonly reverse: boolean;
  /** Whether the gradient computes the values of the body again, from the carries, and so needs less memory. */
  readonly checkpoint: boolean;
  readonly carries: number;
  readonly sequences: number;
  readonly captured: number;
  readonly [key: string]: number | boolean;
}

/** The inputs of a loop by their roles. */
export interface LoopParts {
  readonly initials: readonly Node[];
  readonly sequences: readonly Node[];
  readonly captured: readonly Node[];
  readonly carries: readonly Node[];
  readonly elements: readonly Node[];
  readonly next: readonly Node[];
}

export function partsOf(inputs: readonly Node[], { carries, sequences, captured }: LoopParams): LoopParts {
  let at = 0;
  const take = (n: number): readonly Node[] => {
    at += n;
    return inputs.slice(at - n, at);
  };
  return {
    initials: take(carries),
    sequences: take(sequences),
    captured: take(captured),
    carries: take(carries),
    elements: take(sequences),
    next: take(carries),
  };
}

const argumentOperation: Operation<{}> = operation<{}>({
  name: 'argument',
  isArgument: true,
  shape: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  vjp: noGradient,
  lower: () => ({
    kind: 'argument',
    misused: () =>
      new StateError(
        '[scan] a tensor from inside the step is used outside of its loop. Return it from the step, as a carry or an output.',
      ),
  }),
});

/** What stands for a carry or an element of a sequence in the body. */
export const argument = (shape: readonly number[], dtype: Node['dtype']): Node =>
  new Node(argumentOperation, [], shape, dtype);

export const loopOperation: Operation<LoopParams> = operation<LoopParams>({
  name: 'scan',
  // The loop has no value of its own.
  shape: () => ({ shape: [], dtype: 'float32' }),
  argumentsOf: (inputs, params) => argumentsOf(inputs, params),
  vjp: (g, _y, inputs, params) => loopGradients(g, inputs, params),
  lower: (_node, b, { count, reverse, carries, sequences, captured }) => ({
    kind: 'loop',
    ...{ count, reverse, carries, sequences, captured },
    slot: b.slot(0),
    compiler: loopCompiler(),
  }),
});

/** The last value of carry number `carry`, or, if that is null, the values of a node of the body, [count, ...]. */
export const loopValueOperation: Operation<{ carry: number | null }> = operation<{ carry: number | null }>({
  name: 'loopValue',
  shape: ([loop, value], { carry }) => {
    const { count } = loop!.params as LoopParams;
    return { shape: carry === null ? [count, ...value!.shape] : value!.shape, dtype: value!.dtype };
  },
  vjp: (g, _y, [loop, value], { carry }) => [
    () =>
      new Tensor(new Node(loopShareOperation, [g.node, value!.node, loop!.node], [], 'float32', { carry })),
  ],
  lower: (_node, _b, { carry }) => ({ kind: 'loopValue', carry }),
});

/** The share of one result in the gradient of a loop: the gradient of the result, and the node whose values it is. */
export const loopShareOperation: Operation<{ carry: number | null }> = operation<{ carry: number | null }>({
  name: 'loopShare',
  shape: () => ({ shape: [], dtype: 'float32' }),
  vjp: noGradient,
  lower: () => ({ kind: 'leaf' }),
});

export interface LoopOptions {
  readonly count: number;
  readonly reverse: boolean;
  readonly checkpoint: boolean;
}

/**
 * A loop.
 *
 * @param values nodes of the body whose values in all iterations will be asked for, besides the new carries.
 */
export function loopNode(
  { count, reverse, checkpoint }: LoopOptions,
  parts: Omit<LoopParts, 'captured'>,
  values: readonly Node[],
): Node {
  const { initials, sequences, carries, elements, next } = parts;
  const captured = capturedBy([...next, ...values], [...carries, ...elements]);
  const params: LoopParams = {
    ...{ count, reverse, checkpoint },
    ...{ carries: carries.length, sequences: sequences.length, captured: captured.length },
  };
  const inputs = [...initials, ...sequences, ...captured, ...carries, ...elements, ...next];
  return new Node(loopOperation, inputs, [], 'float32', params, [0, 0]);
}

const isOf = (node: Node, op: Lowerable): boolean => node.op === op;

/** The arguments of a loop. */
function argumentsOf(inputs: readonly Node[], params: LoopParams): Node[] {
  const { carries, elements } = partsOf(inputs, params);
  return [...carries, ...elements];
}

/** The nodes that depend on some of these, which are among them; `order` has inputs before their users. */
export function dependentsOn(sources: Iterable<Node>, order: readonly Node[]): Set<Node> {
  const found = new Set(sources);
  for (const node of order)
    if (node.storage === null && node.inputs.some((input) => found.has(input))) found.add(node);
  return found;
}

/** The nodes of a loop's body, with its arguments. */
function bodyOf(loop: Node, order: readonly Node[]): Set<Node> {
  const found = new Set(argumentsOf(loop.inputs, loop.params as LoopParams));
  for (const node of order) {
    const isResult = node === loop || (isOf(node, loopValueOperation) && node.inputs[0] === loop);
    if (!isResult && node.inputs.some((input) => found.has(input))) found.add(node);
  }
  return found;
}

/** The nodes outside a body that its nodes have as inputs. */
function capturedBy(roots: readonly Node[], args: readonly Node[]): Node[] {
  const order = inDependencyOrder(roots, ({ storage }) => storage !== null);
  const body = dependentsOn(args, order);
  const inner = new Set<Node>();
  for (const loop of order)
    if (isOf(loop, loopOperation) && body.has(loop)) for (const node of bodyOf(loop, order)) inner.add(node);
  const captured = new Set<Node>();
  for (const node of order) {
    if (!body.has(node)) continue;
    for (const input of node.inputs) if (!body.has(input) && !inner.has(input)) captured.add(input);
  }
  for (const root of roots) if (!body.has(root)) captured.add(root);
  return [...captured];
}

/** The last value of a carry. */
export const lastOf = (loop: Node, carry: number): Tensor => {
  const value = partsOf(loop.inputs, loop.params as LoopParams).next[carry]!;
  return new Tensor(new Node(loopValueOperation, [loop, value], value.shape, value.dtype, { carry }));
};

/** The values of a node of the body in all iterations, [count, ...], in the order of the sequences. */
export function stackOf(loop: Node, value: Node): Tensor {
  const params = loop.params as LoopParams;
  const { captured, elements, sequences } = partsOf(loop.inputs, params);
  const k = elements.indexOf(value);
  if (k >= 0) return new Tensor(sequences[k]!);
  const shape = [params.count, ...value.shape];
  if (captured.includes(value)) return broadcastTo(new Tensor(value), shape);
  return new Tensor(new Node(loopValueOperation, [loop, value], shape, value.dtype, { carry: null }));
}

import { inDependencyOrder, type Node } from '../../ir/node.ts';
import { apply } from '../apply.ts';
import { pullback } from '../gradients.ts';
import {
  broadcastTo,
  reshape,
  reshapeOperation,
  transpose,
  transposeOperation,
} from '../ops/arrangement/views.ts';
import { add, addOperation } from '../ops/elementwise/arithmetic.ts';
import { contractGroups, contractOperation } from '../ops/matmul.ts';
import { sum, sumOperation } from '../ops/reduction/reduce.ts';
import { scalar } from '../ops/source/scalar.ts';
import { axesUpTo } from '../shape.ts';
import { substitute } from '../substitute.ts';
import { Tensor } from '../tensor.ts';
import {
  argument,
  dependentsOn,
  type LoopParams,
  type LoopParts,
  lastOf,
  loopNode,
  loopOperation,
  loopShareOperation,
  loopValueOperation,
  partsOf,
  stackOf,
} from './loop-node.ts';

// The gradient of a loop is a loop in the other direction, over the stacked values of the forward loop that it needs. Its
// carries are the gradients of the carries. What it is made of are operations like others, so it has a gradient itself.

type Shares = readonly ((() => Tensor) | null)[];

/** The vjp of a loop. `g` adds up the shares of its results. */
export function loopGradients(g: Tensor, inputs: readonly Tensor[], params: LoopParams): Shares {
  const parts = partsOf(
    inputs.map((t) => t.node),
    params,
  );
  const shares = sharesOf(g.node);
  const { initials, sequences, captured } = parts;
  // Constants inside the body are captured too. Only somebody who asks for their gradients gets them.
  const isConstant = (node: Node): boolean => node.inputs.length === 0 && node.storage === null;
  const loop = (): Node => shares[0]!.loop;
  const make = (isWanted: (node: Node) => boolean) => {
    let made: (Tensor | null)[] | undefined;
    return (k: number, node: Node) => (): Tensor => {
      made ??= backward(loop(), parts, params, shares, captured.filter(isWanted));
      return made[k] ?? zeros(node);
    };
  };
  const usual = make((node) => !isConstant(node));
  const all = make(() => true);
  const kept = captured.filter((node) => !isConstant(node));
  const before = initials.length + sequences.length;
  return [
    ...[...initials, ...sequences].map((node, k) => (node.dtype === 'float32' ? usual(k, node) : null)),
    ...captured.map((node, k) => {
      if (node.dtype !== 'float32') return null;
      return isConstant(node) ? all(before + k, node) : usual(before + kept.indexOf(node), node);
    }),
  ];
}

const zeros = ({ shape }: Pick<Node, 'shape'>): Tensor => broadcastTo(scalar(0, 'float32'), shape);

/** The gradient of one result of a loop; see `loopValueOperation`. */
interface Share {
  readonly loop: Node;
  readonly value: Node;
  readonly g: Tensor;
  readonly carry: number | null;
}

function sharesOf(sumOfShares: Node): Share[] {
  const found: Share[] = [];
  const open = [sumOfShares];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.op !== loopShareOperation) {
      open.push(...[...node.inputs].reverse());
      continue;
    }
    const [g, value, loop] = node.inputs;
    found.push({ loop: loop!, value: value!, g: new Tensor(g!), carry: node.params.carry as number | null });
  }
  return found;
}

/** The gradients of the initial values, the sequences and the captured nodes. */
function backward(
  loop: Node,
  parts: LoopParts,
  params: LoopParams,
  shares: readonly Share[],
  captured: readonly Node[],
): (Tensor | null)[] {
  const { carries, elements, next } = parts;
  const finals = new Map<number, Tensor>();
  const stacks = new Map<Node, Tensor>();
  for (const { value, g, carry } of shares) {
    const before = carry === null ? stacks.get(value) : finals.get(carry);
    const all = before === undefined ? g : add(before, g);
    if (carry === null) stacks.set(value, all);
    else finals.set(carry, all);
  }
  const targets = [...carries, ...elements, ...captured].filter(({ dtype }) => dtype === 'float32');
  const stackElements = [...stacks].map(([value]) => argument(value.shape, value.dtype));

  // A carry has a gradient if its last value has one, or if a later iteration gives it one.
  const live = new Map([...finals.keys()].map((k) => [k, argument(carries[k]!.shape, 'float32')]));
  let gradients: (Tensor | null)[];
  for (;;) {
    const seeds = [
      ...[...live].map(([k, g]) => [next[k]!, new Tensor(g)] as const),
      ...[...stacks.keys()].map((value, i) => [value, new Tensor(stackElements[i]!)] as const),
    ];
    gradients = pullback(seeds, targets, true);
    const before = live.size;
    targets.forEach((target, i) => {
      const k = carries.indexOf(target);
      if (gradients[i] !== null && k >= 0 && !live.has(k)) live.set(k, argument(target.shape, 'float32'));
    });
    if (live.size === before) break;
  }
  const gradientOf = new Map(targets.map((target, i) => [target, gradients[i]!]));

  // The values of the forward loop that the gradients need become elements of sequences.
  const reached = [...gradientOf.values()].filter((t) => t !== null).map((t) => t.node);
  const backwardArguments = [...live.values(), ...stackElements];
  const residuals = residualsOf(reached, parts, params, [...stacks.keys()], backwardArguments);
  const residualElements = residuals.map(({ shape, dtype }) => argument(shape, dtype));
  const replaced = substitute(reached, new Map(residuals.map((node, i) => [node, residualElements[i]!])));
  const bodyGradient = (target: Node): Node | null => {
    const found = gradientOf.get(target);
    return found ? replaced[reached.indexOf(found.node)]! : null;
  };

  const liveCarries = [...live.keys()];
  const newElements = [...stackElements, ...residualElements];
  const body = dependentsOn(
    [...live.values(), ...newElements],
    inDependencyOrder(replaced, ({ storage }) => storage !== null),
  );
  const totals = captured.map((node) => {
    const share = bodyGradient(node);
    return share === null ? null : { node, share, parts: productsOf(share, body) };
  });
  const added = totals.flatMap((total) =>
    total !== null && total.parts === null ? [{ ...total, sum: argument(total.node.shape, 'float32') }] : [],
  );
  const isStacked = elements.map((element) => bodyGradient(element));
  const needed: Node[] = [];
  for (const total of totals) for (const part of total?.parts ?? []) part((value) => note(value));
  for (const g of isStacked) if (g !== null) stackThrough(g, body, note);
  function note(value: Node): Tensor {
    needed.push(value);
    return zeros({ shape: [params.count, ...value.shape] });
  }

  const reverse = loopNode(
    { count: params.count, reverse: !params.reverse, checkpoint: params.checkpoint },
    {
      initials: [
        ...liveCarries.map((k) => (finals.get(k) ?? zeros(carries[k]!)).node),
        ...added.map(({ node }) => zeros(node).node),
      ],
      sequences: [...stacks.values(), ...residuals.map((node) => stackOf(loop, node))].map((t) => t.node),
      carries: [...live.values(), ...added.map((a) => a.sum)],
      elements: newElements,
      next: [
        ...liveCarries.map((k) => bodyGradient(carries[k]!) ?? zeros(carries[k]!).node),
        ...added.map((a) => add(new Tensor(a.sum), new Tensor(a.share)).node),
      ],
    },
    needed,
  );
  const stack = (value: Node): Tensor => stackOf(reverse, value);
  return [
    ...carries.map((_, k) => (live.has(k) ? lastOf(reverse, liveCarries.indexOf(k)) : null)),
    ...isStacked.map((g) => (g === null ? null : stackThrough(g, body, stack))),
    ...totals.map((total) => {
      if (total === null) return null;
      if (total.parts === null)
        return lastOf(reverse, live.size + added.findIndex((a) => a.node === total.node));
      return total.parts.map((part) => part(stack)).reduce((a, b) => add(a, b));
    }),
  ];
}

/** The nodes of the forward body whose values the gradients use. */
function residualsOf(
  gradients: readonly Node[],
  { carries, elements, next }: LoopParts,
  { checkpoint }: LoopParams,
  values: readonly Node[],
  backwardArguments: readonly Node[],
): Node[] {
  const args = [...carries, ...elements];
  const forward = dependentsOn(
    args,
    inDependencyOrder([...next, ...values], ({ storage }) => storage !== null),
  );
  const order = inDependencyOrder(gradients, ({ storage }) => storage !== null);
  const dependent = dependentsOn(args, order);
  const backward = dependentsOn(backwardArguments, order);
  const isResidual = (node: Node): boolean => {
    if (args.includes(node)) return true;
    if (checkpoint || !dependent.has(node) || backward.has(node)) return false;
    return node.op === loopValueOperation || (forward.has(node) && node.op !== loopOperation);
  };
  return inDependencyOrder(gradients, (node) => node.storage !== null || isResidual(node)).filter(isResidual);
}

/** Makes a tensor of stacked values; `stack` gives the values of a node of the body in all iterations. */
type Stacked = (stack: (value: Node) => Tensor) => Tensor;

/**
 * The sum over all iterations of a node of the body. If it adds up products or sums, it is one product or sum over the
 * iterations too, after the loop: a term for each. Null if it must be added up in the loop.
 */
function productsOf(share: Node, body: ReadonlySet<Node>): Stacked[] | null {
  const { op, inputs, params, shape } = share;
  if (!body.has(share)) return null;
  if (op === addOperation) {
    const terms = inputs.map((input) => (sameSize(input, share) ? productsOf(input, body) : null));
    return terms.every((t) => t !== null) ? terms.flat() : null;
  }
  if (op === reshapeOperation) {
    const inner = productsOf(inputs[0]!, body);
    return inner?.map((part) => (stack) => reshape(part(stack), shape)) ?? null;
  }
  if (op === transposeOperation) {
    const inner = productsOf(inputs[0]!, body);
    return inner?.map((part) => (stack) => transpose(part(stack), params.axes as number[])) ?? null;
  }
  if (op === sumOperation) {
    const axes = params.axes as readonly number[];
    return [(stack) => sum(stackThrough(inputs[0]!, body, stack), [0, ...axes.map((axis) => axis + 1)])];
  }
  if (op === contractOperation) {
    // With k = [time, k...] as the axes that are summed.
    const [a, b] = inputs as [Node, Node];
    const { batch, m, k, n } = params as { batch: number; m: number; k: number; n: number };
    const from = (rank: number, at: number): number[] => [
      ...axesUpTo(at).map((axis) => axis + 1),
      0,
      ...axesUpTo(rank - at).map((axis) => axis + at + 1),
    ];
    return [
      (stack) =>
        apply(
          contractOperation,
          [
            transpose(stackThrough(a, body, stack), from(a.shape.length, batch + m)),
            transpose(stackThrough(b, body, stack), from(b.shape.length, batch)),
          ],
          contractGroups(batch, m, k + 1, n),
        ),
    ];
  }
  return null;
}

const sameSize = (a: Node, b: Node): boolean => a.size === b.size;

/**
 * The values of a node in all iterations. A transposition, and a product with a matrix that does not change, is computed
 * after the loop for all iterations at once.
 */
function stackThrough(value: Node, body: ReadonlySet<Node>, stack: (value: Node) => Tensor): Tensor {
  const { op, inputs, params } = value;
  if (op === transposeOperation && body.has(value)) {
    const axes = params.axes as readonly number[];
    return transpose(stackThrough(inputs[0]!, body, stack), [0, ...axes.map((axis) => axis + 1)]);
  }
  if (op === contractOperation && body.has(value)) {
    const { batch, m, k, n } = params as { batch: number; m: number; k: number; n: number };
    const [a, b] = inputs as [Node, Node];
    if (batch === 0 && !body.has(b))
      return apply(
        contractOperation,
        [stackThrough(a, body, stack), new Tensor(b)],
        contractGroups(0, m + 1, k, n),
      );
  }
  if (
    op === addOperation &&
    body.has(value) &&
    inputs.every((i) => i.op === contractOperation && sameSize(i, value))
  ) {
    const [a, b] = inputs.map((input) => stackThrough(input, body, stack));
    return add(a!, b!);
  }
  return stack(value);
}

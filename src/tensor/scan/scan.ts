import { checkArray, checkCount, describe, readOptions, refusal } from '../../ir/arguments.ts';
import { DTypeError, ShapeError, StateError, ValueError } from '../../ir/errors.ts';
import type { Node } from '../../ir/node.ts';
import { sameShape } from '../../ir/view.ts';
import { checkTensor } from '../apply.ts';
import { fromArray } from '../creation.ts';
import { reshape } from '../ops/arrangement/views.ts';
import { less, where } from '../ops/elementwise/logic.ts';
import { iota } from '../ops/source/iota.ts';
import { recordDraws } from '../random.ts';
import { show } from '../shape.ts';
import { Tensor } from '../tensor.ts';
import { drawInEachIteration } from './draws.ts';
import { argument, lastOf, loopNode, stackOf } from './loop-node.ts';

export interface ScanOptions {
  /** Whether the last elements of the sequences come first. The outputs keep the order of the sequences. Default false. */
  readonly reverse?: boolean;
  /** The number of iterations. Only needed without sequences. */
  readonly length?: number;
  /**
   * How many elements of each row are real, int32 [batch] or numbers: the first ones of the sequence. In the other
   * iterations the row's carries stay as they are, and its outputs are 0. All carries and outputs are [batch, ...] then.
   */
  readonly lengths?: Tensor | readonly number[];
  /**
   * Whether gradients compute the values of the step again, from the carries, instead of keeping them: less memory, more
   * time. Default false.
   */
  readonly checkpoint?: boolean;
}

/**
 * A loop over the elements of sequences: `carries = step(carries, elements)`, as in `jax.lax.scan`. It is one node of the
 * graph and is compiled once, whatever its length.
 *
 * `step` is called once, with tensors that stand for the values of every iteration, and builds their graph. It gets the
 * carries and for each sequence [T, ...] its element [...], and returns the new carries, of the same shapes and data types,
 * and outputs. Other tensors may be used in it as they are; gradients reach them too. Random draws in it are made anew in
 * each iteration.
 *
 * What depends on elements of sequences only is computed for all iterations at once. So is, after the loop, the gradient of
 * a matrix that is multiplied in each iteration. Therefore the last bits may differ from those of a loop that is written out.
 *
 * @param initial the first carries; any number.
 * @param sequences tensors [T, ...] with one T, at least 1; any number.
 * @returns the last carries, and the outputs of all iterations [T, ...].
 */
export function scan(
  step: (
    carries: readonly Tensor[],
    elements: readonly Tensor[],
  ) => readonly [carries: readonly Tensor[], outputs?: readonly Tensor[]],
  initial: readonly Tensor[],
  sequences: readonly Tensor[],
  options: ScanOptions = {},
): [carries: Tensor[], outputs: Tensor[]] {
  checkCount('scan', arguments.length, 4);
  if (typeof step !== 'function') throw refusal('scan', 'step', step, 'a function');
  checkTensors('initial', initial);
  checkTensors('sequences', sequences);
  const { reverse, checkpoint, length, lengths } = readOptions('scan', options, {
    reverse: false,
    checkpoint: false,
    length: undefined,
    lengths: undefined,
  });
  const count = countOf(sequences, length);

  const carries = initial.map((t) => argument(t.shape, t.dtype));
  const elements = sequences.map((t) => argument(t.shape.slice(1), t.dtype));
  const handles = (nodes: readonly Node[]): Tensor[] => nodes.map((node) => new Tensor(node));
  const { result, draws, isInner } = recordDraws(() => step(handles(carries), handles(elements)));
  if (isInner && draws.length > 0) {
    throw new StateError(
      '[scan] random numbers are drawn in a loop inside the step of another loop. Draw them in the outer step, for all ' +
        'inner iterations at once, and pass them as a sequence.',
    );
  }
  checkArray('scan', 'the result of step', result, '[carries, outputs]');
  const [nextCarries, outputs = []] = result;
  checkTensors('carries of step', nextCarries);
  checkTensors('outputs of step', outputs);
  checkCarries(initial, nextCarries);

  const parts = {
    initials: initial.map((t) => t.node),
    sequences: sequences.map((t) => t.node),
    carries,
    elements,
  };
  let next: readonly Tensor[] = nextCarries;
  let values: readonly Tensor[] = outputs;
  if (lengths !== undefined) {
    const masks = maskOf(lengths, count, [...nextCarries, ...outputs]);
    parts.sequences.push(masks.node);
    const mask = argument(masks.shape.slice(1), 'bool');
    elements.push(mask);
    const isReal = (t: Tensor): Tensor =>
      reshape(new Tensor(mask), [t.shape[0]!, ...t.shape.slice(1).map(() => 1)]);
    next = nextCarries.map((t, k) => where(isReal(t), t, new Tensor(carries[k]!)));
    values = outputs.map((t) => where(isReal(t), t, 0));
  }
  const nextNodes = next.map((t) => t.node);
  const valueNodes = values.map((t) => t.node);
  for (const { sequence, element } of drawInEachIteration(
    [...nextNodes, ...valueNodes],
    draws,
    count,
    reverse,
  )) {
    parts.sequences.push(sequence);
    elements.push(element);
  }
  const loop = loopNode({ count, reverse, checkpoint }, { ...parts, next: nextNodes }, valueNodes);
  return [initial.map((_, k) => lastOf(loop, k)), valueNodes.map((node) => stackOf(loop, node))];
}

function checkTensors(what: string, tensors: readonly Tensor[]): void {
  checkArray('scan', what, tensors, '[x]');
  for (const t of tensors) checkTensor('scan', t);
}

function countOf(sequences: readonly Tensor[], length: number | undefined): number {
  const counts = sequences.map((t) => {
    if (t.rank > 0) return t.shape[0]!;
    throw new ShapeError(
      '[scan] got a sequence without axes, wanted [T, ...]. Stack the elements along axis 0.',
    );
  });
  if (length !== undefined) counts.push(length);
  const [count] = counts;
  if (count === undefined)
    throw new ValueError('[scan] got no sequences and no length. Pass the option length.');
  if (!(Number.isInteger(count) && count > 0 && counts.every((other) => other === count))) {
    throw new ShapeError(
      `[scan] got sequences of lengths ${counts.join(', ')}, wanted one length from 1 up. Pad shorter ones, and pass lengths.`,
    );
  }
  return count;
}

function checkCarries(initial: readonly Tensor[], next: readonly Tensor[]): void {
  if (initial.length !== next.length) {
    throw new ValueError(
      `[scan] step returned ${next.length} carries, wanted ${initial.length}. Return the new value of each.`,
    );
  }
  next.forEach((t, k) => {
    const { shape, dtype } = initial[k]!;
    if (!sameShape(t.shape, shape)) {
      throw new ShapeError(
        `[scan] carry ${k} has shape ${show(shape)} first and ${show(t.shape)} after a step. Both must be equal.`,
      );
    }
    if (t.dtype !== dtype) {
      throw new DTypeError(
        `[scan] carry ${k} is ${dtype} first and ${t.dtype} after a step. Use cast in the step.`,
      );
    }
  });
}

/** Whether the elements are real, [count, batch]. */
function maskOf(lengths: Tensor | readonly number[], count: number, masked: readonly Tensor[]): Tensor {
  const given: Tensor = lengths instanceof Tensor ? lengths : lengthsOf(lengths, count);
  if (given.dtype !== 'int32' || given.rank !== 1)
    throw refusal('scan', 'lengths', given, 'an int32 tensor [batch] or an array');
  const batch = given.shape[0]!;
  for (const t of masked) {
    if (t.shape[0] === batch) continue;
    throw new ShapeError(
      `[scan] got ${batch} lengths and a carry or output of shape ${show(t.shape)}. Make axis 0 of all of them the batch.`,
    );
  }
  return less(reshape(iota(count), [count, 1]), reshape(given, [1, batch]));
}

function lengthsOf(lengths: readonly number[], count: number): Tensor {
  checkArray('scan', 'lengths', lengths, '[3, 5]');
  for (const n of lengths) {
    if (!Number.isInteger(n) || n < 0 || n > count)
      throw new ValueError(`[scan] got the length ${describe(n)}, wanted a whole number from 0 to ${count}.`);
  }
  return fromArray(Int32Array.from(lengths), [lengths.length], 'int32');
}

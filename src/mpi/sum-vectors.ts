import { sizeOf } from '../ir/view.ts';
import type { Shape } from '../tensor/shape.ts';
import { type ShardNode, ShardTree } from '../train/shards.ts';
import type { Communicator } from './communicator.ts';
import type { SumFormat } from './sum-formats.ts';

/** Tensors one after the other, in one vector. */
interface Entry {
  readonly key: string;
  readonly from: number;
  readonly to: number;
}

/** The tensors of the sums over one subtree of shards: for own ones their values, for those of other ranks their keys. */
export interface VectorNode extends ShardNode<{ has(key: string): boolean }> {
  readonly rank: number;
}

/**
 * Adds tensors of all subtrees in the order of the tree. Each rank adds one piece of the vector of all tensors: it gets this
 * piece of all subtrees, and sends the sums to all.
 *
 * @param format how values are added and sent. @param shapes of all tensors, in the same order on all ranks. @param nodes of all ranks, in the order of their shards.
 * @param own the values of the subtrees of this rank that are not empty.
 */
export async function sumVectors(
  communicator: Communicator,
  format: SumFormat,
  shapes: ReadonlyMap<string, Shape>,
  nodes: readonly VectorNode[],
  own: readonly ReadonlyMap<string, ArrayLike<number>>[],
): Promise<Map<string, Float32Array>> {
  const { rank, size } = communicator;
  const entries: Entry[] = [];
  let length = 0;
  for (const [key, shape] of shapes) {
    entries.push({ key, from: length, to: length + sizeOf(shape) });
    length += sizeOf(shape);
  }
  const ranks = Array.from({ length: size }, (_, i) => i);
  const bounds = [...ranks, size].map((i) => Math.floor((i * length) / size));
  const pieces = ranks.map((i) => bounds[i + 1]! - bounds[i]!);

  const full = nodes.filter(({ sum }) => sum !== null);
  const incoming = ranks.map((i) => full.filter((node) => node.rank === i).length * pieces[rank]!);
  const sent = piecesOf(own, entries, bounds);
  const received = await communicator.exchange(
    format.encode(sent),
    pieces.map((piece) => piece * own.length),
    incoming,
  );
  const added = addPiece(format, format.decode(received), bounds[rank]!, bounds[rank + 1]!, entries, nodes);
  const total = format.decode(await communicator.gather(format.encode(added), pieces));
  return new Map(entries.map(({ key, from, to }) => [key, total.subarray(from, to)]));
}

/** For each rank its piece of the vectors, one after the other. */
function piecesOf(
  own: readonly ReadonlyMap<string, ArrayLike<number>>[],
  entries: readonly Entry[],
  bounds: readonly number[],
): Float32Array {
  const all = new Float32Array(own.length * bounds.at(-1)!);
  const starts = bounds.slice(0, -1).map((bound) => bound * own.length);
  own.forEach((tensors, n) => {
    let piece = 0;
    for (const { key, from, to } of entries) {
      const values = tensors.get(key);
      for (let at = from; at < to; ) {
        while (at >= bounds[piece + 1]!) piece++;
        const end = Math.min(to, bounds[piece + 1]!);
        const place = starts[piece]! + n * (bounds[piece + 1]! - bounds[piece]!) + (at - bounds[piece]!);
        if (values !== undefined) all.set((values as Float32Array).subarray(at - from, end - from), place);
        at = end;
      }
    }
  });
  return all;
}

/** The sums of the part from `begin` to before `end` of the vector. @param received this part of all vectors, which is overwritten. */
function addPiece(
  { add }: SumFormat,
  received: Float32Array,
  begin: number,
  end: number,
  entries: readonly Entry[],
  nodes: readonly VectorNode[],
): Float32Array {
  const added = new Float32Array(end - begin);
  for (const { key, from, to } of entries) {
    const [start, stop] = [Math.max(from, begin) - begin, Math.min(to, end) - begin];
    if (start >= stop) continue;
    const tree = new ShardTree<Float32Array>(add);
    let vector = 0;
    for (const { count, sum } of nodes) {
      const at = vector * (end - begin);
      // A tensor that is missing in a subtree leaves the others as they are: -0 + 0 would be 0.
      tree.push(sum?.has(key) ? received.subarray(at + start, at + stop) : null, count);
      if (sum !== null) vector++;
    }
    added.set(tree.sum!, start);
  }
  return added;
}

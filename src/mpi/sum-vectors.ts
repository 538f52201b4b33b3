import { sizeOf } from '../ir/view.ts';
import type { Shape } from '../tensor/shape.ts';
import { type ShardNode, ShardTree } from '../train/shards.ts';
import { type Communicator, type Elements, gather, parts } from './communicator.ts';
import type { ReusedMemory } from './reused-memory.ts';
import type { SumFormat } from './sum-formats.ts';
import type { Values } from './sum-outline.ts';

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
 * @param memory of this function, for the pieces. @param format how values are added and sent.
 * @param shapes of all tensors, in the same order on all ranks. @param nodes of all ranks, in the order of their shards.
 * @param own the values of the subtrees of this rank that are not empty.
 */
export async function sumVectors(
  communicator: Communicator,
  memory: ReusedMemory,
  format: SumFormat,
  shapes: ReadonlyMap<string, Shape>,
  nodes: readonly VectorNode[],
  own: readonly Values[],
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
  const counts = ranks.map((i) => pieces[rank]! * full.filter((node) => node.rank === i).length);
  const received = memory.take(format.Elements, sum(counts));
  const incoming = parts(received, counts);
  const others = pieces.map((piece, i) => (i === rank ? 0 : piece * own.length));
  const outgoing = parts(memory.take(format.Elements, sum(others)), others);
  outgoing[rank] = incoming[rank]!;
  writePieces(format, own, entries, bounds, outgoing);
  await communicator.exchange(outgoing, incoming, 'data');

  const sums = new format.Elements(length);
  const all = parts(sums, pieces);
  addPiece(format, format.decode(received), bounds[rank]!, all[rank]!, entries, nodes);
  await gather(communicator, all, 'data');
  const total = format.decode(sums);
  return new Map(entries.map(({ key, from, to }) => [key, total.subarray(from, to)]));
}

const sum = (lengths: readonly number[]): number => lengths.reduce((total, length) => total + length, 0);

/** Writes for each rank its piece of all own vectors, one after the other. */
function writePieces(
  { encode }: SumFormat,
  own: readonly Values[],
  entries: readonly Entry[],
  bounds: readonly number[],
  outgoing: readonly Elements[],
): void {
  own.forEach((tensors, n) => {
    let piece = 0;
    for (const { key, from, to } of entries) {
      const values = tensors.get(key);
      for (let at = from; at < to; ) {
        while (at >= bounds[piece + 1]!) piece++;
        const [begin, end] = [bounds[piece]!, bounds[piece + 1]!];
        const stop = Math.min(to, end);
        const place = n * (end - begin) + (at - begin);
        if (values !== undefined)
          encode(
            values.subarray(at - from, stop - from),
            outgoing[piece]!.subarray(place, place + stop - at),
          );
        at = stop;
      }
    }
  });
}

/**
 * Adds a piece of the vectors, which begins at the element `begin`.
 *
 * @param received this piece of all vectors, which is overwritten. @param added gets the sums.
 */
function addPiece(
  { add, encode }: SumFormat,
  received: Float32Array,
  begin: number,
  added: Elements,
  entries: readonly Entry[],
  nodes: readonly VectorNode[],
): void {
  const end = begin + added.length;
  for (const { key, from, to } of entries) {
    const [start, stop] = [Math.max(from, begin) - begin, Math.min(to, end) - begin];
    if (start >= stop) continue;
    const tree = new ShardTree<Float32Array>(add);
    let vector = 0;
    for (const { count, sum } of nodes) {
      const at = vector * added.length;
      // A tensor that is missing in a subtree leaves the others as they are: -0 + 0 would be 0.
      tree.push(sum?.has(key) ? received.subarray(at + start, at + stop) : null, count);
      if (sum !== null) vector++;
    }
    encode(tree.sum!, added.subarray(start, stop));
  }
}

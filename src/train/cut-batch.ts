import { type Batch, rowsOf, weighted } from '../data/dataset.ts';
import { RowBuffer } from '../data/row-buffer.ts';
import { mapItems } from '../tensor/structure.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { shardRows } from './shards.ts';

/** The shards of a batch, without copies; null for one without samples, or whose samples have the weight 0. */
export async function cutBatch(batch: Batch, shards: number): Promise<(Batch | null)[]> {
  const { sampleWeights, size } = batch;
  const x = await rowsOf(batch.x);
  const y = await rowsOf(batch.y);
  const weights = sampleWeights && (await RowBuffer.of(sampleWeights));
  return Array.from({ length: shards }, (_, shard) => {
    const [from, to] = shardRows(size, shards, shard);
    const pick = (rows: RowBuffer): Tensor => rows.part(from, to).toTensor();
    const own = weights?.part(from, to);
    const weight = weighted(to - from, own?.array, own?.toTensor());
    if (weight.weight === 0) return null;
    return { x: mapItems(x, pick), y: mapItems(y, pick), size: to - from, ...weight };
  });
}

import { type Batch, rowsOf, weighted } from '../data/dataset.ts';
import type { RowBuffer } from '../data/row-buffer.ts';
import { mapItems } from '../tensor/structure.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { shardRows } from './shards.ts';

/** The shards of a batch, without copies; null for one without samples, or whose samples have the weight 0. */
export async function cutBatch(batch: Batch, shards: number): Promise<(Batch | null)[]> {
  const { sampleWeights, size } = batch;
  const x = await rowsOf(batch.x);
  const y = await rowsOf(batch.y);
  const weights = sampleWeights ? await rowsOf(sampleWeights) : null;
  return Array.from({ length: shards }, (_, shard) => {
    const [from, to] = shardRows(size, shards, shard);
    const pick = (rows: RowBuffer): RowBuffer => rows.part(from, to);
    const pickTensor = (rows: RowBuffer): Tensor => pick(rows).toTensor();
    const own = weighted(to - from, weights && mapItems(weights, pick), y);
    if (own.weight === 0) return null;
    return { x: mapItems(x, pickTensor), y: mapItems(y, pickTensor), ...own };
  });
}

import { type Batch, rowsOf, weighted } from '../data/dataset.ts';
import type { RowBuffer } from '../data/row-buffer.ts';
import { mapItems } from '../tensor/structure.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { shardRows } from './shards.ts';

/**
 * The shards from number `first` to before number `end` of a batch that is divided into `shards`, without copies; null for one
 * without samples, or whose samples have the weight 0.
 */
export async function cutBatch(
  batch: Batch,
  shards: number,
  first: number,
  end: number,
): Promise<(Batch | null)[]> {
  const { from: start = 0, sampleWeights, size } = batch;
  const x = await rowsOf(batch.x);
  const y = await rowsOf(batch.y);
  const weights = sampleWeights ? await rowsOf(sampleWeights) : null;
  return Array.from({ length: end - first }, (_, i) => {
    const [from, to] = shardRows(size, shards, first + i);
    const pick = (rows: RowBuffer): RowBuffer => rows.part(from - start, to - start);
    const pickTensor = (rows: RowBuffer): Tensor => pick(rows).toTensor();
    const own = weighted(to - from, weights && mapItems(weights, pick), y);
    if (own.weight === 0) return null;
    return { x: mapItems(x, pickTensor), y: mapItems(y, pickTensor), ...own };
  });
}

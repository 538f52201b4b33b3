import { type Batch, rowsOf, weighted } from '../data/dataset.ts';
import { RowBuffer } from '../data/row-buffer.ts';
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
  const weights = sampleWeights && (await RowBuffer.of(sampleWeights));
  return Array.from({ length: end - first }, (_, i) => {
    const [from, to] = shardRows(size, shards, first + i);
    const part = (rows: RowBuffer): RowBuffer => rows.part(from - start, to - start);
    const pick = (rows: RowBuffer): Tensor => part(rows).toTensor();
    const own = weights && part(weights);
    const weight = weighted(to - from, own?.array, own?.toTensor());
    if (weight.weight === 0) return null;
    return { x: mapItems(x, pick), y: mapItems(y, pick), size: to - from, ...weight };
  });
}

import { ArrayDataset, type Dataset } from '../../data/dataset.ts';
import type { RowBuffer } from '../../data/row-buffer.ts';
import { show } from '../../tensor/shape.ts';
import { crc32 } from '../../util/crc32.ts';
import { yieldToEventLoop } from '../../util/event-loop.ts';

const PART = 1 << 20;

/**
 * The number of samples and a checksum of their values; of batches that are made while they are used, what the source
 * says about their number.
 */
export async function describeSamples(dataset: Dataset | null): Promise<string> {
  if (dataset === null) return 'none';
  if (!(dataset instanceof ArrayDataset)) {
    const { batches, lastBatchSize } = dataset.count;
    return `batches${batches === undefined ? '' : `, ${batches} in an epoch`}${lastBatchSize === undefined ? '' : `, ${lastBatchSize} samples in the last`}`;
  }
  const { size, x, y, weights } = dataset;
  const hashes: string[] = [];
  for (const rows of [x, y, ...(weights === null ? [] : [weights])]) {
    const { dtype, shape } = rows.toTensor();
    hashes.push(`${dtype} ${show(shape)} ${await checksumOf(rows)}`);
  }
  return `${size} of ${hashes.join(', ')}`;
}

async function checksumOf({ array }: RowBuffer): Promise<string> {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  let checksum = 0;
  for (let at = 0; at < bytes.length; at += PART) {
    checksum = crc32(bytes.subarray(at, at + PART), checksum);
    await yieldToEventLoop();
  }
  return checksum.toString(16).padStart(8, '0');
}

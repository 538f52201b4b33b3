import { ArrayDataset, type Dataset } from '../../data/dataset.ts';
import type { RowBuffer } from '../../data/row-buffer.ts';
import { show } from '../../tensor/shape.ts';
import { itemsOf, nameIn } from '../../tensor/structure.ts';
import { crc32 } from '../../util/crc32.ts';
import { yieldToEventLoop } from '../../util/event-loop.ts';
import { settingText } from './setting-text.ts';

const PART = 1 << 20;

/**
 * The number of samples and a checksum of their values; of batches that are made while they are used, their origin or what the
 * source says about their number.
 */
export async function describeSamples(dataset: Dataset | null): Promise<string> {
  if (dataset === null) return 'none';
  if (dataset instanceof ArrayDataset) {
    const { x, y, weights } = dataset;
    const rows = Object.entries({ x, y, ...(weights && { sampleWeights: weights }) });
    return describeRows(rows.flatMap(([what, items]) => itemsOf<RowBuffer>(items).map(named(what))));
  }
  const { source } = dataset;
  const { batches, lastBatchSize } = dataset.count;
  const origin = typeof source === 'function' ? source.origin : undefined;
  if (origin === undefined) return `batches ${settingText({ batches, lastBatchSize })}`;
  const { rows, settings } = await origin();
  return `${await describeRows(rows)}, ${settingText(settings)}`;
}

/** The name of one of several inputs or outputs, `x.name`; '' for the only one. */
const named =
  (what: string) =>
  ([name, rows]: readonly [string, RowBuffer]) =>
    [name && nameIn(what, name), rows] as const;

async function describeRows(all: readonly (readonly [name: string, rows: RowBuffer])[]): Promise<string> {
  const texts: string[] = [];
  for (const [name, rows] of all) {
    const { dtype, shape } = rows.toTensor();
    texts.push(`${name}${name && ' '}${dtype} ${show(shape)} ${await checksumOf(rows)}`);
  }
  return texts.join(', ');
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

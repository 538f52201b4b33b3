/**
 * Writes the digits of the page to site/public/digits, from the files that `loadMnist` finds: shards of 5,000 images, and a
 * manifest. Shards that are there already are kept.
 *
 *     npx tsx site/scripts/digits.ts
 */
import { fileURLToPath } from 'node:url';
import { loadMnist } from 'ndgrad/node';
import { type SetEntry, SHARD } from '../src/digits/format.ts';
import { writeDigits } from './write-digits.ts';

const folder = fileURLToPath(new URL('../public/digits/', import.meta.url));
const { train, test } = await writeDigits(folder, await loadMnist(), SHARD);
const megabytes = ({ shards }: SetEntry): string =>
  (shards.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6).toFixed(1);
console.log(`${folder}: ${megabytes(train)} MB for training, ${megabytes(test)} MB for tests`);

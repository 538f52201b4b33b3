import { Generator } from 'ndgrad';
import { type DigitSet, picked } from '../src/digits/format.ts';

/**
 * Divides images into shards of equal size in an order that follows from the seed. Each shard has the same number of images
 * of each class, up to one.
 */
export function shardsOf(set: DigitSet, size: number, seed: number): DigitSet[] {
  const random = new Generator(seed);
  const byClass = Array.from({ length: 10 }, (_, digit) => {
    const own = Array.from(set.labels.keys()).filter((i) => set.labels[i] === digit);
    return Array.from(random.permutation(own.length), (i) => own[i]!);
  }).flat();
  // Neighbors in this list go to different shards, so each class is dealt out evenly.
  const shards = Array.from({ length: set.count / size }, (_, s) =>
    byClass.filter((_, i) => i % (set.count / size) === s),
  );
  return shards.map((own) =>
    picked(
      set,
      Array.from(random.permutation(own.length), (i) => own[i]!),
    ),
  );
}

/**
 * A program whose only work is that of its workers; it ends in the way that its argument names. Run by
 * augmentation-process.full.ts.
 */
import { augmentImages } from '../../src/data.ts';
import { bytes, gather, hashOf, strong } from './augmentation.ts';

const open = (workers: number) =>
  augmentImages(bytes(5000), { ...strong, seed: 5, batchSize: 1000, workers });
const source = open(2);
const ways: Record<string, () => Promise<unknown>> = {
  async finished() {
    const alone = await gather(open(0)(0));
    return hashOf((await gather(source(0))).pixels) === hashOf(alone.pixels) ? 'same bits' : 'other bits';
  },
  async left() {
    for await (const batch of source(0)) return batch.x.shape.join();
    return 'nothing';
  },
  async dropped() {
    return (await source(0).next()).done;
  },
  async begun() {
    void source(0).next();
  },
};
const way = process.argv[2]!;
console.log(way, await ways[way]!(), source.workerError);

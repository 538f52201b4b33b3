import type { Batch } from '../data/dataset.ts';
import { unreached } from '../optim/unreached.ts';
import { reachedGradients } from '../tensor/gradients.ts';
import type { Parameter } from '../tensor/parameter.ts';
import { Generator } from '../tensor/random.ts';
import { runAssignments } from '../tensor/step.ts';
import type { Position } from './checkpoint/types.ts';
import { cutBatch } from './cut-batch.ts';
import type { Objective } from './objective.ts';
import { type Pass, type Passes, reported, type StepResult } from './passes.ts';
import { RunningLosses } from './running-loss.ts';
import {
  addSums,
  assignedMeans,
  type ShardSums,
  shardSums,
  sumTensors,
  totalGradients,
} from './shard-sums.ts';
import { ShardTree } from './shards.ts';

/** One training step whose batch is divided into shards. The shards are computed one after the other; one update follows with their sums. */
export async function shardedStep(
  passes: Passes,
  batch: Batch,
  position: Position,
  { lastBatchSize, seed, shards }: { lastBatchSize: number | undefined; seed: number; shards: number },
): Promise<StepResult> {
  const { average, optimizer } = passes.options;
  const { batches, epoch, losses } = position;
  const targets = optimizer.parameters.filter(({ trainable }) => trainable);
  const random = new Generator(seed).fork(epoch).fork(batches);
  const last = Math.max(1, Math.floor((lastBatchSize ?? batch.size) / shards));
  const tree = new ShardTree(addSums);
  const done: Pass[] = [];
  const parts = await cutBatch(batch, shards);
  for (const [shard, part] of parts.entries()) {
    const add = async (sums: ShardSums | null): Promise<void> => {
      const added = tree.push(sums);
      if (added !== null && added !== sums)
        await runAssignments({ results: sumTensors(added), assignments: [] });
    };
    if (part === null) {
      await add(null);
      continue;
    }
    const pass = passes.forward(part, random.fork(shard), batches === 0 ? last : part.size);
    const { context, goal } = pass;
    const sums = shardSums(goal.sum, targets, part.weight, part.size, context.take());
    for (const p of targets) checkReached(p, sums, goal);
    await runAssignments({ results: [...reported(pass), ...sumTensors(sums)], assignments: [] });
    if (Number.isFinite((await goal.total.data())[0]!)) {
      done.push(pass);
      await add(sums);
    } else {
      const result = await passes.explainBatches('the loss is NaN or infinite', [[part, random.fork(shard)]]);
      if ('cause' in result) return result;
      await add(null);
    }
  }
  const { sum } = tree;
  if (sum === null) return { loss: null };
  const gradients = totalGradients(sum, targets, passes.penalty);
  const context = { assignments: assignedMeans(sum), take: () => {} };
  try {
    await optimizer.apply(gradients, { context, ...(average ? { average } : {}) });
  } catch (error) {
    return passes.explain(
      error,
      parts.flatMap((part, shard) => (part === null ? [] : [[part, random.fork(shard)] as const])),
    );
  }
  const own = new RunningLosses();
  for (const pass of done) {
    await passes.record(pass, losses);
    await own.add(pass.goal, pass.batch.weight);
  }
  return { loss: own.results().loss! };
}

/** @throws StateError unless the loss or the penalty depends on a Parameter. */
function checkReached(p: Parameter, { parts }: ShardSums, { sum, total }: Objective): void {
  if ([...parts.values()].some(({ gradients }) => gradients.has(p))) return;
  if (total === sum || reachedGradients('fit', total, [p])[0] === null) throw unreached('fit', total, p);
}

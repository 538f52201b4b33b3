import type { Batch } from '../data/dataset.ts';
import { unreached } from '../optim/unreached.ts';
import { reachedGradients } from '../tensor/gradients.ts';
import type { Parameter } from '../tensor/parameter.ts';
import { Generator } from '../tensor/random.ts';
import { runAssignments } from '../tensor/step.ts';
import type { Position } from './checkpoint/types.ts';
import { cutBatch } from './cut-batch.ts';
import type { Objective } from './objective.ts';
import { type Passes, reported, reportOf, type StepResult } from './passes.ts';
import { RunningLosses } from './running-loss.ts';
import {
  addSums,
  assignedMeans,
  type ShardSums,
  shardSums,
  sumTensors,
  totalGradients,
} from './shard-sums.ts';
import { ownShards, ShardTree } from './shards.ts';
import type { PassReport } from './world.ts';

/**
 * One training step whose batch is divided into shards. The shards are computed one after the other, or by several ranks; one
 * update follows with their sums.
 */
export async function shardedStep(
  passes: Passes,
  batch: Batch,
  position: Position,
  { lastBatchSize, seed, shards }: { lastBatchSize: number | undefined; seed: number; shards: number },
): Promise<StepResult> {
  const { average, optimizer, reduceDType = 'float32', world } = passes.options;
  const rounded = reduceDType === 'bfloat16' ? world!.bfloat16 : undefined;
  const { batches, epoch, losses } = position;
  const targets = optimizer.parameters.filter(({ trainable }) => trainable);
  const random = new Generator(seed).fork(epoch).fork(batches);
  const last = Math.max(1, Math.floor((lastBatchSize ?? batch.size) / shards));
  const [first, end] = ownShards(shards, world);
  const tree = new ShardTree<ShardSums>((a, b) => addSums(a, b, rounded?.add), first);
  const reports: PassReport[] = [];
  const parts = await cutBatch(batch, shards, first, end);
  let cause: string | null = null;
  for (const [i, part] of parts.entries()) {
    const generator = (): Generator => random.fork(first + i);
    const add = async (sums: ShardSums | null): Promise<void> => {
      const added = tree.push(sums);
      if (added !== null && added !== sums)
        await runAssignments({ results: sumTensors(added), assignments: [] });
    };
    if (part === null) {
      await add(null);
      continue;
    }
    const pass = passes.forward(part, generator(), batches === 0 ? last : part.size);
    const { context, goal } = pass;
    const sums = shardSums(goal.sum, targets, part.weight, part.size, context.take());
    for (const p of targets) checkReached(p, sums, goal);
    await runAssignments({ results: [...reported(pass), ...sumTensors(sums)], assignments: [] });
    if (Number.isFinite((await goal.total.data())[0]!)) {
      reports.push(reportOf(pass));
      await add(rounded ? await rounded.round(sums) : sums);
    } else {
      const result = await passes.explainBatches('the loss is NaN or infinite', [[part, generator()]]);
      if ('cause' in result) {
        cause = result.cause;
        break;
      }
      await add(null);
    }
  }
  const own = { cause, nodes: tree.nodes, reports, parameters: passes.parameters, reduceDType };
  const all = (await world?.combine(own)) ?? { cause, sum: tree.sum, reports };
  if (all.cause !== null) return { cause: all.cause };
  const { sum } = all;
  if (sum === null) return { loss: null };
  const gradients = totalGradients(sum, targets, passes.penalty);
  const context = { assignments: assignedMeans(sum), take: () => {} };
  try {
    await (world?.shardedOptimizer ?? optimizer).apply(gradients, {
      context,
      ...(average ? { average } : {}),
    });
  } catch (error) {
    return passes.explain(
      error,
      parts.flatMap((part, i) => (part === null ? [] : [[part, random.fork(first + i)] as const])),
    );
  }
  const total = new RunningLosses();
  for (const report of all.reports) {
    await passes.record(report, losses);
    await total.add(report, report.weight);
  }
  return { loss: total.results().loss! };
}

/** @throws StateError unless the loss or the penalty depends on a Parameter. */
function checkReached(p: Parameter, { parts }: ShardSums, { sum, total }: Objective): void {
  if ([...parts.values()].some(({ gradients }) => gradients.has(p))) return;
  if (total === sum || reachedGradients('fit', total, [p])[0] === null) throw unreached('fit', total, p);
}

import type { Session } from '../session.ts';
import { printTable } from '../tables.ts';
import type { ConvnetTask } from '../task.ts';

const samples = 60_000;
const batch = 128;
const rounds = 5;
const warmUp = 3;

/** An epoch of training a network with two convolutions, estimated from some steps. */
export async function benchConvnet(session: Session): Promise<void> {
  const perRound = Math.ceil(session.settings.steps / rounds);
  const batches = warmUp + rounds * perRound;
  const task = (batch: number): ConvnetTask => ({
    kind: 'convnet',
    size: 28,
    channels: [1, 32, 64],
    kernelSize: 3,
    classes: 10,
    batch,
    batches,
  });
  const steps = samples / batch;
  await session.withProcesses(['convnet'], async (processes) => {
    const timings = await session.timeBatches('convnet', 'training step', processes, task, {
      batch,
      few: 2,
      times: 3,
      rounds: { rounds, runs: { warmUp, perRound } },
    });
    printTable(
      'Epoch of training conv 3 x 3, 32 - max-pool 2 - conv 3 x 3, 64 - max-pool 2 - dense 10 on 28 x 28 images ' +
        `(relu, Adam, batch ${batch}) in seconds: median (best)`,
      session.libraries,
      [{ label: 'epoch', timings, figure: (seconds) => seconds * steps }],
    );
    console.log(
      `Measured: ${rounds} rounds of ${perRound} steps after ${warmUp} for warm-up, unless noted otherwise, each with new random data; ` +
        `an epoch is ${steps.toFixed(1)} times the step. No library shuffles.`,
    );
  });
}

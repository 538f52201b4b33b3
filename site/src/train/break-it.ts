import type { Configuration } from './configuration.ts';
import type { Outcome } from './training-run.ts';

/** A way to ruin training. */
export interface Breakage {
  readonly title: string;
  readonly changes: Partial<Configuration>;
  /** Why training fails, and what helps. */
  readonly why: string;
}

export const breakages: Readonly<Record<string, Breakage>> = {
  rate: {
    title: 'Learning rate too high',
    changes: { optimizer: 'sgd', learningRate: 5, epochs: 2 },
    why: 'Each step goes against the gradient, which points away from the minimum only nearby. A step that is too long jumps over the minimum to a place where the loss is higher and the gradient larger, so the next step is even longer. Divide the learning rate by 10 until the loss falls.',
  },
  scale: {
    title: 'Unscaled input',
    changes: { optimizer: 'sgd', learningRate: 0.1, pixels: 'raw', epochs: 2 },
    why: 'Pixels from 0 to 255 instead of 0 to 1 make the sums of the first layer 255 times as large, and the gradients of its weights too. A learning rate that is good for scaled pixels is far too high then. Scale the input: divide by 255, or to mean 0 and deviation 1.',
  },
  zeros: {
    title: 'Zero initialization',
    changes: { initializer: 'zeros', epochs: 2 },
    why: 'With all weights 0, every hidden unit computes 0, so no gradient reaches the layers before. All units of a layer would also get the same gradient and stay equal. Only the last bias learns: how often each class occurs. Random initial weights make the units different.',
  },
  order: {
    title: 'No shuffling',
    changes: { order: 'sorted', epochs: 2 },
    why: 'The digits come sorted: first all zeros, then all ones. Each batch has one class, so the network learns to give that answer for everything and forgets the others. At the end of an epoch it knows nines best. Shuffle the data: fit does so unless told otherwise.',
  },
};

/** What happened in a training that was ruined, in numbers. */
export function whatHappened(
  { history: { history, stopped } }: Outcome,
  warnings: readonly string[],
): string[] {
  const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
  const accuracy = history.val_accuracy?.at(-1);
  const losses = history.val_loss ?? [];
  return [
    ...(accuracy === undefined
      ? []
      : [
          `The network gets ${percent(accuracy)} of the test digits right (guessing: about 10 %), with a loss of ${losses.at(-1)!.toPrecision(3)} (guessing: 2.30).`,
        ]),
    ...(stopped === undefined ? [] : [`Training ended early: ${stopped}`]),
    ...warnings,
  ];
}

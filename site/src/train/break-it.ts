import type { Configuration } from './configuration.ts';
import type { Outcome } from './training-run.ts';

/** A way to ruin training. */
export interface Breakage {
  readonly title: string;
  readonly changes: Partial<Configuration>;
  /** Why training fails, and what helps. */
  readonly why: readonly string[];
}

export const breakages: Readonly<Record<string, Breakage>> = {
  rate: {
    title: 'Learning rate too high',
    changes: { optimizer: 'sgd', learningRate: 5, epochs: 2 },
    why: [
      'A step goes against the gradient, which only says where the loss falls nearby. Steps that are too long jump over the minimum to places where the loss is higher and the gradient larger, so the next one is longer still.',
      'With relu it ends when every hidden unit is 0 for every image: such units are dead, because no gradient passes through them. Divide the learning rate by 10 until the loss falls.',
    ],
  },
  scale: {
    title: 'Unscaled input',
    changes: { optimizer: 'sgd', learningRate: 0.1, pixels: 'raw', epochs: 2 },
    why: [
      'Pixels from 0 to 255 instead of 0 to 1 make the sums of the first layer 255 times as large, and the gradients of its weights too. The learning rate is a good one for scaled pixels, and far too high for these.',
      'Scale the input: divide by 255, or to mean 0 and deviation 1.',
    ],
  },
  zeros: {
    title: 'Zero initialization',
    changes: { initializer: 'zeros', epochs: 2 },
    why: [
      'With all weights 0, every hidden unit computes 0, and no gradient passes back through weights that are 0. Only the last bias learns: how often each digit occurs.',
      'Other equal values would not help: all units of a layer would get the same gradient and stay equal. Random initial weights make them different.',
    ],
  },
  order: {
    title: 'No shuffling',
    changes: { order: 'sorted', epochs: 2 },
    why: [
      'The digits come sorted: all zeros, then all ones, and so on. Each batch has one class, so its step pulls every answer to that class, and the next steps pull them to another. Look at the confusion matrix: some digits are hardly ever answered.',
      'Steps on batches that have all classes add up. Shuffle the data: fit does so unless told otherwise.',
    ],
  },
};

/** What happened in a training that was ruined, in numbers. */
export function whatHappened({ history: { history, stopped } }: Outcome): string[] {
  const accuracy = history.val_accuracy?.at(-1);
  const loss = history.val_loss?.at(-1);
  return [
    ...(accuracy === undefined
      ? []
      : [`${(100 * accuracy).toFixed(1)} % of the test digits are right. Guessing gives about 10 %.`]),
    ...(loss === undefined ? [] : [`The loss is ${loss.toPrecision(3)}. Guessing gives 2.30.`]),
    ...(stopped === undefined ? [] : [`Training ended early: ${stopped}`]),
  ];
}

/** The warnings that say something about digits: their margins are white in all images, which does no harm. */
export const tellingWarnings = (warnings: readonly string[]): string[] =>
  warnings
    .filter((text) => !text.includes('got one value in all'))
    .map((text) => text.replace('[diagnostics] ', ''));

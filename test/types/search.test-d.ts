import { inWorkers } from 'ndgrad/node';
import {
  choice,
  type Dimension,
  gridSearch,
  integer,
  logUniform,
  type ParametersOf,
  type SearchResults,
  search,
  type TrialFunction,
  uniform,
} from 'ndgrad/search';
import { expectTypeOf, test } from 'vitest';

const space = {
  learningRate: logUniform(1e-4, 1e-2),
  batchSize: choice([64, 128, 256]),
  width: integer(32, 512, { step: 32, log: true }),
  dropout: uniform(0, 0.5),
  optimizer: choice(['adam', 'sgd', null]),
};
const strategy = gridSearch();

interface Wanted {
  readonly learningRate: number;
  readonly batchSize: 64 | 128 | 256;
  readonly width: number;
  readonly dropout: number;
  readonly optimizer: 'adam' | 'sgd' | null;
}

test('a space knows its parameters', () => {
  expectTypeOf<ParametersOf<typeof space>>().toEqualTypeOf<Wanted>();
  expectTypeOf(choice([{ layers: 1 }, { layers: 2 }])).toExtend<Dimension<{ layers: 1 | 2 }>>();
  const sizes: number[] = [1, 2];
  expectTypeOf(choice(sizes)).toEqualTypeOf<Dimension<number>>();
  // @ts-expect-error a function is no JSON
  choice([Math.max]);
});

test('a trial gets them, and the results give them back', () => {
  const results = search({
    space,
    strategy,
    objective: { maximize: 'accuracy' },
    trial: async (parameters, { epochs, seed, signal }) => {
      expectTypeOf(parameters).toEqualTypeOf<Wanted>();
      expectTypeOf(epochs).toEqualTypeOf<number>();
      expectTypeOf(seed).toEqualTypeOf<number>();
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
      return { accuracy: 0.5, loss: 1 };
    },
    progress: ({ run }) => expectTypeOf(run.parameters.batchSize).toEqualTypeOf<64 | 128 | 256>(),
  });
  expectTypeOf(results).toEqualTypeOf<Promise<SearchResults<Wanted>>>();
});

test('the objective is one of the numbers that the trial gives', () => {
  const trial = () => ({ accuracy: 0.5, loss: 1 });
  search({ space, strategy, trial, objective: { minimize: 'loss' } });
  // @ts-expect-error no such number
  search({ space, strategy, trial, objective: { maximize: 'f1' } });
  // @ts-expect-error both
  search({ space, strategy, trial, objective: { maximize: 'accuracy', minimize: 'loss' } });
  // @ts-expect-error a text is no number
  search({ space, strategy, trial: () => ({ accuracy: '1' }), objective: { maximize: 'accuracy' } });
  // Names that are known only when it runs.
  const open = (): Record<string, number> => ({});
  search({ space, strategy, trial: open, objective: { maximize: 'f1' } });
  search({ space, strategy, trial: inWorkers('file:///trial.js'), objective: { maximize: 'f1' } });
});

test('a trial in a module of its own is typed by the space', () => {
  const trial: TrialFunction<typeof space> = ({ batchSize }) => ({ accuracy: batchSize });
  search({ space, strategy, trial, objective: { maximize: 'accuracy' } });
  // @ts-expect-error the space has no depth
  const _wrong: TrialFunction<typeof space> = ({ depth }) => ({ accuracy: depth });
  // @ts-expect-error a space of other parameters
  search({ space: { depth: integer(1, 3) }, strategy, trial, objective: { maximize: 'accuracy' } });
});

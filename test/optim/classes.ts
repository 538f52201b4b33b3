import * as optim from '../../src/optim/index.ts';
import type { Parameter } from '../../src/tensor/parameter.ts';
import type { OptimizerRun } from '../reference/load.ts';

const { Optimizer } = optim;

/** The exported optimizers by their kinds. */
const classes = new Map(
  Object.entries<unknown>({ ...optim }).filter(
    (entry): entry is [string, new () => optim.Optimizer] =>
      typeof entry[1] === 'function' && entry[1].prototype instanceof Optimizer,
  ),
);

export const optimizerKinds: readonly string[] = [...classes.keys()];

/** A new optimizer of a kind. */
export function makeOptimizer(kind: string, ...args: readonly unknown[]): optim.Optimizer {
  const made: unknown = Reflect.construct(classes.get(kind)!, args);
  if (!(made instanceof Optimizer)) throw new Error(`${kind} is no optimizer`);
  return made;
}

/** The optimizer of a run of the reference. */
export function optimizerOf(
  { optimizer, options, learningRates, groups, lookahead, only }: OptimizerRun,
  parameters: Parameter[],
): optim.Optimizer {
  const rates = learningRates;
  const settings = { ...options, ...(rates && { learningRate: (step: number) => rates[step]! }) };
  const ofName = (name: string): Parameter[] => parameters.filter((p) => p.name === name);
  if (groups === undefined) {
    const made = makeOptimizer(optimizer, only === undefined ? parameters : ofName(only), settings);
    return lookahead === undefined ? made : new optim.Lookahead(made, lookahead);
  }
  const { clip, ...common } = settings;
  const inner = Object.entries(groups).map(([name, own]) =>
    makeOptimizer(optimizer, ofName(name), { ...common, ...own }),
  );
  return new optim.MultiOptimizer(inner, clip === undefined ? {} : { clip });
}

import * as optim from '../../src/optim/index.ts';

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

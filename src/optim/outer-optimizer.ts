import { checkCount, isRecord, refusal } from '../ir/arguments.ts';
import { ValueError } from '../ir/errors.ts';
import { checkNotNegative } from './check.ts';
import { type InnerState, Optimizer, type OptimizerParts, type OptimizerState } from './optimizer.ts';

/** The base of optimizers that are made of others. */
export abstract class OuterOptimizer<Slot extends string = string> extends Optimizer<Slot> {
  /** The optimizers that it is made of. Use them only through it; their learning rates may be changed. */
  abstract readonly optimizers: readonly Optimizer[];

  override async getState(): Promise<OptimizerState> {
    checkCount('getState', arguments.length, 0);
    const inner = this.optimizers.map(innerState);
    return { ...(await super.getState()), inner };
  }

  override async setState(state: OptimizerState): Promise<void> {
    checkCount('setState', arguments.length, 1);
    const before = this.optimizers.map(innerState);
    checkStates(this.optimizers, Object(state).inner);
    const running = super.setState(state);
    restore(this.optimizers, state.inner!);
    try {
      await running;
    } catch (error) {
      restore(this.optimizers, before);
      throw error;
    }
  }
}

const innerOf = (optimizer: Optimizer): readonly Optimizer[] =>
  optimizer instanceof OuterOptimizer ? optimizer.optimizers : [];

function innerState(optimizer: Optimizer): InnerState {
  const { learningRate } = optimizer;
  return {
    ...(typeof learningRate === 'number' ? { learningRate } : {}),
    ...(optimizer instanceof OuterOptimizer ? { inner: optimizer.optimizers.map(innerState) } : {}),
  };
}

function checkStates(optimizers: readonly Optimizer[], states: unknown): void {
  if (!Array.isArray(states) || states.length !== optimizers.length || !states.every(isRecord))
    throw refusal('setState', 'inner', states, `the states of ${optimizers.length} inner optimizers`);
  for (const [i, { learningRate = 0, inner }] of (states as readonly InnerState[]).entries()) {
    checkNotNegative('setState', { learningRate });
    const optimizer = optimizers[i]!;
    if (optimizer instanceof OuterOptimizer) checkStates(optimizer.optimizers, inner);
  }
}

function restore(optimizers: readonly Optimizer[], states: readonly InnerState[]): void {
  for (const [i, optimizer] of optimizers.entries()) {
    const { learningRate = optimizer.learningRate, inner = [] } = states[i]!;
    if (typeof optimizer.learningRate === 'number') optimizer.learningRate = learningRate;
    restore(innerOf(optimizer), inner);
  }
}

/** @throws ValueError unless it is an optimizer that has done no step. */
export function partsOf(kind: string, optimizer: Optimizer): OptimizerParts {
  if (!(optimizer instanceof Optimizer))
    throw refusal(kind, 'optimizer', optimizer, 'one such as new Adam(model.parameters())');
  if (optimizer.step > 0) {
    throw new ValueError(
      `[${kind}] got an optimizer that has done ${optimizer.step} steps, wanted a new one. Use setState to go on.`,
    );
  }
  return Optimizer.parts(optimizer);
}

/** The options of an optimizer that is made of others, which checkpoints compare. */
export function describeInner(
  options: object,
  optimizers: readonly Optimizer[],
): Readonly<Record<string, unknown>> {
  return {
    ...options,
    // Parameters may get longer names later.
    get optimizers() {
      return optimizers.map((optimizer) => ({
        kind: (optimizer.constructor as typeof Optimizer).kind,
        ...optimizer.options,
        parameters: optimizer.parameters.map(({ name }) => name),
      }));
    },
  };
}

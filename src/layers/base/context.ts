import { checkCount, readOptions, refusal } from '../../ir/arguments.ts';
import { ShapeError, StateError } from '../../ir/errors.ts';
import { sameShape } from '../../ir/view.ts';
import { checkTensor } from '../../tensor/apply.ts';
import type { Parameter } from '../../tensor/parameter.ts';
import { type Generator, generatorOf } from '../../tensor/random.ts';
import { type Shape, show } from '../../tensor/shape.ts';
import { steps } from '../../tensor/step.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { LayerLike } from './layer-like.ts';

/** The mode of a forward pass. It is an argument of `forward`; there is no global mode. */
export interface Context {
  /** true in training: Dropout drops values and running statistics are updated. */
  readonly training: boolean;
  /** The generator of the forward pass's random numbers. */
  readonly rng: Generator;
  /**
   * Requests a new value for a Parameter, such as a running mean. The Parameter changes when the step runs, not
   * at this call.
   */
  assign<S extends Shape>(parameter: Parameter<S>, value: Tensor<S>): void;
  /**
   * The value that the Parameter will have after the step: the value requested with `assign`, otherwise its
   * current value.
   */
  latest<S extends Shape>(parameter: Parameter<S>): Tensor<S>;
  /** Called with each output of each layer, inner layers first. The name is '' for the only output. */
  onOutput?(layer: LayerLike, output: Tensor, name: string): void;
  /** What `generate` keeps of the steps before, if it gives the model one step at a time. */
  readonly decoding?: Decoding;
}

/** The steps of sequences that a model has seen before. */
export interface Decoding {
  /** How many these are: int32 []. */
  readonly position: Tensor;
  /**
   * Adds the keys and values of further steps, [N, heads, T, size], to those before.
   *
   * @returns all of them, and which of them the further steps see.
   */
  extend(key: Tensor, value: Tensor): { readonly key: Tensor; readonly value: Tensor; readonly seen: Tensor };
  /** The state of `count` tensors that a recurrent layer has kept after the steps before; undefined before the first. */
  recall(count: number): readonly Tensor[] | undefined;
  /** Keeps the state of a recurrent layer that called `recall`, after the further steps. */
  keep(state: readonly Tensor[]): void;
}

/** @throws ValueError unless it is a context. */
export function checkContext(layer: string, ctx: Context): void {
  if (typeof ctx?.training !== 'boolean') throw refusal(layer, 'context', ctx, 'training() or inference');
}

/** An inference context that calls `onOutput` with the output of each layer. */
export function observed(onOutput: (layer: LayerLike, output: Tensor, name: string) => void): Context {
  return Object.freeze(Object.assign(inferenceContext(), { onOutput }));
}

/** An inference context for sequences of which earlier steps are known. */
export function continued(decoding: Decoding): Context {
  return Object.freeze(Object.assign(inferenceContext(), { decoding }));
}

function inferenceContext(): Context {
  const refuse = (what: string, member: string): never => {
    throw new StateError(
      `[inference] got ${what}, wanted none outside training. Check ctx.training before ${member}, or call the model with training().`,
    );
  };
  return {
    training: false,
    get rng(): Generator {
      return refuse('a request for random numbers', 'ctx.rng');
    },
    assign: (parameter) => refuse(`an assignment to '${parameter.name}'`, 'ctx.assign'),
    latest: (parameter) => parameter,
  };
}

/**
 * The context of inference: no dropout, no assignments. `call` uses it if no context is given.
 */
export const inference: Context = Object.freeze(inferenceContext());

export interface TrainingOptions {
  /** The generator of random numbers, such as dropout masks; the default generator by default. */
  readonly rng?: Generator;
  /** Called with each output of each layer, inner layers first; the name is '' for the only output. Not called by default. */
  onOutput?(layer: LayerLike, output: Tensor, name: string): void;
}

/**
 * The context of training. It collects the assignments that layers request, until
 * `optimizer.minimize(loss, { context })` runs them in its plan.
 */
export class TrainingContext implements Context {
  readonly training = true;
  readonly rng: Generator;
  onOutput?(layer: LayerLike, output: Tensor, name: string): void;
  #pending = new Map<Parameter, Tensor>();

  constructor(options?: TrainingOptions) {
    checkCount('training', arguments.length, 1);
    const { rng, onOutput } = readOptions('training', options, {
      rng: undefined,
      onOutput: undefined,
    });
    this.rng = generatorOf('training', rng);
    if (onOutput === undefined) return;
    if (typeof onOutput !== 'function') throw refusal('training', 'onOutput', onOutput, 'a function');
    this.onOutput = onOutput;
  }

  assign(parameter: Parameter, value: Tensor): void {
    checkCount('assign', arguments.length, 2);
    checkTensor('assign', parameter);
    checkTensor('assign', value);
    if (!sameShape(parameter.shape, value.shape) || parameter.dtype !== value.dtype) {
      throw new ShapeError(
        `[assign] '${parameter.name}' is ${parameter.dtype} ${show(parameter.shape)}, got ${value.dtype} ` +
          `${show(value.shape)}. Reshape or cast the value.`,
      );
    }
    warnIfForgotten(parameter);
    this.#pending.set(parameter, value.detach());
    requests.set(parameter, { context: this, step: steps.count });
  }

  latest<S extends Shape>(parameter: Parameter<S>): Tensor<S> {
    checkCount('latest', arguments.length, 1);
    return (this.#pending.get(parameter) as Tensor<S> | undefined) ?? parameter;
  }

  /** The assignments requested so far. */
  get assignments(): readonly (readonly [parameter: Parameter, value: Tensor])[] {
    return [...this.#pending];
  }

  /** Returns the requested assignments and clears them, for the next step. */
  take(): readonly (readonly [parameter: Parameter, value: Tensor])[] {
    checkCount('take', arguments.length, 0);
    const taken = this.assignments;
    this.#pending = new Map();
    return taken;
  }
}

/** The latest request for each Parameter, and the number of steps before it. */
const requests = new WeakMap<Parameter, { readonly context: TrainingContext; readonly step: number }>();
let warned = false;

/** Warns once if a step has run without the assignment that the pass before it requested. */
function warnIfForgotten(parameter: Parameter): void {
  const last = requests.get(parameter);
  if (warned || last === undefined || last.step === steps.count) return;
  if (!last.context.assignments.some(([target]) => target === parameter)) return;
  warned = true;
  console.warn(
    `[training] a step ran without the new value of '${parameter.name}' that its forward pass requested, so it does not ` +
      'change. Pass the context to the step: optimizer.minimize(loss, { context }).',
  );
}

/** A context for training: `model.call(x, training())`. */
export function training(options?: TrainingOptions): TrainingContext {
  checkCount('training', arguments.length, 1);
  return new TrainingContext(options);
}

import { ShapeError, StateError } from '../../ir/errors.ts';
import { sameShape } from '../../ir/view.ts';
import type { Parameter } from '../../tensor/parameter.ts';
import { defaultGenerator, type Generator } from '../../tensor/random.ts';
import { type Shape, show } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { LayerLike } from './layer-like.ts';

/** What a forward pass is told about its surroundings: there is no global mode. */
export interface Context {
  /** true while learning: Dropout drops, running statistics move. */
  readonly training: boolean;
  /** Where random numbers of the forward pass come from. */
  readonly rng: Generator;
  /**
   * Asks for a new value of a Parameter, such as a running mean. It is taken on when the step runs, not now.
   */
  assign<S extends Shape>(parameter: Parameter<S>, value: Tensor<S>): void;
  /**
   * The value that the Parameter will have after the step: what `assign` asked for so far, else its present
   * one.
   */
  latest<S extends Shape>(parameter: Parameter<S>): Tensor<S>;
  /** Told the output of each layer that is called, inner layers first. */
  onOutput?(layer: LayerLike, output: Tensor): void;
}

/** An inference context that tells the outputs of layers. */
export function observed(onOutput: (layer: LayerLike, output: Tensor) => void): Context {
  return Object.freeze(Object.assign(inferenceContext(), { onOutput }));
}

function inferenceContext(): Context {
  const refuse = (what: string, test: string): never => {
    throw new StateError(
      `[inference] ${what} outside training. Look at ctx.training before ${test}, or call the model with training().`,
    );
  };
  return {
    training: false,
    get rng(): Generator {
      return refuse('random numbers were asked for', 'ctx.rng');
    },
    assign: (parameter) => refuse(`an assignment to '${parameter.name}' was asked for`, 'ctx.assign'),
    latest: (parameter) => parameter,
  };
}

/**
 * A forward pass that only looks: nothing is dropped, nothing assigned. Layers use it where no context is
 * given.
 */
export const inference: Context = Object.freeze(inferenceContext());

export interface TrainingOptions {
  /** Where random numbers come from; the default generator if not given. */
  readonly rng?: Generator;
  /** Is called with the output of each layer, inner layers first. */
  onOutput?(layer: LayerLike, output: Tensor): void;
}

/**
 * A forward pass that learns. It collects the assignments that layers ask for, until
 * `optimizer.minimize(loss, { context })` takes them into its plan.
 */
export class TrainingContext implements Context {
  readonly training = true;
  readonly rng: Generator;
  onOutput?(layer: LayerLike, output: Tensor): void;
  #pending = new Map<Parameter, Tensor>();

  constructor(options: TrainingOptions = {}) {
    this.rng = options.rng ?? defaultGenerator();
    if (options.onOutput) this.onOutput = options.onOutput;
  }

  assign(parameter: Parameter, value: Tensor): void {
    if (!sameShape(parameter.shape, value.shape) || parameter.dtype !== value.dtype) {
      throw new ShapeError(
        `[assign] '${parameter.name}' is ${parameter.dtype} ${show(parameter.shape)}, got ${value.dtype} ` +
          `${show(value.shape)}. Reshape or cast the value.`,
      );
    }
    this.#pending.set(parameter, value.detach());
  }

  latest<S extends Shape>(parameter: Parameter<S>): Tensor<S> {
    return (this.#pending.get(parameter) as Tensor<S> | undefined) ?? parameter;
  }

  /** The assignments asked for so far. */
  get assignments(): readonly (readonly [parameter: Parameter, value: Tensor])[] {
    return [...this.#pending];
  }

  /** Hands the assignments over and forgets them: the context is ready for the next step. */
  take(): readonly (readonly [parameter: Parameter, value: Tensor])[] {
    const taken = this.assignments;
    this.#pending = new Map();
    return taken;
  }
}

/** A context for training: `model.call(x, training())`. */
export function training(options?: TrainingOptions): TrainingContext {
  return new TrainingContext(options);
}

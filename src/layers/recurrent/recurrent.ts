import {
  checkArray,
  checkCount,
  checkOptions,
  checkProbability,
  type Known,
  readOptions,
  refusal,
  reportAs,
} from '../../ir/arguments.ts';
import { ShapeError, StateError, ValueError } from '../../ir/errors.ts';
import { sameShape } from '../../ir/view.ts';
import { checkTensor } from '../../tensor/apply.ts';
import { zeros } from '../../tensor/creation.ts';
import { flip, reshape, transpose } from '../../tensor/ops/arrangement/views.ts';
import { where } from '../../tensor/ops/elementwise/logic.ts';
import { Parameter } from '../../tensor/parameter.ts';
import { type Generator, generatorOf } from '../../tensor/random.ts';
import { scan } from '../../tensor/scan/scan.ts';
import { type Shape, show } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import {
  type ActivationFunction,
  type ActivationName,
  chooseActivation,
} from '../activation/activation-functions.ts';
import { type Context, checkContext, inference } from '../base/context.ts';
import { shapeError, showPartial } from '../base/errors.ts';
import { Layer } from '../base/layer.ts';
import { checkPenalty, type Penalty } from '../base/penalty.ts';
import type { PartialShape } from '../base/shapes.ts';
import { checkPositive } from '../base/spatial.ts';
import { refuseUnused } from '../base/unused-options.ts';
import type { Initializer } from '../initializers/initializer.ts';
import { draw, type InitializerName } from '../initializers/initializers.ts';

/** Options of all recurrent layers. */
export interface RecurrentOptions<Sequences extends boolean = boolean> {
  /** Whether the layer gives its output after each step, [N, T, outFeatures], or after the last only; false by default. */
  readonly returnSequences?: Sequences;
  /** Whether the last step comes first; the outputs are then in that order too, as in Keras. False by default. */
  readonly goBackwards?: boolean;
  /** The activation of the output, by name or as a function; `tanh` by default. */
  readonly activation?: ActivationName | ActivationFunction;
  /** Whether a bias is added; true by default. */
  readonly bias?: boolean;
  /**
   * The probability with which a feature of the input is set to zero in training, in all steps of a sequence (Gal & Ghahramani
   * 2016); 0 by default.
   */
  readonly dropout?: number;
  /** The same of the features of the state, where it is multiplied with the recurrent kernel; 0 by default. */
  readonly recurrentDropout?: number;
  /** The initial values of the kernel; `glorotUniform` by default. */
  readonly kernelInitializer?: InitializerName | Initializer;
  /** The initial values of the recurrent kernel; `orthogonal` by default. */
  readonly recurrentInitializer?: InitializerName | Initializer;
  /** The initial values of the bias; `zeros` by default. */
  readonly biasInitializer?: InitializerName | Initializer;
  /** A penalty on the kernel that is added to the loss; none by default. */
  readonly kernelPenalty?: Penalty;
  /** A penalty on the recurrent kernel that is added to the loss; none by default. */
  readonly recurrentPenalty?: Penalty;
  /** A penalty on the bias that is added to the loss; none by default. */
  readonly biasPenalty?: Penalty;
  /** The layer's name in errors, summaries and paths; none by default. */
  readonly name?: string;
  /** The generator of the initial values; the default generator by default. */
  readonly rng?: Generator;
}

export const recurrentOptions: Known<RecurrentOptions> = {
  returnSequences: false,
  goBackwards: false,
  activation: 0,
  bias: true,
  dropout: 0,
  recurrentDropout: 0,
  kernelInitializer: 0,
  recurrentInitializer: 0,
  biasInitializer: 0,
  kernelPenalty: 0,
  recurrentPenalty: 0,
  biasPenalty: 0,
  name: '',
  rng: 0,
};

/** Options of `callWithState`. */
export interface StateOptions {
  /** The state before the first step, tensors [N, outFeatures]; zeros by default. */
  readonly initialState?: readonly Tensor[];
  /** How many steps of each sequence are real, int32 [N] or numbers: the first ones. All by default. */
  readonly lengths?: Tensor | readonly number[];
  /** Which steps are real, bool [N, T]. All by default. */
  readonly mask?: Tensor;
}

export const stateOptions = { initialState: undefined, lengths: undefined, mask: undefined } as const;

/** What `callWithState` returns. */
export interface OutputAndState {
  /** What `call` returns. In steps that are not real it is 0. */
  readonly output: Tensor;
  /** The state after the last real step, in the form of `initialState`. */
  readonly state: readonly Tensor[];
}

/** A layer that has a state. */
export interface Stateful {
  callWithState(x: Tensor, options?: StateOptions, ctx?: Context): OutputAndState;
}

/** The shape of the output for an input of shape S. */
type Recurred<S, Out extends number, Sequences extends boolean> = S extends readonly [
  infer N extends number,
  infer T extends number,
  number,
]
  ? ShapeOf<N, T, Out, Sequences>
  : ShapeOf<number, number, Out, Sequences>;

type ShapeOf<
  N extends number,
  T extends number,
  Out extends number,
  Sequences extends boolean,
> = boolean extends Sequences ? Shape : Sequences extends true ? [N, T, Out] : [N, Out];

/** What differs between recurrent layers beside their step. */
interface CellForm {
  /** All options that there are. */
  readonly known: object;
  /** How many times outFeatures the kernels have. */
  readonly gates: number;
  /** How many tensors the state has. */
  readonly states: number;
  /** The initializer of the bias, from that of the options; the same by default. */
  biasOf?(initializer: InitializerName | Initializer): InitializerName | Initializer;
}

/**
 * The base of recurrent layers, from sequences [N, T, inFeatures] to [N, outFeatures] or [N, T, outFeatures]. The kernel is
 * [inFeatures, gates * outFeatures], the recurrent kernel [outFeatures, gates * outFeatures].
 */
export abstract class Recurrent<In extends number, Out extends number, Sequences extends boolean = boolean>
  extends Layer<[number, number, In], ShapeOf<number, number, Out, Sequences>>
  implements Stateful
{
  declare readonly gives: Recurred<this['given'], Out, Sequences>;
  readonly inFeatures: In;
  readonly outFeatures: Out;
  readonly returnSequences: boolean;
  readonly goBackwards: boolean;
  readonly dropout: number;
  readonly recurrentDropout: number;
  readonly kernel: Parameter<[In, number]>;
  readonly recurrentKernel: Parameter<[Out, number]>;
  readonly bias: Parameter<[number]> | null;
  readonly activation: ActivationFunction;
  /** The name of the activation if it was given by name, else null. */
  readonly activationName: ActivationName | null;
  readonly #states: number;
  readonly #args: readonly [In, Out, RecurrentOptions<Sequences>];

  protected constructor(
    inFeatures: In,
    outFeatures: Out,
    options: RecurrentOptions<Sequences>,
    { known, gates, states, biasOf }: CellForm,
  ) {
    checkOptions(new.target.kind, options, known);
    const args = [inFeatures, outFeatures, options] as const;
    super(options.name, args);
    const { dropout = 0, recurrentDropout = 0, activation = 'tanh' } = options;
    const { kernelInitializer = 'glorotUniform', recurrentInitializer = 'orthogonal' } = options;
    const { biasInitializer = 'zeros', returnSequences = false, goBackwards = false } = options;
    checkPositive(this, 'inFeatures', inFeatures);
    checkPositive(this, 'outFeatures', outFeatures);
    checkProbability(this.type, 'dropout', dropout);
    checkProbability(this.type, 'recurrentDropout', recurrentDropout);
    refuseUnused(this.type, options, 'bias', 'bias');
    checkPenalty(this.type, 'recurrentPenalty', options.recurrentPenalty);
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.returnSequences = returnSequences;
    this.goBackwards = goBackwards;
    this.dropout = dropout;
    this.recurrentDropout = recurrentDropout;
    [this.activation, this.activationName] = chooseActivation(this.type, activation);
    this.#states = states;
    this.#args = args;
    const rng = generatorOf(this.type, options.rng);
    const width = gates * outFeatures;
    const make = <S extends Shape>(
      name: string,
      initializer: InitializerName | Initializer,
      ...shape: S
    ): Parameter<S> => new Parameter(draw(this.type, initializer, shape, rng) as Tensor<S>, { name });
    this.kernel = make('kernel', kernelInitializer, inFeatures, width);
    this.recurrentKernel = make('recurrentKernel', recurrentInitializer, outFeatures, width);
    this.bias =
      options.bias === false ? null : make('bias', biasOf?.(biasInitializer) ?? biasInitializer, width);
    this.penalize(this.kernel, options.kernelPenalty);
    this.penalize(this.recurrentKernel, options.recurrentPenalty);
    if (this.bias !== null) this.penalize(this.bias, options.biasPenalty);
  }

  /**
   * The state after a step; its first tensor is the output.
   *
   * @param input the input times the kernel, with the bias: [N, gates * outFeatures].
   * @param hidden the first tensor of the state, after dropout, for the products with the recurrent kernel.
   */
  protected abstract step(input: Tensor, hidden: Tensor, state: readonly Tensor[]): readonly Tensor[];

  override inferShape(inputShape: PartialShape | null): PartialShape {
    if (inputShape !== null) this.#check(inputShape);
    const [batch = null, steps = null] = inputShape ?? [];
    return this.returnSequences ? [batch, steps, this.outFeatures] : [batch, this.outFeatures];
  }

  override forward(
    x: Tensor<[number, number, In]>,
    ctx: Context,
  ): Tensor<ShapeOf<number, number, Out, Sequences>> {
    checkTensor(this.type, x);
    this.#check(x.shape);
    return this.#run(this.type, x as Tensor, {}, ctx).output as Tensor<
      ShapeOf<number, number, Out, Sequences>
    >;
  }

  /**
   * Applies the layer to x, [N, T, inFeatures], from a given state on, or to sequences of different lengths.
   *
   * In steps that are not real the state stays as it is, and the output is 0. Without `returnSequences` the output is that of
   * the last real step.
   *
   * @throws ShapeError, DTypeError if the tensors do not fit.
   */
  callWithState(x: Tensor, options?: StateOptions, ctx: Context = inference): OutputAndState {
    checkCount('callWithState', arguments.length, 3);
    checkTensor('callWithState', x);
    checkContext('callWithState', ctx);
    this.#check(x.shape);
    const { initialState, lengths, mask } = readOptions('callWithState', options, stateOptions);
    const [batch, steps] = x.shape;
    if (initialState !== undefined) {
      checkArray('callWithState', 'initialState', initialState, '[h]');
      if (initialState.length !== this.#states)
        throw new ValueError(
          `[callWithState] got ${initialState.length} tensors as initialState, wanted ${this.#states}.`,
        );
      for (const t of initialState) {
        checkTensor('callWithState', t);
        checkFits('initialState', t, [batch!, this.outFeatures], 'float32');
      }
    }
    if (Array.isArray(lengths)) {
      if (lengths.length !== batch)
        throw new ShapeError(
          `[callWithState] got ${lengths.length} lengths for ${batch} sequences, wanted one for each.`,
        );
    } else if (lengths !== undefined) {
      checkTensor('callWithState', lengths);
      checkFits('lengths', lengths as Tensor, [batch!], 'int32');
    }
    if (mask !== undefined) {
      checkTensor('callWithState', mask);
      checkFits('mask', mask, [batch!, steps!], 'bool');
      if (lengths !== undefined)
        throw new ValueError('[callWithState] got lengths and a mask, wanted one of them. Leave one out.');
    }
    return this.#run('callWithState', x, { initialState, lengths, mask }, ctx);
  }

  /**
   * A layer with the same arguments and initial values of its own that goes through sequences the other way. For
   * `Bidirectional`.
   */
  reversed(): this {
    const [inFeatures, outFeatures, options] = this.#args;
    const make = this.constructor as new (...args: unknown[]) => this;
    return new make(inFeatures, outFeatures, { ...options, goBackwards: !this.goBackwards });
  }

  #run(
    operation: string,
    x: Tensor,
    { initialState, lengths, mask }: { readonly [K in keyof StateOptions]?: StateOptions[K] | undefined },
    ctx: Context,
  ): OutputAndState {
    const batch = x.shape[0]!;
    const { decoding } = ctx;
    if (decoding !== undefined && (this.goBackwards || lengths !== undefined || mask !== undefined))
      throw new StateError(
        `[${this.type}] got ${this.goBackwards ? 'goBackwards' : 'padding'} while earlier steps are cached, wanted whole ` +
          'sequences in their order. Call generate without a cache.',
      );
    const initial =
      initialState ??
      decoding?.recall(this.#states) ??
      Array.from({ length: this.#states }, (): Tensor => zeros([batch, this.outFeatures]));
    // One draw for all steps.
    const scaleOf = (rate: number, features: number): Tensor | null =>
      ctx.training && rate > 0
        ? where(ctx.rng.bernoulli([batch, features], 1 - rate), 1 / (1 - rate), 0)
        : null;
    const inputScale = scaleOf(this.dropout, this.inFeatures);
    const stateScale = scaleOf(this.recurrentDropout, this.outFeatures);

    const sequences: Tensor[] = [transpose(x, [1, 0, 2])];
    if (mask !== undefined) sequences.push(transpose(mask));
    const step = (state: readonly Tensor[], [input, real]: readonly Tensor[]): [Tensor[], Tensor[]] => {
      const scaled = inputScale === null ? input! : input!.mul(inputScale);
      const product = scaled.matmul(this.kernel as Tensor);
      const sum = this.bias === null ? product : product.add(this.bias as Tensor);
      const hidden = stateScale === null ? state[0]! : state[0]!.mul(stateScale);
      const next = this.step(sum, hidden, state);
      if (real === undefined) return [[...next], [next[0]!]];
      const isReal = reshape(real, [batch, 1]);
      return [next.map((t, k) => where(isReal, t, state[k]!)), [where(isReal, next[0]!, 0)]];
    };
    const options = { reverse: this.goBackwards, ...(lengths === undefined ? {} : { lengths }) };
    const [last, [outputs]] = reportAs(operation, () => scan(step, initial, sequences, options));
    decoding?.keep(last);
    const inOrder: Tensor = transpose(outputs!, [1, 0, 2]);
    const output = !this.returnSequences ? last[0]! : this.goBackwards ? flip(inOrder, 1) : inOrder;
    return { output, state: last };
  }

  #check(shape: PartialShape): void {
    const features = shape[2] ?? this.inFeatures;
    const wanted = `[N, T, ${this.inFeatures}]`;
    if (shape.length !== 3 || features !== this.inFeatures) {
      const remedy =
        shape.length === 3
          ? `Give ${wanted}, or create the layer with inFeatures ${features}.`
          : shape.length === 2
            ? `Give sequences ${wanted}: a Reshape layer or expandDims adds the axis of steps. After a recurrent layer set its ` +
              'returnSequences: true.'
            : `Give sequences ${wanted}.`;
      throw shapeError(
        this,
        `input ${showPartial(shape)} does not fit inFeatures ${this.inFeatures}. ${remedy}`,
      );
    }
    if (shape[1] === 0)
      throw shapeError(this, `input ${showPartial(shape)} has no steps, wanted one at least.`);
  }
}

/** @throws ShapeError unless the tensor is what is wanted. */
function checkFits(what: string, t: Tensor, shape: Shape, dtype: Tensor['dtype']): void {
  if (sameShape(t.shape, shape) && t.dtype === dtype) return;
  throw new ShapeError(
    `[callWithState] got ${what} ${t.dtype} ${show(t.shape)}, wanted ${dtype} ${show(shape)}.`,
  );
}

/** @throws ValueError unless it is a recurrent layer. */
export function checkRecurrent(layer: string, what: string, value: unknown): void {
  if (value instanceof Recurrent) return;
  throw refusal(layer, what, value, 'a recurrent layer: SimpleRNN, LSTM or GRU');
}

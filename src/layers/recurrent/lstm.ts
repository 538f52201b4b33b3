import { checkCount, type Known } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';
import { onesLike } from '../../tensor/creation.ts';
import { concat, split } from '../../tensor/ops/arrangement/join.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import {
  type ActivationFunction,
  type ActivationName,
  chooseActivation,
} from '../activation/activation-functions.ts';
import type { Initializer } from '../initializers/initializer.ts';
import { draw, type InitializerName } from '../initializers/initializers.ts';
import { Recurrent, type RecurrentOptions, recurrentOptions } from './recurrent.ts';

export interface LSTMOptions<Sequences extends boolean = boolean> extends RecurrentOptions<Sequences> {
  /** The activation of the gates, by name or as a function; `sigmoid` by default. */
  readonly recurrentActivation?: ActivationName | ActivationFunction;
  /** Whether the biases of the forget gates are 1 at first (Jozefowicz et al. 2015); true by default. */
  readonly unitForgetBias?: boolean;
}

const lstmOptions: Known<LSTMOptions> = { ...recurrentOptions, recurrentActivation: 0, unitForgetBias: true };

/**
 * Long short-term memory (Hochreiter & Schmidhuber 1997; with forget gates, Gers et al. 2000), from sequences [N, T, inFeatures]
 * to [N, outFeatures], or [N, T, outFeatures] with `returnSequences`:
 *
 *     i, f, g, o = x W + h U + b
 *     c = sigmoid(f) c + sigmoid(i) tanh(g)
 *     h = sigmoid(o) tanh(c)
 *
 * The kernel W is [inFeatures, 4 * outFeatures], the recurrent kernel U [outFeatures, 4 * outFeatures], the bias b
 * [4 * outFeatures], with the gates in this order. The state is [h, c].
 */
export class LSTM<
  const In extends number = number,
  const Out extends number = number,
  Sequences extends boolean = false,
> extends Recurrent<In, Out, Sequences> {
  static override readonly kind: string = 'LSTM';
  readonly recurrentActivation: ActivationFunction;
  /** The name of the activation of the gates if it was given by name, else null. */
  readonly recurrentActivationName: ActivationName | null;

  constructor(inFeatures: In, outFeatures: Out, options: LSTMOptions<Sequences> = {}) {
    checkCount(new.target.kind, arguments.length, 3);
    super(inFeatures, outFeatures, options, {
      known: lstmOptions,
      gates: 4,
      states: 2,
      biasOf: (initializer) => (options.unitForgetBias === false ? initializer : unitForgetBias(initializer)),
    });
    if (options.bias === false && options.unitForgetBias)
      throw new ValueError('[LSTM] got unitForgetBias with bias: false, without effect. Leave one out.');
    const { recurrentActivation = 'sigmoid' } = options;
    [this.recurrentActivation, this.recurrentActivationName] = chooseActivation(
      this.type,
      recurrentActivation,
    );
  }

  protected override step(input: Tensor, hidden: Tensor, state: readonly Tensor[]): readonly Tensor[] {
    const gate = this.recurrentActivation;
    const sum = input.add(hidden.matmul(this.recurrentKernel as Tensor));
    const [i, f, g, o] = split(sum, 4, 1) as [Tensor, Tensor, Tensor, Tensor];
    const cell = gate(f)
      .mul(state[1]!)
      .add(gate(i).mul(this.activation(g)));
    return [gate(o).mul(this.activation(cell)), cell];
  }
}

/** Ones for the forget gates. */
const unitForgetBias =
  (initializer: InitializerName | Initializer): Initializer =>
  (shape, rng) => {
    const [i, f, g, o] = split(draw('LSTM', initializer, shape, rng) as Tensor, 4) as [
      Tensor,
      Tensor,
      Tensor,
      Tensor,
    ];
    return concat([i, onesLike(f), g, o]);
  };

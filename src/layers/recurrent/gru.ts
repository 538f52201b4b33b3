import { checkCount, type Known } from '../../ir/arguments.ts';
import { split } from '../../tensor/ops/arrangement/join.ts';
import { Parameter } from '../../tensor/parameter.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import {
  type ActivationFunction,
  type ActivationName,
  chooseActivation,
} from '../activation/activation-functions.ts';
import { draw } from '../initializers/initializers.ts';
import { Recurrent, type RecurrentOptions, recurrentOptions } from './recurrent.ts';

export interface GRUOptions<Sequences extends boolean = boolean> extends RecurrentOptions<Sequences> {
  /** The activation of the gates, by name or as a function; `sigmoid` by default. */
  readonly recurrentActivation?: ActivationName | ActivationFunction;
  /**
   * Whether the reset gate is applied after the product with the recurrent kernel, as in PyTorch, cuDNN and Keras, or before it,
   * as in the paper; true by default.
   */
  readonly resetAfter?: boolean;
}

const gruOptions: Known<GRUOptions> = { ...recurrentOptions, recurrentActivation: 0, resetAfter: true };

/**
 * Gated recurrent unit (Cho et al. 2014), from sequences [N, T, inFeatures] to [N, outFeatures], or [N, T, outFeatures] with
 * `returnSequences`. With kernels, recurrent kernels and biases W, U, b and c for each of the gates z, r and n:
 *
 *     z = sigmoid(x Wz + bz + h Uz + cz)
 *     r = sigmoid(x Wr + br + h Ur + cr)
 *     n = tanh(x Wn + bn + r (h Un + cn))      or, with resetAfter: false, tanh(x Wn + bn + (r h) Un)
 *     h = z h + (1 - z) n = n + z (h - n)
 *
 * The kernel is [inFeatures, 3 * outFeatures], the recurrent kernel [outFeatures, 3 * outFeatures], the bias and the recurrent
 * bias are [3 * outFeatures], with the gates in this order. There is a recurrent bias with `resetAfter` only. The state is [h].
 */
export class GRU<
  const In extends number = number,
  const Out extends number = number,
  Sequences extends boolean = false,
> extends Recurrent<In, Out, Sequences> {
  static override readonly kind: string = 'GRU';
  readonly resetAfter: boolean;
  readonly recurrentBias: Parameter<[number]> | null;
  readonly recurrentActivation: ActivationFunction;
  /** The name of the activation of the gates if it was given by name, else null. */
  readonly recurrentActivationName: ActivationName | null;

  constructor(inFeatures: In, outFeatures: Out, options: GRUOptions<Sequences> = {}) {
    checkCount(new.target.kind, arguments.length, 3);
    super(inFeatures, outFeatures, options, { known: gruOptions, gates: 3, states: 1 });
    const { resetAfter = true, recurrentActivation = 'sigmoid', biasInitializer = 'zeros', rng } = options;
    this.resetAfter = resetAfter;
    this.recurrentBias =
      this.bias === null || !resetAfter
        ? null
        : new Parameter(draw(this.type, biasInitializer, [3 * outFeatures], rng) as Tensor<[number]>, {
            name: 'recurrentBias',
          });
    [this.recurrentActivation, this.recurrentActivationName] = chooseActivation(
      this.type,
      recurrentActivation,
    );
    if (this.recurrentBias !== null) this.penalize(this.recurrentBias, options.biasPenalty);
  }

  protected override step(input: Tensor, hidden: Tensor, [h]: readonly Tensor[]): readonly Tensor[] {
    const { recurrentActivation: gate, activation, outFeatures } = this;
    const kernel = this.recurrentKernel as Tensor;
    const [xz, xr, xn] = split(input, 3, 1) as [Tensor, Tensor, Tensor];
    let z: Tensor;
    let n: Tensor;
    if (this.resetAfter) {
      const product = hidden.matmul(kernel);
      const sum = this.recurrentBias === null ? product : product.add(this.recurrentBias as Tensor);
      const [hz, hr, hn] = split(sum, 3, 1) as [Tensor, Tensor, Tensor];
      z = gate(xz.add(hz));
      n = activation(xn.add(gate(xr.add(hr)).mul(hn)));
    } else {
      const [gates, candidate] = split(kernel, [2 * outFeatures, outFeatures], 1) as [Tensor, Tensor];
      const [hz, hr] = split(hidden.matmul(gates), 2, 1) as [Tensor, Tensor];
      z = gate(xz.add(hz));
      n = activation(xn.add(gate(xr.add(hr)).mul(hidden).matmul(candidate)));
    }
    return [n.add(z.mul(h!.sub(n)))];
  }
}

import { checkCount } from '../../ir/arguments.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { Recurrent, type RecurrentOptions, recurrentOptions } from './recurrent.ts';

/**
 * The simplest recurrent layer (Elman 1990), from sequences [N, T, inFeatures] to [N, outFeatures], or [N, T, outFeatures] with
 * `returnSequences`:
 *
 *     h = activation(x W + h U + b)
 *
 * The kernel W is [inFeatures, outFeatures], the recurrent kernel U [outFeatures, outFeatures], the bias b [outFeatures]. The
 * state is [h].
 */
export class SimpleRNN<
  const In extends number = number,
  const Out extends number = number,
  Sequences extends boolean = false,
> extends Recurrent<In, Out, Sequences> {
  static override readonly kind: string = 'SimpleRNN';

  constructor(inFeatures: In, outFeatures: Out, options: RecurrentOptions<Sequences> = {}) {
    checkCount(new.target.kind, arguments.length, 3);
    super(inFeatures, outFeatures, options, { known: recurrentOptions, gates: 1, states: 1 });
  }

  protected override step(input: Tensor, hidden: Tensor): readonly Tensor[] {
    return [this.activation(input.add(hidden.matmul(this.recurrentKernel as Tensor)))];
  }
}

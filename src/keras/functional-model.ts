import { ValueError } from '../ir/errors.ts';
import type { Context } from '../layers/base/context.ts';
import { locate } from '../layers/base/errors.ts';
import { Layer, type Member } from '../layers/base/layer.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Merge } from './merges.ts';

/** A call of a layer: what it is applied to, by positions of values. Value 0 is the input, value i + 1 the result of step i. */
export interface Step {
  readonly apply: Layer | Merge;
  readonly inputs: readonly number[];
}

/**
 * A functional model of Keras with one input and one output: a graph of layers. The path of a layer contains its name.
 */
export class FunctionalModel extends Layer {
  static override readonly kind: string = 'Functional';
  readonly layers: readonly Layer[];
  readonly #steps: readonly Step[];
  readonly #output: number;
  readonly #sample: readonly number[] | null;

  constructor(
    steps: readonly Step[],
    output: number,
    options: { readonly name: string; readonly inputShape: readonly number[] | null },
  ) {
    super(options.name);
    this.layers = [...new Set(steps.flatMap(({ apply }) => (apply instanceof Layer ? [apply] : [])))];
    this.#steps = steps;
    this.#output = output;
    this.#sample = options.inputShape;
    const names = this.members().map(([key]) => key);
    const twice = names.find((key, i) => names.indexOf(key) !== i);
    if (twice !== undefined)
      throw new ValueError(`[Functional] got two layers with the name '${twice}', wanted distinct names.`);
  }

  override members(): Member[] {
    return this.layers.map((layer, i): Member => [layer.name || String(i), layer]);
  }

  override inputShape(): readonly number[] | null {
    return this.#sample;
  }

  override forward(x: Tensor, ctx: Context): Tensor {
    const values: Tensor[] = [x];
    for (const { apply, inputs } of this.#steps) {
      const given = inputs.map((i) => values[i]!);
      const y: Tensor =
        apply instanceof Layer ? locate(this, given[0]!, () => apply.call(given[0]!, ctx)) : apply(given);
      values.push(y);
    }
    return values[this.#output]!;
  }
}

import { isRecord, refusal } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';
import type { Context } from '../../layers/base/context.ts';
import { locate } from '../../layers/base/errors.ts';
import { Layer, type Member } from '../../layers/base/layer.ts';
import { checkShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Configured, makeConfigured } from './configured.ts';
import { type Merge, merges } from './merges.ts';

/** A call of a layer: what it is applied to, by positions of values. Value 0 is the input, value i + 1 the result of step i. */
export interface Step {
  readonly apply: Layer | Configured;
  readonly inputs: readonly number[];
}

interface FunctionalOptions {
  readonly name: string;
  readonly inputShape: readonly number[] | null;
}

/**
 * A functional model of Keras with one input and one output: a graph of layers. The path of a layer contains its name.
 */
export class FunctionalModel extends Layer {
  static override readonly kind: string = 'KerasFunctional';
  readonly layers: readonly Layer[];
  readonly #steps: readonly { readonly apply: Layer | Merge; readonly inputs: readonly number[] }[];
  readonly #output: number;
  readonly #sample: readonly number[] | null;

  /** @param output the position of the value that is the result. */
  constructor(steps: readonly Step[], output: number, options: FunctionalOptions) {
    super(options.name, arguments);
    this.#steps = steps.map(readStep);
    if (!isPosition(output, steps.length + 1))
      throw refusal('Functional', 'output', output, `0 to ${steps.length}`);
    this.#output = output;
    this.#sample = options.inputShape;
    if (this.#sample !== null) checkShape('Functional', this.#sample);
    this.layers = [...new Set(this.#steps.flatMap(({ apply }) => (apply instanceof Layer ? [apply] : [])))];
    const names = this.members().map(([key]) => key);
    const twice = names.find((key, i) => names.indexOf(key) !== i);
    if (twice !== undefined)
      throw new ValueError(`[Functional] got two layers with the name '${twice}', wanted distinct names.`);
  }

  override get type(): string {
    return 'Functional';
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

const isPosition = (x: unknown, end: number): x is number =>
  Number.isInteger(x) && (x as number) >= 0 && (x as number) < end;

/** @throws ValueError unless step i of a graph uses values before it. */
function readStep(step: Step, i: number): { apply: Layer | Merge; inputs: readonly number[] } {
  const { apply, inputs } = Object(step) as Partial<Step>;
  const isLayer = apply instanceof Layer;
  const fits =
    (isLayer || isRecord(apply)) &&
    Array.isArray(inputs) &&
    inputs.every((input) => isPosition(input, i + 1)) &&
    inputs.length > 0 &&
    (inputs.length === 1 || !isLayer);
  if (!fits) throw refusal('Functional', `step ${i}`, step, 'a layer or merge of values before it');
  if (isLayer) return { apply, inputs };
  return { apply: makeConfigured('Functional', merges, apply.className, apply.settings), inputs };
}

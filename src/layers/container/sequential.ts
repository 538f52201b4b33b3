import { checkArray, checkCount, checkOptions, type Known } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';
import { checkTensor } from '../../tensor/apply.ts';
import { checkShape, type Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Context } from '../base/context.ts';
import { locate } from '../base/errors.ts';
import { checkLayer, Layer, type Member } from '../base/layer.ts';
import type { Chain, ChainInput, ChainOutput, Flow, PartialShape } from '../base/shapes.ts';

export interface SequentialOptions {
  /**
   * The shape of one sample, without the batch axis, such as `[28, 28, 1]`; not set by default. The constructor
   * checks all layers with it, and `summary` uses it. Without it the constructor checks what it knows without an
   * input, such as the channels of consecutive layers.
   */
  readonly inputShape?: Shape;
  /** The layer's name in errors, summaries and paths; none by default. */
  readonly name?: string;
}

const sequentialOptions: Known<SequentialOptions> = { inputShape: 0, name: '' };

/**
 * Applies layers one after the other. The compiler knows the shapes: `new Sequential([new Dense(784, 128), new
 * Activation('relu'), new Dense(128, 10)])` is a `Layer<[number, 784], [number, 10]>`, and consecutive layers that
 * do not fit are a compile error. The path of a layer contains its name, or its index if it has no name.
 *
 * @throws ShapeError with the layer that does not fit; see the option `inputShape`.
 * @throws ValueError if two layers have the same name.
 */
export class Sequential<const L extends readonly Layer[] = readonly Layer[]> extends Layer<
  ChainInput<L>,
  ChainOutput<L, ChainInput<L>>
> {
  static override readonly kind: string = 'Sequential';
  readonly layers: L;
  readonly #sample: Shape | null;
  declare readonly gives: Flow<L, this['given']>;

  constructor(layers: L & Chain<L>, options: SequentialOptions = {}) {
    checkCount(new.target.kind, arguments.length, 2);
    checkOptions(new.target.kind, options, sequentialOptions);
    checkArray('Sequential', 'layers', layers, '[new Dense(4, 8)]');
    for (const layer of layers) checkLayer('Sequential', layer);
    super(options.name, arguments);
    this.layers = layers;
    const { inputShape } = options;
    this.#sample = inputShape === undefined ? null : [...checkShape('Sequential', inputShape)];
    const names = new Set<string>();
    const [twice] = this.members().find(([key]) => names.size === names.add(key).size) ?? [];
    if (twice !== undefined) {
      throw new ValueError(
        `[Sequential] got two layers with the name '${twice}', wanted distinct names. Rename one of them.`,
      );
    }
    if (this.#sample === null) this.inferShape(null);
    else this.outputShape([1, ...this.#sample]);
  }

  override members(): Member[] {
    const layers = this.layers.map((layer, i): Member => [layer.name || String(i), layer]);
    // A class that extends this one may have more.
    return [...layers, ...super.members().filter(([key]) => !key.startsWith('layers.'))];
  }

  override inputShape(): readonly number[] | null {
    if (this.#sample !== null) return this.#sample;
    for (const layer of this.layers) {
      const shape = layer.inputShape();
      if (shape !== null) return shape;
      if (!layer.keepsShape) return null;
    }
    return null;
  }

  override get keepsShape(): boolean {
    return this.layers.every((layer) => layer.keepsShape);
  }

  override inferShape(inputShape: PartialShape | null): PartialShape | null {
    return this.#through<PartialShape | null>(inputShape, (layer, shape) => layer.inferShape(shape));
  }

  override forward(input: Tensor<ChainInput<L>>, ctx: Context): Tensor<ChainOutput<L, ChainInput<L>>> {
    checkTensor(this.type, input);
    const y = this.#through<Tensor>(input, (layer, x) => layer.call(x, ctx));
    return y as Tensor<ChainOutput<L, ChainInput<L>>>;
  }

  /** Applies one layer after the other to x. */
  #through<T extends Tensor | PartialShape | null>(x: T, apply: (layer: Layer, x: T) => T): T {
    return this.layers.reduce((y, layer, i) => locate(this, y, () => apply(layer, y), String(i)), x);
  }
}

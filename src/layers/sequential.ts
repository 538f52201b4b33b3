import { ValueError } from '../ir/errors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Activation } from './activation.ts';
import type { Context } from './context.ts';
import { Dropout } from './dropout.ts';
import { locate } from './errors.ts';
import { Layer, type Member } from './layer.ts';
import type { Chain, ChainInput, ChainOutput, Flow } from './shapes.ts';

export interface SequentialOptions {
  readonly name?: string;
}

/**
 * Layers one after the other. Shapes that are known when the program is written flow through the list:
 * `new Sequential([new Dense(784, 128), new Activation('relu'), new Dense(128, 10)])` is a `Layer<[number,
 * 784], [number, 10]>`, and neighbours that do not fit are an error of the compiler. Paths use a layer's name
 * where it has one, else its place in the list.
 */
export class Sequential<const L extends readonly Layer[] = readonly Layer[]> extends Layer<
  ChainInput<L>,
  ChainOutput<L, ChainInput<L>>
> {
  readonly layers: L;
  declare readonly gives: Flow<L, this['given']>;

  constructor(layers: L & Chain<L>, options: SequentialOptions = {}) {
    super(options.name);
    this.layers = layers;
    const names = this.members().map(([key]) => key);
    const twice = names.find((key, i) => names.indexOf(key) !== i);
    if (twice !== undefined) {
      throw new ValueError(
        `[Sequential] two layers are named '${twice}'. Names are parts of paths: give each its own.`,
      );
    }
  }

  override get type(): string {
    return 'Sequential';
  }

  override members(): Member[] {
    return this.layers.map((layer, i) => [layer.name || String(i), layer]);
  }

  override inputShape(): readonly number[] | null {
    for (const layer of this.layers) {
      const shape = layer.inputShape();
      if (shape !== null) return shape;
      if (!(layer instanceof Activation || layer instanceof Dropout)) return null;
    }
    return null;
  }

  override forward(input: Tensor<ChainInput<L>>, ctx: Context): Tensor<ChainOutput<L, ChainInput<L>>> {
    let x: Tensor = input;
    this.layers.forEach((layer, i) => {
      const before = x;
      x = locate(this, before, () => layer.call(before, ctx), String(i));
    });
    return x as Tensor<ChainOutput<L, ChainInput<L>>>;
  }
}

import { checkCount, refusal } from '../../ir/arguments.ts';
import { checkTensor } from '../../tensor/apply.ts';
import type { Parameter } from '../../tensor/parameter.ts';
import { checkShape, type Same, type Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Context, inference } from './context.ts';
import { locate } from './errors.ts';
import type { StaticShapes } from './layer-like.ts';
import { Network } from './network.ts';
import { ofZeros } from './of-zeros.ts';
import type { Input, Output, PartialShape } from './shapes.ts';

/**
 * A layer's Parameter or a layer inside it, with the name of its field. A Network with several inputs or outputs has the type
 * Layer here, so that layers can be called without a cast.
 */
export type Member = readonly [key: string, member: Parameter | Layer];

/**
 * A part of a network: Parameters and a computation with them. `In` and `Out` are the shapes of its input and
 * output, as far as the compiler knows them.
 *
 * A custom layer has fields that hold Parameters, layers, or arrays, records and Maps of these, and a `forward` method:
 *
 * ```ts
 * class Residual extends Layer {
 *   readonly inner = new Dense(64, 64, { activation: 'relu' });
 *   forward(x: Tensor, ctx: Context): Tensor {
 *     return x.add(this.inner.call(x, ctx));
 *   }
 * }
 * ```
 */
export abstract class Layer<In extends Shape = Shape, Out extends Shape = Shape>
  extends Network<Tensor<In>, Tensor<Out>>
  implements StaticShapes
{
  static override readonly kind: string = 'Layer';

  /** For the compiler only: the input shape. */
  declare readonly takes: In;
  /** For the compiler only: the shape of a particular input, on which `gives` may depend. */
  declare readonly given: unknown;
  /** For the compiler only: the output shape. */
  declare readonly gives: Out;

  /**
   * Applies the layer to x, by default in inference mode.
   *
   * @throws ShapeError with the layer and its path in the model if the shape of x does not fit.
   */
  override call<S extends Shape>(
    x: Tensor<S> & Same<Input<this, S>, S>,
    ctx: Context = inference,
  ): Tensor<Output<this, S>> {
    checkCount(this.type, arguments.length, 2);
    checkTensor(this.type, x);
    return super.call(x as Tensor as Tensor<In>, ctx) as Tensor as Tensor<Output<this, S>>;
  }

  /** The shape of one sample, without the batch axis, that the layer requires; null if it accepts several. */
  override inputShape(): readonly number[] | null {
    return null;
  }

  override members(): Member[] {
    return super.members() as Member[];
  }

  /** Whether the output always has the shape of the input. */
  get keepsShape(): boolean {
    return false;
  }

  /**
   * The output shape as far as it follows from a partly known input shape; null is an unknown dimension or an
   * unknown shape. Sequential uses it to check its layers when it is built. A custom layer may leave it out.
   *
   * @throws ShapeError if no input of this shape fits.
   */
  inferShape(inputShape: PartialShape | null): PartialShape | null {
    return this.keepsShape ? inputShape : null;
  }

  /**
   * The size of the last axis of the output as far as it follows from that of an input with any number of axes; null is
   * unknown. Sequential uses it where `inferShape` gives null. A custom layer may leave it out.
   *
   * @throws ShapeError if no input with this last axis fits.
   */
  inferFeatures(features: number | null): number | null {
    return this.keepsShape ? features : null;
  }

  /**
   * The output shape for this input shape, with the batch axis; nothing is computed. The input is float32 or, if the layer
   * refuses that, int32 or bool.
   */
  outputShape(inputShape: readonly number[]): readonly number[] {
    checkCount('outputShape', arguments.length, 1);
    return ofZeros(
      'outputShape',
      [],
      checkShape('outputShape', inputShape),
      (x) => locate(this, x, () => this.forward(x as Tensor<In>, inference)).shape,
    );
  }
}

/** @throws ValueError unless it is a layer, for the layer that contains it. */
export function checkLayer(container: string, layer: unknown): void {
  if (!(layer instanceof Layer)) throw refusal(container, 'layer', layer, 'a Layer');
}

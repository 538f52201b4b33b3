import { checkCount, checkOptions, type Known } from '../../ir/arguments.ts';
import { checkTensor } from '../../tensor/apply.ts';
import { type Same, show } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import {
  type ActivationFunction,
  type ActivationName,
  chooseOptional,
} from '../activation/activation-functions.ts';
import type { Context } from '../base/context.ts';
import { locate, shapeError, showPartial } from '../base/errors.ts';
import { checkLayer, Layer } from '../base/layer.ts';
import type { Given, Output, PartialShape } from '../base/shapes.ts';

export interface ResidualOptions {
  /** Replaces x in the sum if the inner layer changes the shape, such as a 1 x 1 convolution; none by default. */
  readonly shortcut?: Layer;
  /** Applied to the sum; none by default. */
  readonly activation?: ActivationName | ActivationFunction;
  /** The layer's name in errors, summaries and paths; none by default. */
  readonly name?: string;
}

const residualOptions: Known<ResidualOptions> = { shortcut: 0, activation: 0, name: '' };

/** The arguments after the inner layer: if that is known to change the shape, a shortcut is required. */
type Rest<L extends Layer> =
  unknown extends Same<L['takes'], Output<L, L['takes']>>
    ? [options?: ResidualOptions]
    : [options: ResidualOptions & { readonly shortcut: Layer }];

/**
 * A residual block (He et al. 2015): activation(x + inner(x)), or activation(shortcut(x) + inner(x)).
 *
 * ```ts
 * new Residual(new Sequential([
 *   new Conv2D(32, 64, 3, { stride: 2, padding: 'same', bias: false }),
 *   new BatchNorm(64),
 * ]), { shortcut: new Conv2D(32, 64, 1, { stride: 2 }), activation: 'relu' })
 * ```
 *
 * @throws ShapeError if the two shapes of the sum differ: nothing is broadcast.
 */
export class Residual<const L extends Layer = Layer> extends Layer<L['takes'], L['gives']> {
  static override readonly kind: string = 'Residual';
  readonly inner: L;
  /** null if not given. */
  readonly shortcut: Layer | null;
  readonly activation: ActivationFunction | null;
  /** The name of the activation if it was given by name, else null. */
  readonly activationName: ActivationName | null;
  declare readonly gives: Given<L, this['given']>;

  constructor(inner: L, ...rest: Rest<L>) {
    checkCount(new.target.kind, arguments.length, 2);
    const [options = {}]: [options?: ResidualOptions] = rest;
    checkOptions(new.target.kind, options, residualOptions);
    const { shortcut = inner } = options;
    for (const layer of [inner, shortcut]) checkLayer('Residual', layer);
    super(options.name, arguments);
    this.inner = inner;
    this.shortcut = options.shortcut ?? null;
    [this.activation, this.activationName] = chooseOptional(this.type, options.activation);
  }

  override inputShape(): readonly number[] | null {
    return this.inner.inputShape() ?? this.shortcut?.inputShape() ?? null;
  }

  override get keepsShape(): boolean {
    return this.inner.keepsShape && (this.shortcut?.keepsShape ?? true);
  }

  override inferShape(inputShape: PartialShape | null): PartialShape | null {
    const y = locate(this, inputShape, () => this.inner.inferShape(inputShape), 'inner');
    const { shortcut } = this;
    const past =
      shortcut === null
        ? inputShape
        : locate(this, inputShape, () => shortcut.inferShape(inputShape), 'shortcut');
    if (y === null || past === null) return y ?? past;
    const same = y.length === past.length && y.every((d, i) => d === null || (past[i] ?? d) === d);
    if (!same) throw this.#differ(y, past);
    return y.map((d, i) => d ?? past[i]!);
  }

  override forward(x: Tensor<L['takes']>, ctx: Context): Tensor<L['gives']> {
    checkTensor(this.type, x);
    const input = x as Tensor;
    const y: Tensor = this.inner.call(input, ctx);
    const past: Tensor = this.shortcut === null ? input : this.shortcut.call(input, ctx);
    if (show(y.shape) !== show(past.shape)) throw this.#differ(y.shape, past.shape);
    const sum = past.add(y);
    return (this.activation === null ? sum : this.activation(sum)) as Tensor<L['gives']>;
  }

  #differ(y: PartialShape, past: PartialShape): Error {
    const what = this.shortcut === null ? 'the input is' : 'the shortcut gives';
    const remedy =
      this.shortcut === null
        ? "Keep the shape (padding 'same', stride 1), or give a shortcut with the same output shape."
        : 'Give the shortcut the same channels and stride.';
    return shapeError(
      this,
      `the inner layer gives ${showPartial(y)}, ${what} ${showPartial(past)}, wanted the same. ${remedy}`,
    );
  }
}

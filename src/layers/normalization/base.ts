import { ValueError } from '../../ir/errors.ts';
import { Parameter } from '../../tensor/parameter.ts';
import { defaultGenerator, type Generator } from '../../tensor/random.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Context } from '../base/context.ts';
import { shapeError, showPartial } from '../base/errors.ts';
import { Layer } from '../base/layer.ts';
import type { EndsWith, Kept, PartialShape } from '../base/shapes.ts';
import { checkCount } from '../base/spatial.ts';
import type { Initializer } from '../initializers/initializer.ts';
import { draw, type InitializerName } from '../initializers/initializers.ts';

export interface NormalizationOptions {
  /** Added to the variance; 1e-5 by default. */
  readonly epsilon?: number;
  /** Whether the result is multiplied by a Parameter gamma; true by default. */
  readonly scale?: boolean;
  /** Whether a Parameter beta is added; true by default. */
  readonly center?: boolean;
  /** `ones` by default. */
  readonly gammaInitializer?: InitializerName | Initializer;
  /** `zeros` by default. */
  readonly betaInitializer?: InitializerName | Initializer;
  readonly name?: string;
  /** Where initial values are drawn from; the default generator if not given. */
  readonly rng?: Generator;
}

/** What BatchNorm and LayerNorm share: a scale and a shift for each of the features, the last axis. */
export abstract class Normalization<C extends number> extends Layer {
  readonly features: C;
  readonly epsilon: number;
  readonly gamma: Parameter<[C]> | null;
  readonly beta: Parameter<[C]> | null;
  declare readonly takes: EndsWith<this['given'], C>;
  declare readonly gives: Kept<this['given']>;

  protected constructor(features: C, options: NormalizationOptions) {
    super(options.name);
    const { epsilon = 1e-5, scale = true, center = true } = options;
    checkCount(this, 'features', features);
    if (!(epsilon >= 0 && epsilon < Number.POSITIVE_INFINITY)) {
      throw new ValueError(`[${this.type}] got epsilon ${epsilon}, wanted a finite number from 0 up.`);
    }
    this.features = features;
    this.epsilon = epsilon;
    const rng = options.rng ?? defaultGenerator();
    const make = (name: string, initializer: InitializerName | Initializer): Parameter<[C]> =>
      new Parameter<[C]>(draw(initializer, [features], rng), { name });
    this.gamma = scale ? make('gamma', options.gammaInitializer ?? 'ones') : null;
    this.beta = center ? make('beta', options.betaInitializer ?? 'zeros') : null;
  }

  /** Of an input that fits. */
  protected abstract normalize(x: Tensor, ctx: Context): Tensor;

  override get keepsShape(): boolean {
    return true;
  }

  override inferShape(inputShape: PartialShape | null): PartialShape | null {
    if (inputShape === null) return null;
    this.#check(inputShape);
    return [...inputShape.slice(0, -1), this.features];
  }

  override forward(x: Tensor, ctx: Context): Tensor {
    this.#check(x.shape);
    return this.normalize(x, ctx);
  }

  #check(shape: PartialShape): void {
    const last = shape.at(-1) ?? this.features;
    if (shape.length >= 2 && last === this.features) return;
    const mend =
      shape.length < 2
        ? 'Give [N, ..., features].'
        : shape[1] === this.features
          ? 'Channels are the last axis: transpose the data.'
          : `Make the layer with features ${last}, the size of the last axis.`;
    throw shapeError(this, `input ${showPartial(shape)} does not fit features ${this.features}. ${mend}`);
  }
}

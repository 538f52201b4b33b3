import { checkOptions, type Known, refusal } from '../../ir/arguments.ts';
import { sameShape } from '../../ir/view.ts';
import { checkTensor } from '../../tensor/apply.ts';
import { floating } from '../../tensor/ops/elementwise/elementwise.ts';
import { type Moments, moments, standardizeBy } from '../../tensor/ops/reduction/standardize.ts';
import { Parameter } from '../../tensor/parameter.ts';
import type { Generator } from '../../tensor/random.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Context } from '../base/context.ts';
import { FeatureLayer } from '../base/feature-layer.ts';
import { refuseUnused } from '../base/unused-options.ts';
import type { Initializer } from '../initializers/initializer.ts';
import { draw, type InitializerName } from '../initializers/initializers.ts';

export interface NormalizationOptions {
  /** Added to the variance; 1e-5 by default. */
  readonly epsilon?: number;
  /** Whether the result is multiplied by the Parameter gamma; true by default. */
  readonly scale?: boolean;
  /** Whether the Parameter beta is added to the result; true by default. */
  readonly center?: boolean;
  /** The initial values of gamma; `ones` by default. */
  readonly gammaInitializer?: InitializerName | Initializer;
  /** The initial values of beta; `zeros` by default. */
  readonly betaInitializer?: InitializerName | Initializer;
  /** The layer's name in errors, summaries and paths; none by default. */
  readonly name?: string;
  /** The generator of the initial values; the default generator by default. */
  readonly rng?: Generator;
}

export const normalizationOptions: Known<NormalizationOptions> = {
  epsilon: 0,
  scale: true,
  center: true,
  gammaInitializer: 0,
  betaInitializer: 0,
  name: '',
  rng: 0,
};

/** How an input is arranged for its statistics. */
export interface Arrangement {
  /** The input's shape, or that shape with the last axis divided into several. */
  readonly view: Shape;
  /** The axes of `view` over which mean and variance are taken. */
  readonly axes: readonly number[];
}

/**
 * Normalization: y = gamma (x - mean) / sqrt(variance + epsilon) + beta, with gamma and beta for each feature, the last
 * axis. A subclass says over which elements mean and variance are taken.
 */
export abstract class Normalization<C extends number> extends FeatureLayer<C> {
  readonly epsilon: number;
  readonly gamma: Parameter<[C]> | null;
  readonly beta: Parameter<[C]> | null;

  protected constructor(
    features: C,
    options: NormalizationOptions,
    known: object = normalizationOptions,
    args: ArrayLike<unknown> = [features, options],
  ) {
    checkOptions(new.target.kind, options, known);
    super(features, options.name, args);
    const {
      epsilon = 1e-5,
      scale = true,
      center = true,
      gammaInitializer = 'ones',
      betaInitializer = 'zeros',
    } = options;
    refuseUnused(this.type, options, 'scale', 'gamma');
    refuseUnused(this.type, options, 'center', 'beta');
    if (!(Number.isFinite(epsilon) && epsilon >= 0)) {
      throw refusal(this.type, 'epsilon', epsilon, 'a finite number from 0 up');
    }
    this.epsilon = epsilon;
    const make = (name: string, initializer: InitializerName | Initializer): Parameter<[C]> =>
      new Parameter<[C]>(draw(this.type, initializer, [features], options.rng), { name });
    this.gamma = scale ? make('gamma', gammaInitializer) : null;
    this.beta = center ? make('beta', betaInitializer) : null;
  }

  /** The arrangement of an input of this shape. */
  protected abstract arrangement(shape: Shape): Arrangement;

  /** Receives the statistics that an input is normalized with, each over `count` elements. */
  protected observe(_statistics: Moments, _count: number, _ctx: Context): void {}

  /** Normalizes an input whose shape was checked. */
  protected normalize(x: Tensor, ctx: Context): Tensor {
    const { view, axes } = this.arrangement(x.shape);
    const arranged = floating(viewed(x, view));
    const statistics = moments(arranged, axes);
    this.observe(statistics, x.size / statistics.mean.size, ctx);
    const features = view.slice(x.rank - 1);
    const [gamma, beta] = [this.gamma, this.beta].map((p) =>
      p === null ? undefined : viewed(p as Tensor, features),
    );
    return viewed(standardizeBy(arranged, statistics, gamma, beta, this.epsilon), x.shape);
  }

  override forward(x: Tensor, ctx: Context): Tensor {
    checkTensor(this.type, x);
    this.checkFeatures(x.shape);
    return this.normalize(x, ctx);
  }
}

const viewed = (x: Tensor, shape: Shape): Tensor => (sameShape(x.shape, shape) ? x : x.reshape(shape));

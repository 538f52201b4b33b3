import { checkCount, checkOptions, type Known } from '../../ir/arguments.ts';
import { checkTensor } from '../../tensor/apply.ts';
import { prelu } from '../../tensor/ops/elementwise/piecewise-activation.ts';
import { Parameter } from '../../tensor/parameter.ts';
import type { Generator } from '../../tensor/random.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { FeatureLayer } from '../base/feature-layer.ts';
import type { Initializer } from '../initializers/initializer.ts';
import { draw, type InitializerName, initializers } from '../initializers/initializers.ts';

export interface PReLUOptions {
  /** The initial slopes; 0.25 by default. */
  readonly alphaInitializer?: InitializerName | Initializer;
  /** The layer's name in errors, summaries and paths; none by default. */
  readonly name?: string;
  /** The generator of the initial values; the default generator by default. */
  readonly rng?: Generator;
}

const preluOptions: Known<PReLUOptions> = { alphaInitializer: 0, name: '', rng: 0 };

/**
 * Rectifier with a learned slope for each feature, the last axis (He et al. 2015): x where x > 0, alpha x elsewhere, with the
 * Parameter alpha [features]. Keeps the shape.
 */
export class PReLU<const C extends number = number> extends FeatureLayer<C> {
  static override readonly kind: string = 'PReLU';
  readonly alpha: Parameter<[C]>;

  constructor(features: C, options: PReLUOptions = {}) {
    checkCount(new.target.kind, arguments.length, 2);
    checkOptions(new.target.kind, options, preluOptions);
    super(features, options.name, arguments);
    const { alphaInitializer = initializers.constant(0.25) } = options;
    this.alpha = new Parameter<[C]>(draw(this.type, alphaInitializer, [features], options.rng), {
      name: 'alpha',
    });
  }

  override forward(x: Tensor): Tensor {
    checkTensor(this.type, x);
    this.checkFeatures(x.shape);
    return prelu(x, this.alpha as Tensor);
  }
}

import { checkCount, checkOptions, type Known, readOptions } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';
import { checkTensor } from '../../tensor/apply.ts';
import { take } from '../../tensor/ops/arrangement/indexing.ts';
import { concat } from '../../tensor/ops/arrangement/join.ts';
import { cos, sin } from '../../tensor/ops/elementwise/math.ts';
import { Parameter } from '../../tensor/parameter.ts';
import type { Generator } from '../../tensor/random.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Context } from '../base/context.ts';
import { shapeError, showPartial } from '../base/errors.ts';
import { SequenceLayer } from '../base/sequence-layer.ts';
import type { PartialShape } from '../base/shapes.ts';
import { checkPositive } from '../base/spatial.ts';
import type { Initializer } from '../initializers/initializer.ts';
import { draw, type InitializerName } from '../initializers/initializers.ts';
import { angles, positionsOf } from './positions.ts';

export interface PositionEmbeddingOptions {
  /** The initial values of the vectors; `uniform` by default. */
  readonly kernelInitializer?: InitializerName | Initializer;
  /** The layer's name in errors, summaries and paths; none by default. */
  readonly name?: string;
  /** The generator of the initial values; the default generator by default. */
  readonly rng?: Generator;
}

const positionEmbeddingOptions: Known<PositionEmbeddingOptions> = { kernelInitializer: 0, name: '', rng: 0 };

/**
 * Adds a trained vector for each position to sequences [N, T, features], T up to `maxLength`. The kernel is
 * [maxLength, features]. Keeps the shape.
 */
export class PositionEmbedding<const F extends number = number> extends SequenceLayer<F> {
  static override readonly kind: string = 'PositionEmbedding';
  readonly maxLength: number;
  readonly kernel: Parameter<[number, F]>;

  constructor(maxLength: number, features: F, options: PositionEmbeddingOptions = {}) {
    checkCount(new.target.kind, arguments.length, 3);
    checkOptions(new.target.kind, options, positionEmbeddingOptions);
    super(features, options.name, arguments);
    checkPositive(this, 'maxLength', maxLength);
    const { kernelInitializer = 'uniform' } = options;
    this.maxLength = maxLength;
    this.kernel = new Parameter<[number, F]>(
      draw(this.type, kernelInitializer, [maxLength, features], options.rng),
      { name: 'kernel' },
    );
  }

  override forward(x: Tensor, ctx: Context): Tensor {
    checkTensor(this.type, x);
    this.checkSequences(x.shape);
    const length = x.shape[1]!;
    const kernel: Tensor = this.kernel;
    return x.add(
      ctx.decoding === undefined ? kernel.slice([0, length]) : take(kernel, positionsOf(length, ctx)),
    );
  }

  protected override checkSequences(shape: PartialShape): void {
    super.checkSequences(shape);
    if ((shape[1] ?? 0) <= this.maxLength) return;
    throw shapeError(
      this,
      `input ${showPartial(shape)} is longer than maxLength ${this.maxLength}. Create the layer with maxLength ${shape[1]}.`,
    );
  }
}

export interface SinusoidalPositionsOptions {
  /** The layer's name in errors, summaries and paths; none by default. */
  readonly name?: string;
}

/**
 * Adds the sines and cosines of each position to sequences [N, T, features] of any length (Vaswani et al. 2017): with
 * w_i = 10000^(-2 i / features), sin(t w_i) to the first half of the features and cos(t w_i) to the second. It has no Parameters.
 * Keeps the shape.
 */
export class SinusoidalPositions<const F extends number = number> extends SequenceLayer<F> {
  static override readonly kind: string = 'SinusoidalPositions';

  constructor(features: F, options?: SinusoidalPositionsOptions) {
    checkCount(new.target.kind, arguments.length, 2);
    super(features, readOptions(new.target.kind, options, { name: '' }).name, arguments);
    if (features % 2 !== 0)
      throw new ValueError(`[${this.type}] got features ${features}, wanted an even number.`);
  }

  override forward(x: Tensor, ctx: Context): Tensor {
    checkTensor(this.type, x);
    this.checkSequences(x.shape);
    const phases = angles(positionsOf(x.shape[1]!, ctx), this.features);
    return x.add(concat([sin(phases), cos(phases)], -1));
  }
}

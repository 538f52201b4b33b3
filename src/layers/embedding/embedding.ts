import { checkCount, checkOptions, type Known, refusal, reportAs } from '../../ir/arguments.ts';
import { DTypeError } from '../../ir/errors.ts';
import { checkTensor } from '../../tensor/apply.ts';
import { take } from '../../tensor/ops/arrangement/indexing.ts';
import { expandDims, transpose } from '../../tensor/ops/arrangement/views.ts';
import { where } from '../../tensor/ops/elementwise/logic.ts';
import { matmul } from '../../tensor/ops/matmul.ts';
import { Parameter } from '../../tensor/parameter.ts';
import type { Generator } from '../../tensor/random.ts';
import { type Shape, show } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { Layer } from '../base/layer.ts';
import type { PartialShape } from '../base/shapes.ts';
import { checkPositive } from '../base/spatial.ts';
import type { Initializer } from '../initializers/initializer.ts';
import { draw, type InitializerName } from '../initializers/initializers.ts';

export interface EmbeddingOptions {
  /** A number whose vector is zeros and is not trained, for padding; none by default. */
  readonly paddingIndex?: number;
  /** The initial values of the vectors; `uniform` by default. */
  readonly kernelInitializer?: InitializerName | Initializer;
  /** The layer's name in errors, summaries and paths; none by default. */
  readonly name?: string;
  /** The generator of the initial values; the default generator by default. */
  readonly rng?: Generator;
}

const embeddingOptions: Known<EmbeddingOptions> = {
  paddingIndex: 0,
  kernelInitializer: 0,
  name: '',
  rng: 0,
};

/**
 * A trained vector of `features` elements for each of `count` numbers, such as words or characters: from int32 or uint8
 * [N, ...] to float32 [N, ..., features]. The kernel is [count, features].
 *
 * @throws ValueError, when the values are computed, if a number is not in 0 .. count - 1.
 */
export class Embedding<const F extends number = number> extends Layer {
  static override readonly kind: string = 'Embedding';
  readonly count: number;
  readonly features: F;
  /** null if not given. */
  readonly paddingIndex: number | null;
  readonly kernel: Parameter<[number, F]>;
  declare readonly gives: this['given'] extends infer S extends Shape ? [...S, F] : Shape;

  constructor(count: number, features: F, options: EmbeddingOptions = {}) {
    checkCount(new.target.kind, arguments.length, 3);
    checkOptions(new.target.kind, options, embeddingOptions);
    super(options.name, arguments);
    checkPositive(this, 'count', count);
    checkPositive(this, 'features', features);
    const { paddingIndex, kernelInitializer = 'uniform' } = options;
    const isNumber = paddingIndex === undefined || (Number.isInteger(paddingIndex) && paddingIndex >= 0);
    if (!isNumber || (paddingIndex ?? 0) >= count)
      throw refusal(this.type, 'paddingIndex', paddingIndex, `a whole number from 0 to ${count - 1}`);
    this.count = count;
    this.features = features;
    this.paddingIndex = paddingIndex ?? null;
    this.kernel = new Parameter<[number, F]>(
      draw(this.type, kernelInitializer, [count, features], options.rng),
      { name: 'kernel' },
    );
  }

  override inferShape(inputShape: PartialShape | null): PartialShape | null {
    return inputShape === null ? null : [...inputShape, this.features];
  }

  override inferFeatures(): number {
    return this.features;
  }

  override forward(x: Tensor): Tensor {
    checkTensor(this.type, x);
    if (x.dtype !== 'int32' && x.dtype !== 'uint8')
      throw new DTypeError(
        `[${this.type}] got ${x.dtype} ${show(x.shape)}, wanted numbers from 0 to ${this.count - 1} in int32 or uint8. ` +
          "Make them with tensor(values, { dtype: 'int32' }), or cast them.",
      );
    const vectors: Tensor = take(this.kernel as Tensor, x);
    if (this.paddingIndex === null) return vectors;
    return where(expandDims(x, -1).equal(this.paddingIndex), 0, vectors);
  }

  /**
   * The scores of all numbers for vectors [N, ..., features], as the last layer of a language model whose output is tied to
   * its input (Press & Wolf 2017): x kernel^T, [N, ..., count].
   */
  attend(x: Tensor): Tensor {
    checkCount('attend', arguments.length, 1);
    checkTensor('attend', x);
    return reportAs('attend', () => matmul(x, transpose(this.kernel as Tensor)));
  }
}

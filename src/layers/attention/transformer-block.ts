import { checkCount, checkOptions, type Known, refusal, reportAs } from '../../ir/arguments.ts';
import { checkTensor } from '../../tensor/apply.ts';
import { generatorOf } from '../../tensor/random.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { ActivationFunction, ActivationName } from '../activation/activation-functions.ts';
import type { Context } from '../base/context.ts';
import type { Layer } from '../base/layer.ts';
import { SequenceLayer } from '../base/sequence-layer.ts';
import { checkPositive } from '../base/spatial.ts';
import { Dense } from '../dense.ts';
import { Dropout } from '../dropout/dropout.ts';
import { LayerNorm } from '../normalization/layer-norm.ts';
import { RMSNorm } from '../normalization/rms-norm.ts';
import { MultiHeadAttention, type MultiHeadAttentionOptions } from './multi-head-attention.ts';

export interface TransformerBlockOptions
  extends Pick<
    MultiHeadAttentionOptions,
    'causal' | 'rotary' | 'keyValueHeads' | 'bias' | 'kernelInitializer' | 'name' | 'rng'
  > {
  /** Features between the two dense layers; 4 * features by default. */
  readonly hiddenFeatures?: number;
  /** The activation between the two dense layers; `gelu` by default. */
  readonly activation?: ActivationName | ActivationFunction;
  /** Whether attention and dense layers are normalized before (`pre`) or after (`post`) the sum; `pre` by default. */
  readonly order?: 'pre' | 'post';
  /** The normalization, `layer` (LayerNorm) or `rms` (RMSNorm); `layer` by default. */
  readonly normalization?: 'layer' | 'rms';
  /** Added to the variance in the normalization; the default of the layer by default. */
  readonly epsilon?: number;
  /**
   * The probability with which weights of the attention, its results and those of the dense layers are set to zero in training;
   * 0 by default.
   */
  readonly dropout?: number;
}

const blockOptions: Known<TransformerBlockOptions> = {
  hiddenFeatures: 0,
  activation: 0,
  order: 0,
  normalization: 0,
  epsilon: 0,
  dropout: 0,
  causal: true,
  rotary: true,
  keyValueHeads: 0,
  bias: true,
  kernelInitializer: 0,
  name: '',
  rng: 0,
};

/**
 * A block of a transformer, from sequences [N, T, features] to the same shape. With `order: 'pre'` (Xiong et al. 2020):
 *
 *     x = x + dropout(attention(norm1(x)))
 *     x = x + dropout(down(activation(up(norm2(x)))))
 *
 * With `order: 'post'` (Vaswani et al. 2017) x = norm1(x + dropout(attention(x))), and likewise for the dense layers.
 */
export class TransformerBlock<const F extends number = number> extends SequenceLayer<F> {
  static override readonly kind: string = 'TransformerBlock';
  readonly order: 'pre' | 'post';
  readonly norm1: LayerNorm | RMSNorm;
  readonly attention: MultiHeadAttention;
  readonly norm2: LayerNorm | RMSNorm;
  readonly up: Dense;
  readonly down: Dense;
  readonly dropout: Dropout;

  constructor(features: F, heads: number, options: TransformerBlockOptions = {}) {
    checkCount(new.target.kind, arguments.length, 3);
    checkOptions(new.target.kind, options, blockOptions);
    super(features, options.name, arguments);
    checkPositive(this, 'heads', heads);
    const {
      hiddenFeatures = 4 * features,
      activation = 'gelu',
      order = 'pre',
      normalization = 'layer',
      epsilon = normalization === 'rms' ? 1e-6 : 1e-5,
      dropout = 0,
      causal = false,
      rotary = false,
      keyValueHeads = heads,
      bias = true,
      kernelInitializer = 'glorotUniform',
    } = options;
    const dense = { bias, kernelInitializer, rng: generatorOf(this.type, options.rng) };
    if (order !== 'pre' && order !== 'post') throw refusal(this.type, 'order', order, "'pre' or 'post'");
    if (normalization !== 'layer' && normalization !== 'rms')
      throw refusal(this.type, 'normalization', normalization, "'layer' or 'rms'");
    checkPositive(this, 'hiddenFeatures', hiddenFeatures);
    const make = <L extends Layer>(layer: () => L): L => reportAs(this.type, layer);
    const norm = (): LayerNorm | RMSNorm =>
      make(() =>
        normalization === 'rms' ? new RMSNorm(features, { epsilon }) : new LayerNorm(features, { epsilon }),
      );
    this.order = order;
    this.norm1 = norm();
    this.attention = make(
      () => new MultiHeadAttention(features, heads, { causal, rotary, keyValueHeads, dropout, ...dense }),
    );
    this.norm2 = norm();
    this.up = make(() => new Dense(features, hiddenFeatures, { activation, ...dense }));
    this.down = make(() => new Dense(hiddenFeatures, features, dense));
    this.dropout = make(() => new Dropout(dropout));
  }

  override forward(x: Tensor, ctx: Context): Tensor {
    checkTensor(this.type, x);
    this.checkSequences(x.shape);
    const attended = this.#sum(x, this.norm1, ctx, (input) => this.attention.call(input, ctx));
    return this.#sum(attended, this.norm2, ctx, (input) => this.down.call(this.up.call(input, ctx), ctx));
  }

  #sum(x: Tensor, norm: Layer, ctx: Context, inner: (x: Tensor) => Tensor): Tensor {
    const add = (y: Tensor): Tensor => x.add(this.dropout.call(y, ctx));
    return this.order === 'pre' ? add(inner(norm.call(x, ctx))) : norm.call(add(inner(x)), ctx);
  }
}

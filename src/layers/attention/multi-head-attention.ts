import { checkCount, checkOptions, checkProbability, type Known, reportAs } from '../../ir/arguments.ts';
import { StateError, ValueError } from '../../ir/errors.ts';
import { checkTensor } from '../../tensor/apply.ts';
import { concat, split } from '../../tensor/ops/arrangement/join.ts';
import { scaledDotProductAttention } from '../../tensor/ops/attention.ts';
import { cos, sin } from '../../tensor/ops/elementwise/math.ts';
import { type Generator, generatorOf } from '../../tensor/random.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Context, inference } from '../base/context.ts';
import { SequenceLayer } from '../base/sequence-layer.ts';
import { checkPositive } from '../base/spatial.ts';
import { Dense } from '../dense.ts';
import { angles, positionsOf } from '../embedding/positions.ts';
import type { Initializer } from '../initializers/initializer.ts';
import type { InitializerName } from '../initializers/initializers.ts';

export interface MultiHeadAttentionOptions {
  /** Heads of keys and values, a divisor of `heads`: groups of queries share one (Ainslie et al. 2023). `heads` by default. */
  readonly keyValueHeads?: number;
  /** Features of each head; features / heads by default. */
  readonly headFeatures?: number;
  /** Features of the sequences that `attend` looks at; `features` by default. */
  readonly memoryFeatures?: number;
  /** Whether no step sees later ones; false by default. */
  readonly causal?: boolean;
  /**
   * Whether queries and keys are rotated by their positions (Su et al. 2021), with the frequencies 10000^(-2 i / headFeatures)
   * for the element pairs i and i + headFeatures / 2; false by default.
   */
  readonly rotary?: boolean;
  /** The probability with which a weight of the attention is set to zero in training; 0 by default. */
  readonly dropout?: number;
  /** Whether biases are added; true by default. */
  readonly bias?: boolean;
  /** The initial values of the kernels; `glorotUniform` by default. */
  readonly kernelInitializer?: InitializerName | Initializer;
  /** The layer's name in errors, summaries and paths; none by default. */
  readonly name?: string;
  /** The generator of the initial values; the default generator by default. */
  readonly rng?: Generator;
}

const attentionOptions: Known<MultiHeadAttentionOptions> = {
  keyValueHeads: 0,
  headFeatures: 0,
  memoryFeatures: 0,
  causal: true,
  rotary: true,
  dropout: 0,
  bias: true,
  kernelInitializer: 0,
  name: '',
  rng: 0,
};

/**
 * Attention of several heads (Vaswani et al. 2017), from sequences [N, T, features] to the same shape. Each step looks at all
 * steps of its own sequence (`call`), or of another one (`attend`): softmax(q k^T / sqrt(headFeatures)) v for each head, with
 * dense layers `query`, `key` and `value` before it and `output` after it.
 */
export class MultiHeadAttention<const F extends number = number> extends SequenceLayer<F> {
  static override readonly kind: string = 'MultiHeadAttention';
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headFeatures: number;
  readonly memoryFeatures: number;
  readonly causal: boolean;
  readonly rotary: boolean;
  readonly dropout: number;
  readonly query: Dense;
  readonly key: Dense;
  readonly value: Dense;
  readonly output: Dense;

  constructor(features: F, heads: number, options: MultiHeadAttentionOptions = {}) {
    checkCount(new.target.kind, arguments.length, 3);
    checkOptions(new.target.kind, options, attentionOptions);
    super(features, options.name, arguments);
    checkPositive(this, 'heads', heads);
    const {
      keyValueHeads = heads,
      headFeatures = features / heads,
      memoryFeatures = features,
      causal = false,
      rotary = false,
      dropout = 0,
      bias = true,
      kernelInitializer = 'glorotUniform',
    } = options;
    if (options.headFeatures === undefined && features % heads !== 0)
      throw new ValueError(
        `[${this.type}] got features ${features} for ${heads} heads, wanted a multiple. Give headFeatures otherwise.`,
      );
    for (const [name, n] of Object.entries({ keyValueHeads, headFeatures, memoryFeatures }))
      checkPositive(this, name, n);
    if (heads % keyValueHeads !== 0)
      throw new ValueError(
        `[${this.type}] got keyValueHeads ${keyValueHeads} for ${heads} heads, wanted a divisor of it.`,
      );
    if (rotary && headFeatures % 2 !== 0)
      throw new ValueError(
        `[${this.type}] got headFeatures ${headFeatures} with rotary, wanted an even number.`,
      );
    checkProbability(this.type, 'dropout', dropout);
    this.heads = heads;
    this.keyValueHeads = keyValueHeads;
    this.headFeatures = headFeatures;
    this.memoryFeatures = memoryFeatures;
    this.causal = causal;
    this.rotary = rotary;
    this.dropout = dropout;
    const rng = generatorOf(this.type, options.rng);
    const dense = (from: number, to: number): Dense =>
      reportAs(this.type, () => new Dense(from, to, { bias, kernelInitializer, rng }));
    this.query = dense(features, heads * headFeatures);
    this.key = dense(memoryFeatures, keyValueHeads * headFeatures);
    this.value = dense(memoryFeatures, keyValueHeads * headFeatures);
    this.output = dense(heads * headFeatures, features);
  }

  override forward(x: Tensor, ctx: Context): Tensor {
    checkTensor(this.type, x);
    return this.attend(x, x, ctx);
  }

  /**
   * The attention of the steps of x, [N, T, features], to those of `memory`, [N, S, memoryFeatures].
   *
   * @param mask which steps each step sees, broadcast to [N, heads, T, S]: true where it sees one (bool), or numbers that are
   *   added to the scores (float32). Padding is masked by a tensor [N, 1, 1, S]. All by default.
   */
  attend(x: Tensor, memory: Tensor, ctx: Context = inference, mask?: Tensor): Tensor {
    checkCount('attend', arguments.length, 4);
    for (const t of [x, memory]) checkTensor('attend', t);
    this.checkSequences(x.shape);
    this.checkSequences(memory.shape, this.memoryFeatures);
    let query = this.#split(this.query.call(x, ctx), this.heads);
    let key = this.#split(this.key.call(memory, ctx), this.keyValueHeads);
    let value = this.#split(this.value.call(memory, ctx), this.keyValueHeads);
    if (this.rotary) [query, key] = [rotated(query, ctx), rotated(key, ctx)];
    const decoding = x === memory ? ctx.decoding : undefined;
    if (decoding !== undefined && !(this.causal && mask === undefined))
      throw new StateError(
        `[${this.type}] got ${mask === undefined ? 'causal: false' : 'a mask'} while earlier steps are cached, wanted causal ` +
          'attention without a mask. Call generate without a cache.',
      );
    let seen = mask;
    if (decoding !== undefined) ({ key, value, seen } = decoding.extend(key, value));
    const heard = scaledDotProductAttention(query, key, value, {
      ...(seen === undefined ? {} : { mask: seen }),
      causal: this.causal && decoding === undefined,
      ...(ctx.training && this.dropout > 0 ? { dropout: this.dropout, rng: ctx.rng } : {}),
    });
    const [batch, length] = x.shape as [number, number];
    const joined: Tensor = heard
      .transpose([0, 2, 1, 3])
      .reshape([batch, length, this.heads * this.headFeatures]);
    return this.output.call(joined, ctx);
  }

  /** [N, T, heads * headFeatures] to [N, heads, T, headFeatures]. */
  #split(x: Tensor, heads: number): Tensor {
    const [batch, length] = x.shape as [number, number];
    return (x.reshape([batch, length, heads, this.headFeatures]) as Tensor).transpose([0, 2, 1, 3]);
  }
}

/** x [..., T, size] with the pairs of elements i and i + size / 2 rotated by the angles of their positions. */
function rotated(x: Tensor, ctx: Context): Tensor {
  const [length, size] = x.shape.slice(-2) as [number, number];
  const phases = angles(positionsOf(length, ctx), size);
  const [c, s] = [cos(phases), sin(phases)];
  const [a, b] = split(x, 2, x.rank - 1) as [Tensor, Tensor];
  return concat([a.mul(c).sub(b.mul(s)), b.mul(c).add(a.mul(s))], -1);
}

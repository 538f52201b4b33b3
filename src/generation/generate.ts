import { checkCount, checkWhole, type Known, readOptions, refusal } from '../ir/arguments.ts';
import { DTypeError, NonFiniteError, ShapeError, ValueError } from '../ir/errors.ts';
import { type Context, continued, inference } from '../layers/base/context.ts';
import { checkTensor } from '../tensor/apply.ts';
import { tensor } from '../tensor/creation.ts';
import { take } from '../tensor/ops/arrangement/indexing.ts';
import { softmax } from '../tensor/ops/elementwise/activation.ts';
import { type Generator, generatorOf } from '../tensor/random.ts';
import { show } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { KeyValueCache } from './key-value-cache.ts';
import { likeliestToken, sampleToken, type Truncation } from './sampling.ts';

/** A model of sequences: from tokens, int32 [N, T], to the scores (logits) of the next token after each step, [N, T, V]. */
export interface TokenModel {
  call(tokens: Tensor, ctx?: Context): Tensor;
}

export interface GenerateOptions {
  /** How many tokens are generated. */
  readonly maxTokens: number;
  /** Scores are divided by it before the softmax; 0 takes the most probable token always. 1 by default. */
  readonly temperature?: number;
  /** Only this many of the most probable tokens may be drawn; all by default. */
  readonly topK?: number;
  /** Only the most probable tokens with this probability together may be drawn; 1, all, by default. */
  readonly topP?: number;
  /** Ends a sequence; after it all tokens are this one. None by default. */
  readonly stopToken?: number;
  /**
   * The length of the sequences that the model is called with. If the text gets longer, the model sees its last tokens.
   * The length of the prompt plus `maxTokens` by default.
   */
  readonly contextLength?: number;
  /**
   * Whether the model sees each token once, and its causal attentions keep the keys and values of those before, its recurrent
   * layers their states; false by default. A token costs the work of one step then. Only for models in which nothing but
   * MultiHeadAttention, recurrent and position layers of this library looks at other steps; results agree to rounding. The text
   * can't get longer than `contextLength`.
   */
  readonly cache?: boolean;
  /** The generator that draws tokens; the default generator by default. */
  readonly rng?: Generator;
  /** Called with the new tokens of the N sequences, one each. */
  readonly onTokens?: (tokens: Int32Array) => void;
}

/**
 * Continues sequences token by token, each drawn from the distribution that a causal model gives for the next one.
 *
 * @param prompt int32 [N, T] with T from 1 up, or the tokens as arrays.
 * @returns int32 [N, T + maxTokens]: the prompt and what follows, less if all sequences ended before.
 * @throws ValueError, ShapeError for options and prompts that don't fit; NonFiniteError if the model gives NaN.
 */
export async function generate(
  model: TokenModel,
  prompt: Tensor | readonly (readonly number[])[],
  options: GenerateOptions,
): Promise<Tensor<[number, number], 'int32'>> {
  checkCount(name, arguments.length, 3);
  if (typeof model?.call !== 'function') throw refusal(name, 'model', model, 'a Layer');
  const { maxTokens, temperature, stopToken, cache, rng, onTokens, topK, topP, contextLength } =
    checked(options);
  const tokens = await rowsOf(prompt);
  const [batch, start] = [tokens.length, tokens[0]!.length];
  const length = contextLength ?? start + maxTokens;
  if (cache && length < start + maxTokens)
    throw new ValueError(
      `[${name}] got ${start} + ${maxTokens} tokens for contextLength ${length} with a cache, wanted no more. Generate ` +
        'less, or leave the cache out.',
    );
  const generator = generatorOf(name, rng);
  const truncation: Truncation = { topK: topK ?? Number.POSITIVE_INFINITY, topP };
  const kept = cache ? new KeyValueCache(length) : null;
  const nextScores = kept === null ? windowScores(model, length) : cachedScores(model, kept);
  const ended = new Array<boolean>(batch).fill(false);
  try {
    for (let i = 0; i < maxTokens && !ended.every(Boolean); i++) {
      const scores = await nextScores(tokens);
      const vocabulary = scores.shape.at(-1)!;
      const isGreedy = temperature === 0;
      const values = (await (isGreedy ? scores : probabilities(scores, temperature)).data()) as Float32Array;
      const points = isGreedy ? null : await generator.uniform([batch]).data();
      const drawn = Int32Array.from(tokens, (_, row) => {
        if (ended[row]) return stopToken!;
        const of = values.subarray(row * vocabulary, (row + 1) * vocabulary);
        const token = points === null ? likeliestToken(of) : sampleToken(of, points[row]!, truncation);
        // Scores of -Infinity exclude tokens, but not all.
        if (of.some(Number.isNaN) || !Number.isFinite(of[token]))
          throw new NonFiniteError(
            `[${name}] the scores of token ${i + 1} of sequence ${row} are not finite.`,
          );
        return token;
      });
      for (const [row, token] of drawn.entries()) {
        tokens[row]!.push(token);
        ended[row] ||= token === stopToken;
      }
      onTokens?.(drawn);
    }
  } finally {
    kept?.release();
  }
  return tensor(Int32Array.from(tokens.flat()), { shape: [batch, tokens[0]!.length], dtype: 'int32' });
}

const name = 'generate';

const defaults = {
  maxTokens: undefined,
  temperature: 1,
  topK: undefined,
  topP: 1,
  stopToken: undefined,
  contextLength: undefined,
  cache: false,
  rng: undefined,
  onTokens: undefined,
} satisfies Known<GenerateOptions>;

function checked(options: GenerateOptions) {
  const read = readOptions(name, options, defaults);
  const { maxTokens, temperature, topK = 1, topP, contextLength = 1, stopToken = 0, onTokens } = read;
  checkWhole(name, 'maxTokens', maxTokens, 1);
  checkWhole(name, 'topK', topK, 1);
  checkWhole(name, 'contextLength', contextLength, 1);
  checkWhole(name, 'stopToken', stopToken, 0);
  // Scores are float32.
  if (!(temperature === 0 || (Math.fround(temperature) > 0 && temperature < Number.POSITIVE_INFINITY)))
    throw refusal(name, 'temperature', temperature, '0 or a finite number from 1e-45 up');
  if (!(topP > 0 && topP <= 1)) throw refusal(name, 'topP', topP, 'a probability with 0 < topP <= 1');
  if (onTokens !== undefined && typeof onTokens !== 'function')
    throw refusal(name, 'onTokens', onTokens, 'a function');
  return read;
}

/** The tokens of each sequence. */
async function rowsOf(prompt: Tensor | readonly (readonly number[])[]): Promise<number[][]> {
  const given: Tensor = Array.isArray(prompt) ? tensor(prompt, { dtype: 'int32' }) : (prompt as Tensor);
  checkTensor(name, given);
  if (given.dtype !== 'int32' && given.dtype !== 'uint8')
    throw new DTypeError(`[${name}] got a prompt in ${given.dtype}, wanted tokens in int32 or uint8.`);
  const [batch, length] = given.shape;
  if (given.rank !== 2 || given.size === 0)
    throw new ShapeError(
      `[${name}] got a prompt ${show(given.shape)}, wanted [N, T] with one token at least.`,
    );
  const values = await given.data();
  return Array.from({ length: batch! }, (_, i) => Array.from(values.slice(i * length!, (i + 1) * length!)));
}

/** The softmax of scores / temperature; the largest becomes 0 first, so that nothing overflows. */
const probabilities = (scores: Tensor, temperature: number): Tensor =>
  softmax(scores.sub(scores.max(-1, { keepDims: true })).div(temperature));

type Scores = (tokens: readonly (readonly number[])[]) => Promise<Tensor>;

/** The scores [N, 1, V] of the next token, from the model's view of the last `length` tokens, always as many. */
const windowScores =
  (model: TokenModel, length: number): Scores =>
  async (tokens) => {
    const seen = tokens.map((row) => row.slice(-length));
    const used = seen[0]!.length;
    const padded = new Int32Array(tokens.length * length);
    for (const [i, row] of seen.entries()) padded.set(row, i * length);
    const scores = model.call(tensor(padded, { shape: [tokens.length, length] }) as Tensor, inference);
    checkScores(scores, tokens.length, length);
    // An index in a tensor: all steps have one plan.
    return take(scores, tensor([used - 1], { dtype: 'int32' }) as Tensor, 1);
  };

/** The same from the tokens that the model hasn't seen yet. */
function cachedScores(model: TokenModel, cache: KeyValueCache): Scores {
  let known = 0;
  return async (tokens) => {
    const fresh = tokens.map((row) => row.slice(known));
    const count = fresh[0]!.length;
    const input: Tensor = tensor(Int32Array.from(fresh.flat()), { shape: [tokens.length, count] });
    const scores = model.call(input, continued(cache));
    checkScores(scores, tokens.length, count);
    const last: Tensor = scores.slice(null, [-1, null]).detach();
    await cache.run(last, count);
    known += count;
    return last;
  };
}

function checkScores(scores: Tensor, batch: number, length: number): void {
  checkTensor(name, scores);
  if (scores.rank === 3 && scores.shape[0] === batch && scores.shape[1] === length) return;
  throw new ShapeError(
    `[${name}] the model gives ${show(scores.shape)} for tokens ${show([batch, length])}, wanted scores ` +
      `[${batch}, ${length}, V] of the next token after each step.`,
  );
}

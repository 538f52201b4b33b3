import { checkCount, checkProbability, type Known, readOptions, refusal } from '../../ir/arguments.ts';
import { DTypeError, ShapeError } from '../../ir/errors.ts';
import { sameShape } from '../../ir/view.ts';
import { checkTensor } from '../apply.ts';
import { arange } from '../creation.ts';
import { type Generator, generatorOf } from '../random.ts';
import { computedAgain } from '../remat.ts';
import { broadcastShapes, type Shape, show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { concat } from './arrangement/join.ts';
import { reshape, transpose } from './arrangement/views.ts';
import { softmax } from './elementwise/activation.ts';
import { logicalAnd, where } from './elementwise/logic.ts';
import { matmul } from './matmul.ts';

export interface AttentionOptions {
  /**
   * Which keys each query sees, broadcast to [..., queries, keys]: true where it sees one (bool), or numbers that are added to
   * the scores (float32). All by default.
   */
  readonly mask?: Tensor;
  /**
   * Whether a query sees no later keys: query i sees the keys j <= i + keys - queries, so that the last query sees all keys;
   * false by default.
   */
  readonly causal?: boolean;
  /** The factor of the scores; 1 / sqrt(size of a query) by default. */
  readonly scale?: number;
  /** The probability with which a weight is set to zero; the others are divided by 1 - dropout. 0 by default. */
  readonly dropout?: number;
  /** The generator of the dropout; the default generator by default. */
  readonly rng?: Generator;
}

/**
 * Attention (Vaswani et al. 2017): softmax(query key^T * scale) value, with the softmax over the keys that a query sees. A query
 * that sees no key gives zeros.
 *
 * Queries may have more heads than keys and values, in groups that share one (Ainslie et al. 2023): with 8 heads of queries and
 * 2 of keys, heads 0 to 3 use the first.
 *
 * From 2^20 pairs of a query and a key on, 256 queries are computed at a time, and again for the gradient: the memory grows
 * with the number of keys and not with its square.
 *
 * @param query float32 [..., heads, queries, size] or [queries, size]. @param key [..., key heads, keys, size].
 * @param value [..., key heads, keys, value size].
 * @returns float32 [..., heads, queries, value size].
 * @throws ShapeError if the shapes do not fit.
 */
export function scaledDotProductAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options?: AttentionOptions,
): Tensor {
  checkCount(name, arguments.length, 4);
  for (const t of [query, key, value]) checkTensor(name, t);
  const { mask, causal, dropout, rng, ...rest } = readOptions(name, options, attentionOptions);
  const generator = generatorOf(name, rng);
  const group = groupSize(query.shape, key.shape, value.shape);
  const [queries, size] = query.shape.slice(-2) as [number, number];
  const keys = key.shape.at(-2)!;
  const { scale = 1 / Math.sqrt(size) } = rest;
  if (!Number.isFinite(scale)) throw refusal(name, 'scale', scale, 'a finite number');
  checkProbability(name, 'dropout', dropout);

  const scores = [...query.shape.slice(0, -1), keys];
  if (mask !== undefined) checkMask(mask, scores);
  const attend = (q: Tensor, k: Tensor, v: Tensor, block: Block): Tensor =>
    attention(q, k, v, { ...block, group, scale, dropout, generator });
  const past = causal ? keys - queries : null;
  if (queries <= BLOCK || queries * keys < LONG) return attend(query, key, value, { mask, past });

  // Only a block of the weights is in memory at a time: each is computed again for its gradient.
  const heard: Tensor[] = [];
  for (let first = 0; first < queries; first += BLOCK) {
    const end = Math.min(first + BLOCK, queries);
    const last = past === null ? keys : Math.max(1, Math.min(keys, end + past));
    const block = {
      mask: mask && part(part(mask, -2, first, end), -1, 0, last),
      past: past === null ? null : past + first,
    };
    const args: [Tensor, Tensor, Tensor] = [
      part(query, -2, first, end),
      part(key, -2, 0, last),
      part(value, -2, 0, last),
    ];
    heard.push(computedAgain((q, k, v) => attend(q, k, v, block), args, true));
  }
  return concat(heard, -2);
}

/** Queries that are computed at a time, if there are at least `LONG` pairs of a query and a key. */
const BLOCK = 256;
const LONG = 1 << 20;

/** Which keys a block of queries sees. */
interface Block {
  readonly mask: Tensor | undefined;
  /** The last key that the first query sees, if it sees no later ones; else null. */
  readonly past: number | null;
}

interface Settings extends Block {
  readonly group: number;
  readonly scale: number;
  readonly dropout: number;
  readonly generator: Generator;
}

function attention(query: Tensor, key: Tensor, value: Tensor, settings: Settings): Tensor {
  const { mask, past, group, scale, dropout, generator } = settings;
  const [queries, size] = query.shape.slice(-2) as [number, number];
  const keys = key.shape.at(-2)!;
  // The heads of a group are rows of one product.
  const grouped = reshape(query, [...key.shape.slice(0, -2), group * queries, size]);
  const products = matmul(grouped as Tensor, swapped(key)).mul(scale);
  const scores = reshape(products, [...query.shape.slice(0, -1), keys]);
  const seen = visible(queries, keys, mask, past);
  const biased = mask?.dtype === 'float32' ? scores.add(mask) : scores;
  let weights: Tensor = seen === null ? softmax(biased) : softmax(where(seen, biased, LOWEST));
  // Rows that see nothing: the others have zeros there already.
  if (seen !== null && (mask !== undefined || past! < 0)) weights = where(seen, weights, 0);
  if (dropout > 0)
    weights = where(generator.bernoulli(weights.shape, 1 - dropout), weights.mul(1 / (1 - dropout)), 0);
  const rows = reshape(weights, products.shape);
  return reshape(matmul(rows as Tensor, value), [...query.shape.slice(0, -1), value.shape.at(-1)!]);
}

/** Elements `first` to `end - 1` along an axis, counted from the last one; all of an axis that is missing or is broadcast. */
function part(x: Tensor, axis: number, first: number, end: number): Tensor {
  const size = x.shape.at(axis) ?? 1;
  if (size === 1 || end - first === size) return x;
  const ranges = x.shape.map(() => null as readonly [number, number] | null);
  ranges[x.rank + axis] = [first, end];
  return x.slice(...ranges);
}

const name = 'scaledDotProductAttention';

const attentionOptions = {
  mask: undefined,
  causal: false,
  scale: undefined,
  dropout: 0,
  rng: undefined,
} satisfies Known<AttentionOptions>;

/** Finite, so that a row that sees nothing has no NaN. */
const LOWEST = -3.4028234663852886e38;

/** The transpose of the last two axes. */
function swapped(x: Tensor): Tensor {
  const axes = x.shape.map((_, axis) => axis);
  return transpose(x, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
}

function checkMask(mask: Tensor, scores: Shape): void {
  checkTensor(name, mask);
  if (mask.dtype !== 'bool' && mask.dtype !== 'float32')
    throw new DTypeError(
      `[${name}] got a mask in ${mask.dtype}, wanted bool (true: the query sees the key) or float32 (added to the scores). ` +
        'Compare it, as in mask.notEqual(0).',
    );
  if (mask.rank > scores.length || !sameShape(broadcastShapes(name, scores, mask.shape), scores))
    throw new ShapeError(
      `[${name}] got a mask ${show(mask.shape)}, wanted a shape that broadcasts to ${show(scores)}. ` +
        'A mask of the keys of each sample is [N, 1, 1, keys].',
    );
}

/** Which keys each query sees, in a shape that broadcasts to that of the scores; null for all. */
function visible(
  queries: number,
  keys: number,
  mask: Tensor | undefined,
  past: number | null,
): Tensor | null {
  const given = mask?.dtype === 'bool' ? mask : null;
  if (past === null) return given;
  const last = reshape(arange(queries).add(past), [queries, 1]);
  const earlier = last.greaterEqual(arange(keys));
  return given === null ? earlier : logicalAnd(earlier, given);
}

/** How many heads of queries share a head of keys and values. */
function groupSize(query: Shape, key: Shape, value: Shape): number {
  const fail = (wanted: string): ShapeError =>
    new ShapeError(
      `[${name}] got query ${show(query)}, key ${show(key)} and value ${show(value)}, wanted ${wanted}.`,
    );
  const rank = query.length;
  if (rank < 2 || key.length !== rank || value.length !== rank)
    throw fail('equal numbers of axes: [..., heads, length, size]');
  if (query[rank - 1] !== key[rank - 1]) throw fail('queries and keys of the same size, the last axis');
  if (!sameShape(key.slice(0, -1), value.slice(0, -1))) throw fail('a value for each key');
  const heads = rank > 2 ? query[rank - 3]! : 1;
  const keyHeads = rank > 2 ? key[rank - 3]! : 1;
  if (!sameShape(query.slice(0, -3), key.slice(0, -3))) throw fail('the same axes before the heads');
  if (heads !== keyHeads && !(keyHeads > 0 && heads % keyHeads === 0))
    throw fail('as many heads of queries as of keys, or a multiple');
  return keyHeads === 0 ? 1 : heads / keyHeads;
}

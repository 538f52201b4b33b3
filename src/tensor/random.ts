import { checkCount, refusal } from '../ir/arguments.ts';
import { allocate, type TypedArray } from '../ir/dtype.ts';
import { ShapeError } from '../ir/errors.ts';
import { fillBits, philox4x32 } from '../ir/philox.ts';
import { sizeOf } from '../ir/view.ts';
import { fromArray } from './creation.ts';
import { computedTensor, initialValuesOf } from './evaluate.ts';
import {
  bernoulliOperation,
  type Draw,
  normalOperation,
  randomTensor,
  uniformOperation,
} from './ops/source/random-bits.ts';
import { checkShape, type Plain, type Shape, show } from './shape.ts';
import type { Tensor } from './tensor.ts';

/** Where a generator stands: enough to go on with the same numbers. */
export interface GeneratorState {
  readonly seed: number;
  readonly stream: number;
  readonly counter: number;
}

/** The candidates that `truncatedNormal` computes at a time. Always as many, so that one plan serves all draws. */
const BLOCK = 1024;

/**
 * A counter-based random generator: Philox 4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as
 * 1, 2, 3"). The numbers are a function of (seed, stream, counter) alone; each draw of a tensor takes one
 * counter, when it is called. So the same program gives the same numbers on every backend, and a restored
 * state goes on where it was.
 */
export class Generator {
  #seed: number;
  #stream: number;
  #counter: number;

  /**
   * A generator of random numbers that depend on the seed and the stream only.
   *
   * @param seed a whole number from 0 to 2^53 - 1.
   * @param stream a whole number from 0 (default) to 2^32 - 1; streams of one seed are independent.
   */
  constructor(seed: number, stream = 0) {
    checkCount('Generator', arguments.length, 2);
    this.#seed = checkWhole('Generator', 'seed', seed, Number.MAX_SAFE_INTEGER);
    this.#stream = checkWhole('Generator', 'stream', stream, 0xffffffff);
    this.#counter = 0;
  }

  /**
   * Uniform float32 numbers from `low` up to `high`, in 2^24 steps. [0, 1) leaves 1 out; for ranges far from
   * 0 the rounding to float32 may give `high` itself.
   */
  uniform<const S extends Shape>(shape: S, low = 0, high = 1): Tensor<Plain<S>, 'float32'> {
    checkCount('uniform', arguments.length, 3);
    checkFinite('uniform', { low, high });
    const u = randomTensor(uniformOperation, checked('uniform', shape, 1), this.#next());
    return low === 0 && high === 1 ? u : (u.mul(high - low).add(low) as Tensor<Plain<S>>);
  }

  /** Normally distributed float32 numbers (Box & Muller 1958). */
  normal<const S extends Shape>(shape: S, mean = 0, standardDeviation = 1): Tensor<Plain<S>, 'float32'> {
    checkCount('normal', arguments.length, 3);
    checkFinite('normal', { mean, standardDeviation });
    const z = randomTensor(normalOperation, checked('normal', shape, 2), this.#next());
    return mean === 0 && standardDeviation === 1
      ? z
      : (z.mul(standardDeviation).add(mean) as Tensor<Plain<S>>);
  }

  /** Bools that are true with the given probability. */
  bernoulli<const S extends Shape>(shape: S, probability: number): Tensor<Plain<S>, 'bool'> {
    checkCount('bernoulli', arguments.length, 2);
    if (!(typeof probability === 'number' && probability >= 0 && probability <= 1))
      throw refusal('bernoulli', 'probability', probability, 'a number from 0 to 1');
    return randomTensor(bernoulliOperation, checked('bernoulli', shape, 1), this.#next(), probability);
  }

  /**
   * Normally distributed float32 numbers, drawn again where they fall more than two standard deviations from
   * the mean. Computed at the call, or as soon as a backend is loaded.
   */
  truncatedNormal<const S extends Shape>(
    shape: S,
    mean = 0,
    standardDeviation = 1,
  ): Tensor<Plain<S>, 'float32'> {
    checkCount('truncatedNormal', arguments.length, 3);
    checkFinite('truncatedNormal', { mean, standardDeviation });
    const values = allocate('truncatedNormal', 'float32', sizeOf(checked('truncatedNormal', shape, 4)));
    const word = this.#words();
    return computedTensor(shape as Plain<S>, 'float32', () => {
      fillTruncatedNormal(values, word, mean, standardDeviation);
      return values;
    });
  }

  /** The numbers 0 .. n - 1 in random order (Fisher & Yates; every order is equally likely). */
  permutation(n: number): Int32Array {
    checkCount('permutation', arguments.length, 1);
    checkWhole('permutation', 'n', n, 0x7fffffff);
    const order = allocate('permutation', 'int32', n) as Int32Array;
    for (let i = 0; i < n; i++) order[i] = i;
    const word = this.#words();
    for (let i = n - 1; i > 0; i--) {
      const j = below(i + 1, word);
      const swap = order[i]!;
      order[i] = order[j]!;
      order[j] = swap;
    }
    return order;
  }

  /** Another generator, independent of this one and of those with other keys; this one does not move. */
  fork(key: number): Generator {
    checkCount('fork', arguments.length, 1);
    const out = new Uint32Array(4);
    const low = checkWhole('fork', 'key', key, Number.MAX_SAFE_INTEGER) >>> 0;
    const high = Math.floor(key / 4294967296);
    philox4x32(
      low,
      high,
      this.#stream,
      forkDomain,
      this.#seed >>> 0,
      Math.floor(this.#seed / 4294967296),
      out,
    );
    return new Generator((out[0]! & 0x1fffff) * 4294967296 + out[1]!, out[2]!);
  }

  /** The state, to be kept in a checkpoint. */
  getState(): GeneratorState {
    checkCount('getState', arguments.length, 0);
    return { seed: this.#seed, stream: this.#stream, counter: this.#counter };
  }

  /** Goes on from a state that `getState` gave. */
  setState(state: GeneratorState): void {
    checkCount('setState', arguments.length, 1);
    const given: GeneratorState = Object(state);
    const seed = checkWhole('setState', 'seed', given.seed, Number.MAX_SAFE_INTEGER);
    const stream = checkWhole('setState', 'stream', given.stream, 0xffffffff);
    const counter = checkWhole('setState', 'counter', given.counter, Number.MAX_SAFE_INTEGER);
    this.#seed = seed;
    this.#stream = stream;
    this.#counter = counter;
  }

  #next(): Draw {
    const c = this.#counter++;
    const draw: Draw = [
      this.#seed >>> 0,
      Math.floor(this.#seed / 4294967296),
      c >>> 0,
      Math.floor(c / 4294967296),
      this.#stream,
    ];
    recorded?.push([this, draw]);
    return draw;
  }

  /** The 32-bit words of one draw, one after the other. */
  #words(): () => number {
    const [key0, key1, c1, c2, c3] = this.#next();
    const block = new Uint32Array(256);
    let i = 0;
    return () => {
      if (i % block.length === 0) fillBits(block, i, block.length, key0, key1, c1, c2, c3);
      return block[i++ % block.length]!;
    };
  }
}

/** Fills the array with normally distributed numbers, which are drawn again beyond two standard deviations, from 32-bit words. */
function fillTruncatedNormal(values: TypedArray, word: () => number, mean: number, deviation: number): void {
  const uniform = new Float32Array(BLOCK);
  const angle = new Float32Array(BLOCK);
  for (let i = 0; i < values.length; ) {
    for (let j = 0; j < BLOCK; j++) {
      uniform[j] = ((word() >>> 8) + 1) / 16777216;
      angle[j] = ((word() >>> 8) / 16777216) * 6.283185307179586;
    }
    const log = initialValuesOf(fromArray(uniform, [BLOCK], 'float32').log());
    const cosine = initialValuesOf(fromArray(angle, [BLOCK], 'float32').cos());
    for (let j = 0; j < BLOCK && i < values.length; j++) {
      const z = Math.sqrt(-2 * log[j]!) * cosine[j]!;
      if (Math.abs(z) <= 2) values[i++] = mean + deviation * z;
    }
  }
}

/** Where draws are recorded while a function runs. */
let recorded: [Generator, Draw][] | null = null;

/** Runs a function; returns its result, the draws that generators made in it, and whether it ran inside another one. */
export function recordDraws<T>(run: () => T): {
  readonly result: T;
  readonly draws: readonly (readonly [Generator, Draw])[];
  readonly isInner: boolean;
} {
  const outer = recorded;
  const draws: [Generator, Draw][] = [];
  recorded = draws;
  try {
    return { result: run(), draws, isInner: outer !== null };
  } finally {
    recorded = outer;
  }
}

/**
 * A stream word that no draw uses together with these counters: forks come from a part of the sequence of
 * their own.
 */
const forkDomain = 0x666f726b;

/**
 * A whole number below n, each equally likely: words in the incomplete last multiple of n are drawn again.
 */
function below(n: number, word: () => number): number {
  const limit = 4294967296 - (4294967296 % n);
  let w = word();
  while (w >= limit) w = word();
  return w % n;
}

function checkFinite(operation: string, numbers: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(numbers)) {
    if (!Number.isFinite(value) || (name === 'standardDeviation' && value < 0)) {
      throw refusal(operation, name, value, `a finite number${value < 0 ? ' from 0 up' : ''}`);
    }
  }
}

/** The words of a draw are numbered with 31 bits; an element takes at most `words` of them. */
function checked<S extends Shape>(operation: string, shape: S, words: number): S {
  const most = 2147483648 / words;
  if (sizeOf(checkShape(operation, shape)) <= most) return shape;
  throw new ShapeError(
    `[${operation}] got shape ${show(shape)}, wanted at most ${most} elements in one draw. Draw several tensors.`,
  );
}

function checkWhole(operation: string, what: string, value: number, most: number): number {
  if (!Number.isInteger(value) || value < 0 || value > most) {
    throw refusal(operation, what, value, `a whole number from 0 to ${most}`);
  }
  return value;
}

const global = new Generator(0);

/** The generator of an option, by default the default generator. */
export function generatorOf(operation: string, rng: Generator = global): Generator {
  if (rng instanceof Generator) return rng;
  throw refusal(operation, 'rng', rng, 'a Generator');
}

/** The generator used where none is given. */
export function defaultGenerator(): Generator {
  checkCount('defaultGenerator', arguments.length, 0);
  return global;
}

/**
 * Starts the default generator anew: the same seed gives the same initial values, shuffles, dropout masks and
 * splits.
 */
export function seed(n: number): void {
  checkCount('seed', arguments.length, 1);
  checkWhole('seed', 'seed', n, Number.MAX_SAFE_INTEGER);
  global.setState({ seed: n, stream: 0, counter: 0 });
}

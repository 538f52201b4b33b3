import { ValueError } from '../ir/errors.ts';
import { philox4x32 } from '../ir/philox.ts';
import type { Dimension } from './dimension.ts';
import type { Json } from './json.ts';

/** The hyper-parameters of a search, by name. */
export type Space = { readonly [name: string]: Dimension<Json> };

/** One value for each hyper-parameter of a space. */
export type ParametersOf<S extends Space> = {
  readonly [K in keyof S]: S[K] extends Dimension<infer T> ? T : never;
};

/** One value for each hyper-parameter of an unknown space. */
export type Point = { readonly [name: string]: Json };

/** Every combination of the values, the last hyper-parameter changing fastest. */
export function gridOf(space: Space): readonly Point[] {
  let points: readonly Point[] = [{}];
  for (const [name, dimension] of Object.entries(space)) {
    const values = dimension.grid();
    if (values === null) {
      throw new ValueError(
        `[gridSearch] got the continuous range '${name}', wanted a finite number of values. ` +
          'Pass { steps: 5 }, or use randomSearch.',
      );
    }
    points = points.flatMap((point) => values.map((value) => ({ ...point, [name]: value })));
  }
  return points;
}

/**
 * `count` random points of a space. Point i depends on the space and the seed only, not on the count. If the space is
 * finite, all points differ.
 *
 * @throws ValueError if the space has fewer points.
 */
export function randomPoints(space: Space, seed: number, count: number): readonly Point[] {
  const entries = Object.entries(space);
  const size = entries.reduce((product, [, dimension]) => product * dimension.size, 1);
  if (count > size) {
    throw new ValueError(
      `[search] got ${count} trials, but the space has only ${size} combinations. Use gridSearch to try all of them.`,
    );
  }
  const seen = new Set<string>();
  const points: Point[] = [];
  for (let draw = 0; points.length < count; draw++) {
    const point = entries.map(([name, dimension], i): [string, Json] => [
      name,
      dimension.at(unit(seed, draw, i)),
    ]);
    const text = JSON.stringify(point);
    if (size !== Number.POSITIVE_INFINITY && seen.has(text)) continue;
    seen.add(text);
    points.push(Object.fromEntries(point));
  }
  return points;
}

/** The seed of a trial, from 0 to 2^32 - 1: a function of the search's seed and the trial's number. */
export const trialSeed = (seed: number, trial: number): number => words(seed, trial, 0, seedDomain)[0]!;

/** A uniform number from [0, 1) in steps of 2^-53: a function of its arguments. */
function unit(seed: number, draw: number, dimension: number): number {
  const [a, b] = words(seed, draw, dimension, pointDomain);
  return ((a! >>> 5) * 67108864 + (b! >>> 6)) / 9007199254740992;
}

/** The last word of Philox's counter: what the random words are used for. */
const pointDomain = 1;
const seedDomain = 2;

function words(seed: number, a: number, b: number, domain: number): Uint32Array {
  const out = new Uint32Array(4);
  philox4x32(a, b, 0, domain, seed >>> 0, Math.floor(seed / 4294967296), out);
  return out;
}

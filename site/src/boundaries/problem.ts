import { arange, concat, Generator, ones, stack, type Tensor, zeros } from 'ndgrad';

export const problems = {
  spirals: 'two spirals',
  circles: 'a disc in a ring',
  xor: 'XOR: four quadrants',
} as const;
export type ProblemName = keyof typeof problems;

/** Points [N, 2] in the square from -EXTENT to EXTENT, and their classes [N]. */
export interface Points {
  readonly x: Tensor;
  readonly y: Tensor;
}

export const EXTENT = 1.25;
const COUNT = 400;
const HALF = COUNT / 2;

/** The points of a problem. Sine and cosine are those of ndgrad, which are the same in every browser. */
export function makePoints(problem: ProblemName, noise: number, seed: number): Points {
  const random = new Generator(seed);
  const x = shapes[problem](random);
  const y =
    problem === 'xor'
      ? x.slice([], 0).mul(x.slice([], 1)).greater(0).cast('int32')
      : concat([zeros([HALF], 'int32'), ones([HALF], 'int32')]);
  return { x: x.add(random.normal([COUNT, 2], 0, 1).mul(noise)), y };
}

const shapes: Readonly<Record<ProblemName, (random: Generator) => Tensor>> = {
  spirals: () => {
    const along = arange(HALF).div(HALF);
    const angle = along.mul(3.2 * Math.PI);
    const arm = polar(along.mul(1.05).add(0.05), angle);
    return concat([arm, arm.neg()]);
  },
  circles: (random) => {
    const angle = random.uniform([COUNT], 0, 2 * Math.PI);
    const inner = random.uniform([HALF], 0, 0.5);
    const outer = random.uniform([HALF], 0.75, 1.1);
    return polar(concat([inner, outer]), angle);
  },
  xor: (random) => random.uniform([COUNT, 2], -1.1, 1.1),
};

/** Points at a distance from the origin in a direction. */
const polar = (radius: Tensor, angle: Tensor): Tensor =>
  stack([radius.mul(angle.cos()), radius.mul(angle.sin())], 1);

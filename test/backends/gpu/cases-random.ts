import { jsBackend } from '../../../src/backends/js/index.ts';
import { Generator } from '../../../src/tensor/random.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import type { Case } from './case.ts';
import { firstMiss } from './compare.ts';
import { evaluate } from './evaluate.ts';

// Random numbers have the bits of the reference interpreter. Those of the normal distribution go through a
// logarithm and a cosine, whose errors the project bounds by 1e-5.

const kinds: Record<string, { draw: (g: Generator, shape: number[]) => Tensor; relative: number }> = {
  normal: { draw: (g, shape) => g.normal(shape), relative: 1e-5 },
  uniform: { draw: (g, shape) => g.uniform(shape), relative: 0 },
  bernoulli: { draw: (g, shape) => g.bernoulli(shape, 0.3), relative: 0 },
  // Scaled and shifted, which rounds twice: 1e-6 of the range.
  'uniform from -3 to 5': { draw: (g, shape) => g.uniform(shape, -3, 5), relative: 1e-6 },
  'truncated normal': { draw: (g, shape) => g.truncatedNormal(shape), relative: 1e-5 },
};

const generators = (): Generator[] => {
  const late = new Generator(5, 7);
  late.setState({ ...late.getState(), counter: 2 ** 33 + 5 });
  return [new Generator(1), new Generator(2 ** 53 - 1, 2 ** 32 - 1), new Generator(3).fork(2), late];
};

const shapes = [[1], [3], [7, 5], [127], [1001], [3, 1, 333], []];

export function randomNumberCases(): Case[] {
  return Object.entries(kinds).map(([name, { draw, relative }]) => ({
    group: 'random numbers',
    name,
    run: async (backend) => {
      const whole = generators().flatMap((g, i) =>
        (i === 0 ? shapes : shapes.slice(i, i + 2)).map((shape) => draw(g, shape)),
      );
      // From the middle of a stream on, backwards, and far beyond 16 bits.
      const flat = generators()
        .slice(-2)
        .flatMap((g) => [
          draw(g, [1001]).slice([5, 600]),
          draw(g, [301]).slice([300, 1, -3]),
          draw(g, [3, 70_001]).slice(null, [69_900, null]),
        ]);
      const nodes = [...whole, ...flat].map((t) => t.node);
      const got = await evaluate(backend, nodes);
      const wanted = await evaluate(jsBackend, nodes);
      for (const [i, node] of nodes.entries()) {
        const scale = new Float64Array(node.size).fill(name === 'uniform from -3 to 5' ? 8 : 0);
        const miss = firstMiss(got[i]!, [wanted[i]!], { relative, scale });
        if (miss !== null) return `draw ${i} of shape [${node.shape}]: ${miss}`;
      }
      return null;
    },
  }));
}

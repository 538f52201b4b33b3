import { jsBackend } from '../../../src/backends/js/index.ts';
import type { Backend } from '../../../src/ir/backend.ts';
import { fromArray } from '../../../src/tensor/creation.ts';
import { gradients } from '../../../src/tensor/gradients.ts';
import { argsort, cumsum, sort, stack, take } from '../../../src/tensor/ops/index.ts';
import { Generator } from '../../../src/tensor/random.ts';
import { type ScanOptions, scan } from '../../../src/tensor/scan/scan.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import type { Step } from '../../tensor/loops.ts';
import type { Case } from './case.ts';
import { made } from './data.ts';
import { evaluate, type Goal, missed } from './evaluate.ts';

const group = 'loops';

/** Errors of the iterations add up. */
const tolerance = { relative: 2e-5, scale: 'largest' } as const;

const goals = (tensors: readonly Tensor[]): Goal[] =>
  tensors.map((tensor, i) => ({ what: `tensor ${i}`, tensor, ...tolerance }));

/** The results of a loop, and the gradients of their squares. */
function withGradients([last, outputs]: [Tensor[], Tensor[]], leaves: readonly Tensor[]): Tensor[] {
  const values = [...last, ...outputs];
  const sum = values
    .map((x, i) =>
      x
        .square()
        .sum()
        .mul(i + 1),
    )
    .reduce((a, b) => a.add(b));
  return [...values, ...gradients(sum, leaves)];
}

/** A recurrent network with a gate, as LSTMs have them. */
function gated(
  count: number,
  batch: number,
  inputs: number,
  width: number,
  options: ScanOptions = {},
): Tensor[] {
  const [x, h, c] = [made([count, batch, inputs], 1), made([batch, width], 2), made([batch, width], 3)];
  const [w, u, b] = [made([inputs, 2 * width], 4), made([width, 2 * width], 5), made([2 * width], 6)];
  const step: Step = ([h, c], [x]) => {
    const z = x!.matmul(w).add(h!.matmul(u)).mul(0.3).add(b);
    const gate = z.slice(null, [0, width]).sigmoid();
    const state = c!.mul(gate).add(z.slice(null, [width, null]).tanh());
    const next = state.tanh().mul(gate);
    return [[next, state], [next]];
  };
  return withGradients(scan(step, [h, c], [x], options), [x, h, c, w, u, b]);
}

const plain: Record<string, () => Tensor[]> = {
  'a gated network': () => gated(5, 3, 4, 6),
  'in reverse': () => gated(4, 2, 3, 5, { reverse: true }),
  'with checkpoints': () => gated(5, 2, 3, 4, { checkpoint: true }),
  'with lengths': () => gated(6, 3, 2, 3, { lengths: fromArray(Int32Array.of(6, 0, 4), [3], 'int32') }),
  'more iterations than a program can join': () => gated(75, 2, 2, 3),
  'one iteration': () => gated(1, 2, 3, 4),
  'a loop in a loop': () => {
    const [x, h, m] = [made([3, 4, 2, 2], 1), made([2, 2], 2), made([2, 2], 3)];
    const outer: Step = ([c], [row]) => {
      const [[inner], [all]] = scan(
        ([d], [e]) => {
          const next = d!.matmul(m).add(e!).add(c!.mul(0.1)).tanh();
          return [[next], [next.mul(e!)]];
        },
        [c!],
        [row!],
      );
      return [[inner!], [all!.sum(0), all!]];
    };
    return withGradients(scan(outer, [h], [x]), [x, h, m]);
  },
  'products in tiles': () => {
    const [x, m] = [made([2, 32, 32], 1), made([32, 32], 2)];
    return scan(([c], [e]) => [[c!.matmul(m).mul(0.1).add(e!)], [c!]], [made([32, 32], 3)], [x]).flat();
  },
  'carries that change places, are kept, and count': () => {
    const x = made([9, 4], 1);
    const step: Step = ([a, b, n], [e]) => {
      const next = b!.add(e!.mul(n!.cast('float32')));
      return [
        [next.mul(0.5), a!, n!.add(1)],
        [a!, next, n!],
      ];
    };
    const [last, outputs] = scan(
      step,
      [made([4], 2), made([4], 3), fromArray(Int32Array.of(70_000), [], 'int32')],
      [x],
    );
    return [...last, ...outputs];
  },
  'sorting and cumulative sums': () => {
    const [h, x] = [made([3, 4], 1), made([4, 3, 4], 2)];
    const step: Step = ([c], [e]) => {
      const next = sort(cumsum(c!, 1).mul(0.2).add(e!), 0).tanh();
      return [[next], [argsort(e!, 1).cast('float32'), stack([next, next.neg()])]];
    };
    return withGradients(scan(step, [h], [x]), [h, x]);
  },
  draws: () => {
    const generator = new Generator(3);
    const step: Step = ([c]) => {
      const keep = generator.bernoulli([2, 3], 0.5).cast('float32');
      return [[c!.mul(keep).add(generator.uniform([2, 3]))], [keep]];
    };
    return scan(step, [made([2, 3], 1)], [], { length: 4 }).flat();
  },
};

export const loops: Case[] = [
  ...Object.entries(plain).map(
    ([name, make]): Case => ({ group, name, run: (backend) => missed(backend, goals(make())) }),
  ),
  {
    group,
    name: 'checks in several iterations',
    run: async (backend) => {
      const rows = fromArray(Int32Array.of(1, 7, 0, -9, 2), [5, 1], 'int32');
      const make = (): Tensor =>
        scan(([c], [i]) => [[c!.add(take(made([5], 1), i!, 0))]], [made([1], 2)], [rows])[0][0]!;
      const [got, wanted] = await Promise.all([backend, jsBackend].map((each) => messageOf(each, make())));
      return got === wanted && wanted !== 'no error' ? null : `${got}, wanted ${wanted}`;
    },
  },
];

const messageOf = (backend: Backend, tensor: Tensor): Promise<string> =>
  evaluate(backend, [tensor.node]).then(
    () => 'no error',
    (error) => String(error),
  );

import { jsBackend } from '../../../src/backends/js/index.ts';
import type { Backend, Failure } from '../../../src/ir/backend.ts';
import { Storage } from '../../../src/ir/storage.ts';
import { fromArray } from '../../../src/tensor/creation.ts';
import { checkFinite } from '../../../src/tensor/ops/elementwise/finite-check.ts';
import { oneHot, scatterAdd, take } from '../../../src/tensor/ops/index.ts';
import { Parameter } from '../../../src/tensor/parameter.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { compilePlan } from '../../compiler/plans.ts';
import type { Case } from './case.ts';
import { firstMiss } from './compare.ts';
import { made } from './data.ts';
import { evaluate } from './evaluate.ts';

const group = 'checks on values';

const list = (...numbers: number[]): Tensor => fromArray(Int32Array.from(numbers), [numbers.length], 'int32');

async function messageOf(backend: Backend, tensors: readonly Tensor[]): Promise<string> {
  try {
    await evaluate(
      backend,
      tensors.map((t) => t.node),
    );
  } catch (error) {
    return String(error);
  }
  return 'no error';
}

/** Tensors that must fail as they do on the reference interpreter. */
const failing: Record<string, () => Tensor[]> = {
  take: () => [take(made([5, 3], 1), list(0, 5, -5, -6, 7), 0)],
  'take of columns': () => [take(made([5, 3], 2), list(2, 3), 1)],
  'take with work after': () => [
    take(made([5, 3], 3), list(9), 0)
      .mul(2)
      .sum(),
  ],
  'a sum beyond int32': () => [list(2147483647, 5, 1, -5).sum()],
  'sums of rows beyond int32': () => [made([30, 401], 2, (_, i) => (i < 401 ? i : 2e8), 'int32').sum(1)],
  'a product beyond int32': () => [list(65536, -65536).prod()],
  'take far away': () => [take(made([5], 4), list(2147483647, 6, -2147483648), 0)],
  'take from nothing': () => [take(made([0, 3], 5), list(0), 0)],
  'take among many': () => [
    take(
      made([7], 6),
      made([70_000], 7, (_, i) => (i === 50_001 ? 7 : i === 60_000 ? -9 : 3), 'int32'),
      0,
    ),
  ],
  scatterAdd: () => [scatterAdd(made([5, 3], 8), list(1, 6, 5), made([3, 3], 9), 0)],
  'scatterAdd far away': () => [scatterAdd(made([5], 10), list(-6, -70_000), made([2], 11), 0)],
  oneHot: () => [oneHot(list(0, 4, 3, -1), 3)],
  'oneHot of bytes': () => [oneHot(fromArray(Uint8Array.of(1, 200, 9), [3], 'uint8'), 5)],
  'two checks': () => [oneHot(list(8), 3), take(made([5], 12), list(-7), 0)],
  'a check in a sum': () => [oneHot(list(1, 8), 3).sum(0)],
  'a NaN': () => [checkFinite(made([3], 13, () => Number.NaN).sum(), '[minimize] the loss', 17)],
  'an infinity': () => [checkFinite(made([1], 13, () => -Infinity).sum(), '[minimize] the loss', 3)],
};

/** A plan with an assignment, run as training steps are. */
function stepOf(backend: Backend, parameter: Parameter, check: Tensor, value: Tensor) {
  const { graph, plan, values, wanted } = compilePlan([check.node], {
    limits: backend.limits,
    assignments: [[parameter.node, value.node]],
  });
  const executable = backend.compile(plan);
  const bound = graph.leaves.map((leaf) => leaf.storage!);
  return () => {
    const results = wanted.map((node) => Storage.forResult(node.dtype, node.size));
    return Promise.resolve(executable.run({ values, bound, results }));
  };
}

export const checkCases: Case[] = [
  ...Object.entries(failing).map(
    ([name, make]): Case => ({
      group,
      name,
      run: async (backend) => {
        const [got, wanted] = [await messageOf(backend, make()), await messageOf(jsBackend, make())];
        if (!/^(Value|NonFinite)Error: \[/.test(wanted)) return `the reference says ${wanted}`;
        return got === wanted ? null : `got '${got}', wanted '${wanted}'`;
      },
    }),
  ),
  {
    group,
    name: 'a failed step overwrites nothing, and steps on its values fail with it',
    run: async (backend) => {
      const p = new Parameter(made([300], 14));
      const before = Float64Array.from(p.dataSync());
      const table = made([4], 15);
      const guarded = (loss: number): Tensor => checkFinite(made([1], 16, () => loss).sum(), 'the loss', 3);
      const steps = [
        stepOf(backend, p, guarded(1), p.mul(2)),
        stepOf(backend, p, guarded(Number.NaN), p.add(100)),
        stepOf(backend, p, take(table, list(1, 4), 0), p.sub(1)),
        stepOf(backend, p, take(table, list(1, 3), 0), p.add(0.5)),
      ];
      const outcomeOf = (step: Promise<Failure | null>): Promise<unknown> =>
        step.then(
          (failure) => failure?.value ?? null,
          (error) => error.name,
        );
      // The first three are not awaited. On a device the third one reads what the second one was to compute.
      const third = backend.settle === undefined ? 4 : 'StateError';
      const outcomes = await Promise.all(steps.slice(0, 3).map((step) => outcomeOf(step())));
      outcomes.push(await outcomeOf(steps[2]!()), await outcomeOf(steps[3]!()));
      if (JSON.stringify(outcomes) !== JSON.stringify([null, 3, third, 4, null]))
        return `outcomes ${JSON.stringify(outcomes)}`;
      const after = await backend.read(p.node.storage!);
      // Doubling is exact; adding a half rounds once.
      return firstMiss(after, [before.map((x) => 2 * x + 0.5)], {
        relative: 1e-7,
        scale: new Float64Array(300).fill(4),
      });
    },
  },
];

import { expect, test, vi } from 'vitest';
import { type Goal, PlanCache } from '../../src/compiler/cache.ts';
import { toposort } from '../../src/compiler/toposort.ts';
import {
  arange,
  backendInfo,
  full,
  Generator,
  gradients,
  Parameter,
  runStep,
  Tensor,
  tensor,
} from '../../src/index.ts';
import { Node, type Params } from '../../src/ir/node.ts';
import type { Plan } from '../../src/ir/plan.ts';

/** The number of plans that are compiled while `run` runs. */
async function misses(run: () => Promise<void> | void): Promise<number> {
  const before = backendInfo().planMisses;
  await run();
  return backendInfo().planMisses - before;
}

const x = arange(4096).cast('float32').reshape([1024, 4]).detach();
x.dataSync();

test('parts further on find the plan of the first', async () => {
  const sums: number[] = [];
  const made = await misses(() => {
    for (let i = 0; i < 8; i++)
      sums.push(
        x
          .slice([i * 128, (i + 1) * 128])
          .sum()
          .item(),
      );
  });
  expect(made).toBe(1);
  expect(sums.map((s, i) => s - sums[0]! - i * 128 * 4 * 128 * 4)).toEqual(sums.map(() => 0));
});

test('numbers are no structure', async () => {
  const values: number[] = [];
  const made = await misses(() => {
    for (const s of [2, 0.5, -3, 1e-3, 0, 1])
      values.push(
        x
          .mul(s)
          .add(s * 2)
          .sum()
          .item(),
      );
  });
  expect(made).toBe(1);
  expect(new Set(values).size).toBe(6);
});

const structures: Record<string, () => Tensor> = {
  'a shape': () => tensor([1, 2]).exp(),
  'another shape': () => tensor([1, 2, 3]).exp(),
  'an operation': () => tensor([1, 2]).sin(),
  'a data type': () => tensor([1, 2], { dtype: 'int32' }).exp(),
  'an axis': () => tensor([[1, 2]]).sum(0),
  'another axis': () => tensor([[1, 2]]).sum(1),
  'a parameter': () => full([2, 2, 2], 3).transpose([1, 0, 2]).exp(),
  'another parameter': () => full([2, 2, 2], 3).transpose([0, 2, 1]).exp(),
  'steps of a slice': () => tensor([1, 2, 3, 4]).slice([0, 4, 2]).exp(),
  'other steps of a slice': () => tensor([1, 2, 3, 4]).slice([0, 2, 1]).exp(),
  'one leaf twice': () => {
    const a = tensor([1, 2]);
    return a.div(a);
  },
  'two leaves': () => tensor([1, 2]).div(tensor([3, 4])),
  'operands in order': () =>
    tensor([1, 2])
      .exp()
      .sub(tensor([3, 4])),
  'operands exchanged': () => tensor([3, 4]).sub(tensor([1, 2]).exp()),
};

test('every other structure is compiled anew, and only once', async () => {
  // Plans of other tests must not count.
  const own = (t: Tensor): Tensor => t.cast('float32').sum().mul(3).cos().sub(0.25).tanh();
  const first: number[] = [];
  const made = await misses(() => {
    for (const make of Object.values(structures)) first.push(own(make()).item());
  });
  expect(made).toBe(Object.keys(structures).length);
  const again: number[] = [];
  expect(
    await misses(() => {
      for (const make of Object.values(structures)) again.push(own(make()).item());
    }),
  ).toBe(0);
  expect(again).toEqual(first);
});

test('which results are wanted belongs to the plan', async () => {
  const graph = () => {
    const a = tensor([1, 2]).exp().sub(5).erf();
    return [a, a.log1p()] as const;
  };
  expect(
    await misses(async () => {
      await graph()[1].data();
      await runStep({ results: [...graph()], assignments: [] });
      await runStep({ results: [...graph()].reverse(), assignments: [] });
    }),
  ).toBe(3);
});

test('models of one structure share the plan of a training step', async () => {
  const random = new Generator(1);
  const train = async (rate: number): Promise<void> => {
    const w = new Parameter(random.normal([4, 3]));
    for (let i = 0; i < 5; i++) {
      const batch = x.slice([i * 32, i * 32 + 32]);
      const mask = random.bernoulli([32, 3], 0.5).cast('float32');
      const loss = batch.matmul(w).tanh().mul(mask).square().mean();
      const [g] = gradients(loss, [w]);
      await runStep({ results: [loss], assignments: [[w, w.sub(g!.mul(rate))]] });
    }
  };
  await train(0.1);
  expect(
    await misses(async () => {
      await train(0.01);
      await train(0.5);
    }),
  ).toBe(0);
});

test('the cache is bounded and forgets what was used longest ago', () => {
  const cache = new PlanCache(3);
  const executable = { run: () => null, release: () => {} };
  const plan = { buffers: [], steps: [], checks: [], finiteCheck: null, arenaBytes: 0 };
  const ask = (n: number): void => {
    const t = tensor(new Float32Array(n)).exp();
    cache.get(toposort([t.node]), { results: [1], assignments: [], finite: false }, () => ({
      plan,
      executable,
    }));
  };
  const madeBy = (n: number): boolean => {
    const before = cache.misses;
    ask(n);
    return cache.misses > before;
  };
  for (const n of [1, 2, 3]) expect(madeBy(n)).toBe(true);
  expect(madeBy(1)).toBe(false);
  expect(madeBy(4)).toBe(true);
  expect(cache.size).toBe(3);
  // 2 was evicted; 1 had just been used.
  expect(madeBy(1)).toBe(false);
  expect(madeBy(3)).toBe(false);
  expect(madeBy(2)).toBe(true);
  expect(cache.size).toBe(3);
  for (let n = 10; n < 200; n++) ask(n);
  expect(cache.size).toBe(3);
  expect(cache.hits).toBe(3);
});

test('plans that take turns are found, also after one of them was forgotten', () => {
  const cache = new PlanCache(2);
  const released: number[] = [];
  const ask = (n: number): Plan => {
    const made = { buffers: [], steps: [], checks: [], finiteCheck: null, arenaBytes: n };
    const executable = { run: () => null, release: () => released.push(n) };
    const order = toposort([tensor(new Float32Array(n)).exp().node]);
    return cache.get(order, { results: [1], assignments: [], finite: false }, () => ({
      plan: made,
      executable,
    })).plan;
  };
  const turns = (numbers: readonly number[]): number => {
    const before = cache.misses;
    for (const n of numbers) expect(ask(n).arenaBytes).toBe(n);
    return cache.misses - before;
  };
  expect(turns([1, 2, 1, 2, 1, 1, 2, 2, 1])).toBe(2);
  expect(released).toEqual([]);
  // The successor of 1 is 2, which must be evicted.
  expect(turns([3, 1, 3])).toBe(1);
  expect(released).toEqual([2]);
  expect(turns([1, 2])).toBe(1);
  expect(released).toEqual([2, 3]);
  cache.clear();
  expect(released).toEqual([2, 3, 1, 2]);
  expect(turns([1, 2, 1, 2])).toBe(2);
});

test('parameters are compared by what they hold', () => {
  const cache = new PlanCache(100);
  const plan = { buffers: [], steps: [], checks: [], finiteCheck: null, arenaBytes: 0 };
  const made = () => ({ plan, executable: { run: () => null, release: () => {} } });
  const { op, inputs } = tensor([1]).exp().node;
  const isNew = (params: Params): boolean => {
    const before = cache.misses;
    const node = new Node(op, inputs, [1], 'float32', params);
    cache.get(toposort([node]), { results: [1], assignments: [], finite: false }, made);
    return cache.misses > before;
  };
  const different: Params[] = [
    {},
    { a: 1 },
    { b: 1 },
    { a: 1, b: 1 },
    { a: 2, b: 1 },
    { a: null },
    { a: 0 },
    { a: -0 },
    { a: '1' },
    { a: [1] },
    { a: [1, 2] },
    { a: [[1], 2] },
    { a: [[1, 2]] },
  ];
  for (const params of different) expect(isNew(params), JSON.stringify(params)).toBe(true);
  for (const params of different) expect(isNew(structuredClone(params)), JSON.stringify(params)).toBe(false);
});

test('a graph must be looked up before another one is sorted that shares nodes with it', () => {
  const cache = new PlanCache(10);
  const plan = { buffers: [], steps: [], checks: [], finiteCheck: null, arenaBytes: 0 };
  const made = () => ({ plan, executable: { run: () => null, release: () => {} } });
  const goal: Goal = { results: [2], assignments: [], finite: false };
  const a = tensor([1, 2]).node;
  const b = tensor([3, 4]).node;
  const difference = (x: Node, y: Node): Node => new Tensor(x).sub(new Tensor(y)).node;
  cache.get(toposort([a, b, difference(a, b)]), goal, made);
  const order = toposort([a, b, difference(b, a)]);
  // With the node numbers of this graph, the difference would equal the first one.
  toposort([b, a]);
  expect(() => cache.get(order, goal, made)).toThrow('another graph has been sorted');
});

test('structure decides, not the hash', () => {
  const a = tensor([1, 2]);
  const b = tensor([3, 4]);
  const [e, f] = [a.exp(), b.exp()];
  const whole = tensor([1, 2], { dtype: 'int32' });
  const byte = tensor([1, 2], { dtype: 'uint8' });
  const cube = full([2, 2, 2], 3);
  const roots: Tensor[][] = [
    [e.sub(f)],
    [e.sub(e)],
    [e.sub(a)],
    [e.sub(b)],
    [b.sub(e)],
    [a.sin()],
    [a.cos()],
    [whole.neg()],
    [byte.neg()],
    [tensor([1]).exp()],
    [cube.transpose([1, 0, 2])],
    [cube.transpose([0, 2, 1])],
    [e, e.log()],
  ];
  const cache = new PlanCache(100);
  const plan = { buffers: [], steps: [], checks: [], finiteCheck: null, arenaBytes: 0 };
  const made = () => ({ plan, executable: { run: () => null, release: () => {} } });
  // All hashes are equal now.
  const imul = vi.spyOn(Math, 'imul').mockReturnValue(0);
  let asked = 0;
  try {
    for (const root of roots) {
      const graph = toposort(root.map((t) => t.node));
      const last = graph.nodes.length - 1;
      const goals: Goal[] = [
        { results: [last], assignments: [], finite: false },
        { results: [last - 1], assignments: [], finite: false },
        { results: [last - 1, last], assignments: [], finite: false },
        { results: [last], assignments: [[0, last]], finite: false },
        { results: [last], assignments: [[0, last - 1]], finite: false },
        { results: [last], assignments: [[0, last - 1]], finite: true },
      ];
      for (const goal of goals) {
        cache.get(graph, goal, made);
        expect(cache.misses).toBe(++asked);
      }
    }
    for (const root of roots) {
      const graph = toposort(root.map((t) => t.node));
      cache.get(graph, { results: [graph.nodes.length - 1], assignments: [], finite: false }, made);
    }
    expect(cache.misses).toBe(asked);
  } finally {
    imul.mockRestore();
  }
});

test('the number of plans is bounded', () => {
  for (let n = 1; n <= 300; n++) tensor(new Float32Array(n)).cos().dataSync();
  expect(backendInfo().plans).toBeLessThanOrEqual(256);
  expect(backendInfo()).toMatchObject({ name: 'wasm' });
});

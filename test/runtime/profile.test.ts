import { afterEach, describe, expect, it } from 'vitest';
import { WasmBackend } from '../../src/backends/wasm/index.ts';
import {
  Adam,
  Dense,
  Dropout,
  explain,
  type Layer,
  LSTM,
  NonFiniteError,
  Parameter,
  profile,
  runStep,
  Sequential,
  seed,
  setBackend,
  softmaxCrossEntropy,
  type Tensor,
  tensor,
  training,
} from '../../src/index.ts';
import { Storage } from '../../src/ir/storage.ts';
import { compileStepwise } from '../../src/runtime/stepwise.ts';
import { compilePlan } from '../compiler/plans.ts';
import { FakeDevice } from './fake-device.ts';

afterEach(() => setBackend('wasm'));

const perceptron = (): Layer =>
  new Sequential([new Dense(6, 8, { activation: 'relu' }), new Dropout(0.2), new Dense(8, 3)]);

/** Trains in a few steps; the Parameters afterwards. */
async function train(
  build: () => Layer,
  shape: number[],
  during: (work: () => Promise<void>) => Promise<unknown>,
) {
  seed(1);
  const model = build();
  const optimizer = new Adam(model.parameters());
  const count = shape.reduce((a, b) => a * b);
  const x = tensor(Array.from({ length: count }, (_, i) => (i % 7) / 7)).reshape(shape) as Tensor;
  const y = tensor([0, 1, 2, 0, 1], { dtype: 'int32' });
  const step = () => optimizer.minimize(softmaxCrossEntropy(model.call(x, training()), y));
  await step();
  const found = await during(async () => {
    for (let i = 0; i < 3; i++) await step();
  });
  await step();
  return { found, values: await Promise.all(model.parameters().map((p) => p.data())) };
}

const cases: [string, () => Layer, number[]][] = [
  ['an MLP', perceptron, [5, 6]],
  ['a recurrent network', () => new Sequential([new LSTM(2, 4), new Dense(4, 3)]), [5, 3, 2]],
];

describe.each(['wasm', 'js'] as const)('profile on %s', (backend) => {
  it.each(cases)('measures the steps of %s, which have the same bits', async (_, build, shape) => {
    await setBackend(backend);
    const { values: wanted } = await train(build, shape, (work) => work());
    const { values, found } = await train(build, shape, profile);
    expect(values).toEqual(wanted);
    const profiles = found as Awaited<ReturnType<typeof profile>>;
    expect(profiles).toHaveLength(1);
    const [{ plan, kernels }] = profiles as [(typeof profiles)[0]];
    for (const { milliseconds, name } of kernels) {
      expect(milliseconds, name).toHaveLength(3);
      expect(milliseconds.every((time) => time >= 0)).toBe(true);
    }
    expect(plan).toMatch(/^plan: \d+ kernels/);
    expect(kernels.flatMap(({ name }) => name.split(', ')).length).toBeGreaterThan(5);
  });
});

it('names kernels as explain does', async () => {
  const build = () =>
    tensor([
      [1, 2],
      [3, 4],
    ])
      .matmul(tensor([[1], [1]]))
      .exp()
      .sum();
  const lines = explain(build())
    .split('\n')
    .filter((line) => /^ {2}k\d/.test(line));
  const [found] = await profile(() => build().data());
  expect(found!.plan).toBe(explain(build()));
  expect(found!.kernels.map(({ name, shape }, i) => `  k${i} ${name}: for [${shape}]`)).toEqual(lines);
});

it('keeps values when a step fails, and reports the same error', async () => {
  const [a, b] = ['a', 'b'].map((name) => new Parameter(tensor([1, 2]), { name })) as [Parameter, Parameter];
  const failing = () =>
    runStep({
      assignments: [
        [a, a.mul(2)],
        [b, b.log().log()],
      ],
    });
  const message = await failing().catch((error: Error) => error.message);
  await expect(profile(failing)).rejects.toThrow(NonFiniteError);
  await expect(profile(failing)).rejects.toThrow(message as string);
  expect([...(await a.data()), ...(await b.data())]).toEqual([1, 2, 1, 2]);
});

it('measures nothing twice at a time, and no asynchronous backend', async () => {
  await expect(profile(() => profile(async () => {}))).rejects.toThrow(
    'another call of profile is measuring',
  );
  await setBackend(new FakeDevice());
  await expect(profile(async () => {})).rejects.toThrow("[profile] backend 'fake' is asynchronous");
});

it('keeps an intermediate only until the last kernel that uses it', () => {
  const n = 128;
  const x = tensor(new Float32Array(n * n)).reshape([n, n]);
  let y: Tensor = x;
  for (let i = 0; i < 9; i++) y = y.matmul(y);
  const { plan, values, graph } = compilePlan([y.node]);
  const backend = new WasmBackend();
  const used: number[] = [];
  const steps = compileStepwise(plan, backend, (_, run) => {
    const failure = run();
    used.push(backend.memory.used);
    return failure;
  });
  const before = backend.memory.used;
  const results = [Storage.forResult('float32', n * n)];
  expect(steps.run({ values, bound: graph.leaves.map(({ storage }) => storage!), results })).toBe(null);
  expect(used).toHaveLength(9);
  // The operand, the result, and padding, working memory included.
  expect(Math.max(...used) - before).toBeLessThan(5 * 4 * n * n);
});

import { afterEach, describe, expect, test } from 'vitest';
import {
  Adam,
  BatchNorm,
  Dense,
  Dropout,
  explainAssignments,
  Generator,
  gradients,
  Parameter,
  relu,
  remat,
  Sequential,
  setBackend,
  softmax,
  softmaxCrossEntropy,
  type Tensor,
  tensor,
  training,
  where,
} from '../../src/index.ts';
import { gradcheck } from '../../src/testing.ts';

afterEach(() => setBackend('wasm'));

const bytes = (values: Float32Array) => new Uint32Array(values.buffer, values.byteOffset, values.length);

/** Blocks with a residual connection: two matrix products, a nonlinearity, and dropout. */
function blocks(n: number, features: number) {
  const rng = new Generator(5);
  const weights = Array.from(
    { length: 2 * n },
    () => new Parameter(rng.normal([features, features]).mul(0.1)),
  );
  const run = (
    x: Tensor,
    wrap: (f: (x: Tensor) => Tensor) => (x: Tensor) => Tensor,
    rng: Generator,
  ): Tensor => {
    for (let i = 0; i < n; i++) {
      const block = (x: Tensor): Tensor => {
        const hidden = relu(x.matmul(weights[2 * i]!));
        const dropped = where(rng.bernoulli(hidden.shape, 0.8), hidden, 0);
        return x.add(
          softmax(dropped)
            .matmul(weights[2 * i + 1]!)
            .tanh(),
        );
      };
      x = wrap(block)(x);
    }
    return x.square().mean();
  };
  return { weights, run };
}

const plain = (f: (x: Tensor) => Tensor) => f;
const input = (rows: number, features: number) =>
  tensor(new Generator(9).normal([rows, features]).dataSync(), { shape: [rows, features] });

describe.each(['js', 'wasm'] as const)('on %s', (backend) => {
  test('values and gradients have the bits of the function itself, with the same dropout masks', async () => {
    await setBackend(backend);
    const { weights, run } = blocks(2, 4);
    const x = input(3, 4);
    const bitsOf = (wrap: typeof plain) => {
      const y = run(x, wrap, new Generator(3));
      return [y, ...gradients(y, [x, ...weights])].map((t) => bytes(t.dataSync() as Float32Array));
    };
    expect(bitsOf(remat)).toEqual(bitsOf(plain));
  });
});

describe('memory', () => {
  const { weights, run } = blocks(6, 32);
  const x = input(256, 32);
  const arenaOf = (wrap: typeof plain): number => {
    const y = run(x, wrap, new Generator(3));
    const assignments = gradients(y, weights).map(
      (g, i) => [weights[i]!, weights[i]!.sub(g.mul(0.1))] as const,
    );
    return Number(/arena of (\d+) bytes/.exec(explainAssignments({ results: [y], assignments }))![1]);
  };

  test('a step needs a fraction of the arena', () => {
    const activation = 4 * 256 * 32;
    const before = arenaOf(plain);
    const after = arenaOf(remat);
    // Each block keeps several values; with remat only its input, and the values of one block at a time.
    expect(before).toBeGreaterThan(6 * 4 * activation);
    expect(after).toBeLessThan(before / 2);
    expect(after).toBeLessThan((6 + 8) * activation);
  });
});

test('gradients of both orders agree with finite differences', async () => {
  const x = tensor([[0.5, -1, 2]]);
  const w = tensor([
    [1, 0.5, -0.25],
    [0.3, -2, 1],
    [0.1, 0.7, -1],
  ]);
  for (const order of [1, 2] as const) {
    await gradcheck((x, w) => remat((a: Tensor, b: Tensor) => a.matmul(b).tanh().mul(a))(x!, w!), [x, w], {
      order,
    });
    // What f uses without having it as an argument has its gradient too, also where it depends on an argument.
    await gradcheck(
      (x, w) => {
        const hidden = x!.matmul(w!).tanh();
        return remat((a: Tensor) => a.exp().mul(hidden).add(w!).mul(x!))(x!);
      },
      [x, w],
      { order },
    );
    await gradcheck(
      (x, w) => remat((a: Tensor) => remat((b: Tensor) => b.matmul(w!).tanh())(a.sin()).mul(a))(x!),
      [x, w],
      { order },
    );
    await gradcheck((x, w) => remat((a: Tensor, b: Tensor) => a.mul(b))(x!, x!).matmul(w!), [x, w], {
      order,
    });
  }
});

test('tensors between an argument and the function have their gradients', () => {
  const x = tensor([1, 2]);
  const hidden = x.mul(3);
  const y = remat((a: Tensor) => a.mul(hidden))(x).sum();
  const [dx, dHidden] = gradients(y, [x, hidden]);
  expect([...dx!.dataSync()]).toEqual([6, 12]);
  expect([...dHidden!.dataSync()]).toEqual([1, 2]);
});

test('f is called once for each call, and its result may be an argument or independent of them', () => {
  let calls = 0;
  const x = tensor([1, 2]);
  const f = remat((a: Tensor) => {
    calls++;
    return a.exp();
  });
  gradients(f(x).sum(), [x])[0]!.dataSync();
  expect(calls).toBe(1);
  expect([...gradients(remat((a: Tensor) => a)(x).sum(), [x])[0]!.dataSync()]).toEqual([1, 1]);
  const w = tensor([3, 4]);
  expect([...gradients(remat((_: Tensor) => w.square())(x).sum(), [x, w])[1]!.dataSync()]).toEqual([6, 8]);
});

test('layers train to the same bits, with dropout and running statistics', async () => {
  const train = async (wrap: typeof plain): Promise<Uint32Array[]> => {
    const rng = new Generator(4);
    const model = new Sequential([
      new Dense(6, 16, { rng }),
      new BatchNorm(16),
      new Dropout(0.5),
      new Dense(16, 3, { rng }),
    ]);
    const optimizer = new Adam(model.parameters());
    const x = input(8, 6);
    const labels = tensor([0, 1, 2, 0, 1, 2, 0, 1], { dtype: 'int32' });
    for (let step = 0; step < 3; step++) {
      const context = training({ rng });
      const logits = wrap((x) => model.call(x, context))(x);
      await optimizer.minimize(softmaxCrossEntropy(logits, labels), { context });
    }
    return model.parameters().map((p) => bytes(p.dataSync() as Float32Array));
  };
  expect(await train(remat)).toEqual(await train(plain));
});

test('says what is wrong', () => {
  expect(() => Reflect.apply(remat, undefined, [3])).toThrow('[remat] got f 3, wanted a function of tensors');
  expect(() => remat((() => 3) as unknown as () => Tensor)()).toThrow(
    '[remat] got result 3, wanted a Tensor from f',
  );
  expect(() =>
    Reflect.apply(
      remat((x: Tensor) => x),
      undefined,
      [[1]],
    ),
  ).toThrow('[remat] got an array, wanted a Tensor');
});

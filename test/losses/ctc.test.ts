import { describe, expect, test } from 'vitest';
import {
  Adam,
  ctcGreedyDecode,
  ctcLoss,
  Dense,
  EditDistance,
  fit,
  Generator,
  gradients,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.ts';

// Values and gradients of PyTorch are in reference.test.ts.

const random = new Generator(1);
const x = random.normal([2, 4, 3]) as Tensor;
const classes = (rows: number[][]) => tensor(rows, { dtype: 'int32' }) as Tensor;
const labels = classes([
  [1, 2],
  [2, 2],
]);

test('the probabilities of all labels add up to 1', () => {
  const all: number[][] = [[]];
  for (const label of all) if (label.length < 4) all.push([...label, 1], [...label, 2]);
  const logits = x.slice([0, 1]).broadcastTo([all.length, 4, 3]);
  const padded = classes(all.map((label) => [...label, ...new Array(4 - label.length).fill(-1)]));
  const losses = ctcLoss(logits, padded, { ignoreIndex: -1, reduction: 'none' });
  expect(losses.neg().exp().sum().item()).toBeCloseTo(1, 5);
});

test('labels that do not fit into the steps', () => {
  const options = { inputLengths: [4, 2], reduction: 'none' } as const;
  const loss = ctcLoss(x, labels, options);
  const [first, second] = loss.toArray() as number[];
  expect([first! > 0, second]).toEqual([true, Infinity]);
  expect(ctcLoss(x, labels, { ...options, zeroInfinity: true }).toArray()).toEqual([first, 0]);
  const [g] = gradients(loss.slice([1, 2]).sum(), [x]);
  expect(g!.toArray()).toEqual(zeros([2, 4, 3]).toArray());
  expect(
    ctcLoss(x, labels, { inputLengths: [0, 0], labelLengths: [0, 1], reduction: 'none' })
      .add(0)
      .toArray(),
  ).toEqual([0, Infinity]);
});

test('a class of probability 0 does no harm where it is not needed', () => {
  const logits = tensor([
    [
      [0, 0, -Infinity],
      [0, 0, -Infinity],
    ],
  ]) as Tensor;
  const loss = ctcLoss(logits, classes([[1]]));
  expect(loss.item()).toBeCloseTo(-Math.log(3 / 4), 5);
  expect((gradients(loss, [logits])[0]!.dataSync() as Float32Array).every(Number.isFinite)).toBe(true);
  expect(ctcLoss(logits, classes([[2]])).item()).toBe(Infinity);
});

test('padding may have any number, lengths any values of integers', () => {
  const want = ctcLoss(x, labels, { labelLengths: [1, 2] }).item();
  expect(
    ctcLoss(
      x,
      classes([
        [1, -7],
        [2, 2],
      ]),
      { labelLengths: tensor([1, 2], { dtype: 'uint8' }) },
    ).item(),
  ).toBe(want);
  expect(
    ctcLoss(
      x,
      classes([
        [1, 0],
        [2, 2],
      ]),
      { ignoreIndex: 0 },
    ).item(),
  ).toBe(want);
});

test('a model learns where labels are', async () => {
  // Steps show a number for some steps, then nothing.
  const shown = [
    [1, 1, 0, 2, 2, 2],
    [2, 0, 0, 1, 1, 0],
    [0, 2, 0, 2, 0, 1],
  ];
  const inputs = tensor(
    shown.flat().flatMap((k) => [0, 1, 2].map((c) => Number(c === k))),
    { shape: [3, 6, 3] },
  );
  const y = classes([
    [1, 2, -1],
    [2, 1, -1],
    [2, 2, 1],
  ]);
  const model = new Dense(3, 3);
  const distance = new EditDistance({ blank: 0, ignoreIndex: -1 });
  const { history } = await fit(
    model,
    { x: inputs, y },
    {
      loss: (logits: Tensor, target: Tensor, options) =>
        ctcLoss(logits, target, { ...options, ignoreIndex: -1 }),
      metrics: [distance],
      optimizer: new Adam(model.parameters(), { learningRate: 0.3 }),
      batchSize: 3,
      epochs: 40,
      progress: false,
    },
  );
  expect(history.loss!.at(-1)).toBeLessThan(0.1);
  expect(history.editDistance!.at(-1)).toBe(0);
  expect(await ctcGreedyDecode(model.call(inputs))).toEqual([
    [1, 2],
    [2, 1],
    [2, 2, 1],
  ]);
});

describe('errors', () => {
  test.each<[() => unknown, string]>([
    [
      () => ctcLoss(zeros([2, 3]) as Tensor, labels),
      'got logits [2, 3], wanted [N, T, C] with T from 1 and C from 2 up.',
    ],
    [() => ctcLoss(x, classes([[1]])), 'got labels [1, 1], wanted class numbers [2, L].'],
    [() => ctcLoss(x, labels.cast('float32')), 'got float32 labels, wanted class numbers in int32 or uint8'],
    [() => ctcLoss(x, labels, { blank: 3 }), 'got blank 3, wanted a class from 0 to 2.'],
    [() => ctcLoss(x, labels, { inputLengths: [4] }), 'got inputLengths [1], wanted [2].'],
    [() => ctcLoss(x, labels, { inputLengths: tensor([1.5, 2]) }), 'got float32 inputLengths, wanted int32'],
    [
      () => ctcLoss(x, labels, { labelLengths: [1, 1], ignoreIndex: -1 }),
      'got ignoreIndex -1, wanted a whole number, without',
    ],
    [
      () => ctcLoss(x, labels, { sampleWeights: zeros([2, 4]) }),
      'got sampleWeights of shape [2, 4], wanted [2].',
    ],
    // When it is computed
    [() => ctcLoss(x, labels, { inputLengths: [5, 4] }).item(), 'got inputLengths 5, wanted 0 to 4.'],
    [() => ctcLoss(x, labels, { labelLengths: [1, -1] }).item(), 'got labelLengths -1, wanted 0 to 2.'],
    [() => ctcLoss(x, labels, { blank: 2 }).item(), 'got the label 2, wanted 0 to 2 except 2.'],
    [
      () =>
        ctcLoss(
          x,
          classes([
            [1, 3],
            [1, 1],
          ]),
        ).item(),
      'got the label 3, wanted 0 to 2 except 0.',
    ],
    [
      () =>
        ctcLoss(
          x,
          classes([
            [-1, 1],
            [1, 1],
          ]),
          { ignoreIndex: -1 },
        ).item(),
      'got the label -1',
    ],
  ])('%#', (call, message) => {
    expect(call).toThrow(`[ctcLoss] ${message}`);
  });
});

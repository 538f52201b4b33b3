import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  Accuracy,
  ConfusionMatrix,
  ctcGreedyDecode,
  Dense,
  EditDistance,
  evaluate,
  F1,
  Generator,
  LogLoss,
  MeanSquaredError,
  Perplexity,
  SequenceAccuracy,
  softmaxCrossEntropy,
  type Tensor,
  TopKAccuracy,
  tensor,
} from '../../src/index.ts';
import { editDistance, errorRate, type TokenSequence } from '../../src/metrics.ts';
import reference from './perplexity.json' with { type: 'json' };

const [samples, length, classes] = [3, 5, 7];
const logits = tensor(reference.logits, { shape: [samples, length, classes] });
const grid = (data: readonly number[], dtype: 'int32' | 'float32' = 'int32') =>
  tensor(data, { shape: [samples, length], dtype });
const labels = grid(reference.labels);
const padded = grid(reference.padded);
const mask = grid(reference.mask, 'float32');

describe('perplexity, as PyTorch', () => {
  test.each([
    ['all tokens', labels, undefined, undefined, reference.all],
    ['ignored tokens', padded, undefined, -100, reference.ignored],
    ['weights of tokens', labels, mask, undefined, reference.masked],
  ])('%s', async (_name, truth, weights, ignoreIndex, want) => {
    const metric = new Perplexity(ignoreIndex === undefined ? {} : { ignoreIndex });
    await metric.update(logits, truth, weights);
    expect(metric.result()).toBeCloseTo(want, 10);
    metric.reset();
    for (let i = 0; i < samples; i++) {
      const row = (t: Tensor) => t.slice([i, i + 1]) as Tensor;
      await metric.update(row(logits), row(truth), weights && row(weights));
    }
    expect(metric.result()).toBeCloseTo(want, 10);
  });

  test('a token that is nearly impossible', async () => {
    const metric = new Perplexity();
    await metric.update([[100, 0]], [1]);
    expect(Math.log(metric.result())).toBeCloseTo(100, 10);
  });
});

describe('ignored labels and masks', () => {
  const counted = reference.padded.flatMap((label, i) => (label === -100 ? [] : [i]));
  const rows = counted.map((i) => reference.logits.slice(i * classes, (i + 1) * classes));
  const kept = counted.map((i) => reference.padded[i]!);
  const ignoreIndex = -100;
  const of = { numClasses: classes };

  test.each([
    [new Accuracy({ ignoreIndex }), new Accuracy()],
    [new TopKAccuracy({ k: 2, ignoreIndex }), new TopKAccuracy({ k: 2 })],
    [new LogLoss({ ignoreIndex }), new LogLoss()],
    // As in scikit-learn, a class occurs even if its samples have the weight 0, which changes the average 'macro'.
    [new F1({ ...of, average: 'weighted', ignoreIndex }), new F1({ ...of, average: 'weighted' })],
    [new ConfusionMatrix({ ...of, ignoreIndex }), new ConfusionMatrix({ numClasses: classes })],
  ])('%s', async (metric, plain) => {
    await plain.update(rows, kept);
    await metric.update(logits, padded);
    expect(metric.result()).toBeCloseTo(plain.result(), 6);

    const weights = reference.padded.map((label) => (label === -100 ? 0 : 1));
    plain.reset();
    await plain.update(logits, grid(reference.labels), grid(weights, 'float32'));
    metric.reset();
    await metric.update(
      logits,
      padded,
      grid(
        weights.map((w) => w * 2),
        'float32',
      ),
    );
    expect(metric.result()).toBeCloseTo(plain.result(), 14);
  });

  test('Accuracy counts positions', async () => {
    const accuracy = new Accuracy();
    const predicted = logits.argmax(-1);
    await accuracy.update(logits, labels);
    const right = predicted.equal(labels).cast('float32');
    expect(accuracy.result()).toBeCloseTo(right.mean().item(), 6);
    accuracy.reset();
    await accuracy.update(predicted, labels, mask);
    expect(accuracy.result()).toBeCloseTo(right.mul(mask).sum().div(mask.sum()).item(), 6);
    accuracy.reset();
    await accuracy.update(logits, labels, [1, 0, 2]);
    expect(accuracy.result()).toBeCloseTo(
      right
        .mean(1)
        .mul(tensor([1, 0, 2]))
        .sum()
        .div(3)
        .item(),
      6,
    );
  });

  test('weights of steps in a metric of numbers', async () => {
    const error = new MeanSquaredError();
    await error.update(logits, logits.mul(2), mask);
    const want = logits.square().mean(-1).mul(mask).sum().div(mask.sum()).item();
    expect(error.result()).toBeCloseTo(want, 4);
  });

  test('evaluate with a mask does not depend on the batch size, and agrees with the loss', async () => {
    const model = new Dense(classes, classes);
    const data = { x: logits, y: labels, sampleWeights: mask };
    const options = { loss: softmaxCrossEntropy, metrics: [new Perplexity(), new Accuracy()] };
    const whole = await evaluate(model, data, { ...options, batchSize: 3 });
    expect(Math.log(whole.perplexity!)).toBeCloseTo(whole.loss!, 5);
    const one = await evaluate(model, data, { ...options, batchSize: 1 });
    for (const key of Object.keys(whole)) expect(one[key]).toBeCloseTo(whole[key]!, 5);
  });

  test('errors', async () => {
    const update = (...args: Parameters<Accuracy['update']>) => new Accuracy({ ignoreIndex }).update(...args);
    expect(() => new Accuracy({ ignoreIndex: 0.5 })).toThrow(
      '[Accuracy] got ignoreIndex 0.5, wanted a whole',
    );
    expect(() => new F1({ numClasses: 2, threshold: 0, ignoreIndex })).toThrow(
      '[f1] got ignoreIndex with a threshold',
    );
    await expect(
      update(logits.slice([0, 1]).reshape([5, 7]), logits.slice([0, 1]).reshape([5, 7])),
    ).rejects.toThrow('class indices [N] or [N, ...] with ignoreIndex');
    await expect(update(logits, labels, mask.slice(null, [0, 2]))).rejects.toThrow(
      '[accuracy] got sampleWeights of shape [3, 2] for 3 samples. Pass one weight per sample, shape [3], or per position, the first axes of [3, 5, 7].',
    );
    await expect(
      update(
        [1, 2],
        [1, 2],
        [
          [1, 1],
          [1, 1],
        ],
      ),
    ).rejects.toThrow('Pass one weight per sample, shape [2].');
  });
});

describe('SequenceAccuracy', () => {
  const truth = [
    [1, 2, 3],
    [4, -1, -1],
    [5, 6, -1],
    [-1, -1, -1],
  ];
  const predicted = [
    [1, 2, 3],
    [4, 9, 9],
    [5, 5, -1],
    [0, 0, 0],
  ];

  test('all counted tokens are right', async () => {
    const metric = new SequenceAccuracy();
    await metric.update(predicted, truth);
    expect(metric.result()).toBe(1 / 4);
    const padded = new SequenceAccuracy({ ignoreIndex: -1 });
    await padded.update(predicted, truth);
    expect(padded.result()).toBe(2 / 3);
    padded.reset();
    await padded.update(predicted, truth, [1, 0.5, 2.5, 7]);
    expect(padded.result()).toBe(1.5 / 4);
    metric.reset();
    await metric.update(predicted, truth, [
      [1, 1, 1],
      [2, 0, 0],
      [1, 0, 0],
      [0, 0, 0],
    ]);
    expect(metric.result()).toBe(1);
  });

  test('of scores', async () => {
    const metric = new SequenceAccuracy();
    const best = logits.argmax(-1);
    await metric.update(logits, best);
    expect(metric.result()).toBe(1);
    await metric.update(logits, best.add(tensor([1, 0, 0], { shape: [3, 1], dtype: 'int32' })));
    expect(metric.result()).toBe(5 / 6);
    await expect(metric.update(logits, best.slice(null, [0, 2]))).rejects.toThrow(
      '[sequenceAccuracy] got predictions [3, 5, 7] and labels [3, 2], wanted one length T.',
    );
    await expect(metric.update(best, best, [[1], [1]])).rejects.toThrow('wanted [3] or [3, 5].');
    await expect(metric.update(best, [1, 2, 3])).rejects.toThrow(
      'labels have shape [3], wanted tokens [N, T].',
    );
    await expect(metric.update([[0.5]], [[1]])).rejects.toThrow('predictions have the token 0.5');
  });
});

/** By its definition. */
function plainDistance(a: readonly unknown[], b: readonly unknown[]): number {
  if (a.length === 0 || b.length === 0) return a.length + b.length;
  const [x, ...restA] = a;
  const [y, ...restB] = b;
  if (x === y) return plainDistance(restA, restB);
  return 1 + Math.min(plainDistance(restA, b), plainDistance(a, restB), plainDistance(restA, restB));
}

describe('edit distance', () => {
  test('of texts and lists', () => {
    expect(editDistance('kitten', 'sitting')).toBe(3);
    expect(editDistance('', 'abc')).toBe(3);
    expect(editDistance('a😀b', 'ab')).toBe(1);
    expect(editDistance(Int32Array.of(1, 2, 3), [1, 3])).toBe(1);
    expect(() => editDistance('a', 3 as never)).toThrow(
      '[editDistance] got predictions 3, wanted a string or an array',
    );
  });

  test('is that of its definition', () => {
    const sequence = fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 6 });
    fc.assert(
      fc.property(sequence, sequence, (a, b) => {
        expect(editDistance(a, b)).toBe(plainDistance(a, b));
      }),
    );
  });

  test('error rates of torchmetrics', () => {
    // The examples of WordErrorRate and CharErrorRate in its documentation.
    const predicted = ['this is the prediction', 'there is an other sample'];
    const truth = ['this is the reference', 'there is another one'];
    const words = (texts: string[]): TokenSequence[] => texts.map((text) => text.split(' '));
    expect(errorRate(words(truth), words(predicted))).toBe(0.5);
    expect(errorRate(truth, predicted)).toBeCloseTo(0.3415, 4);
    expect(errorRate([], [])).toBeNaN();
    expect(() => errorRate(['a'], [])).toThrow('[errorRate] got 1 labels and 0 predictions');
  });

  test('as metrics, padded', async () => {
    const truth = [
      [1, 2, 3, -1],
      [4, -1, -1, -1],
    ];
    const predicted = [
      [1, 3, -1],
      [5, 6, 4],
    ];
    const distance = new EditDistance({ ignoreIndex: -1 });
    const rate = new EditDistance({ ignoreIndex: -1, normalize: true });
    expect([distance.name, rate.name]).toEqual(['editDistance', 'errorRate']);
    for (const metric of [distance, rate]) await metric.update(predicted, truth);
    expect(distance.result()).toBe((1 + 2) / 2);
    expect(rate.result()).toBe((1 + 2) / (3 + 1));
    for (const metric of [distance, rate]) {
      metric.reset();
      await metric.update(predicted, truth, [3, 1]);
    }
    expect(distance.result()).toBe((3 + 2) / 4);
    expect(rate.result()).toBe((3 + 2) / (9 + 1));
    await expect(
      distance.update(predicted, truth, [
        [1, 1],
        [1, 1],
      ]),
    ).rejects.toThrow('one weight per sequence, [2].');
  });
});

describe('the most probable path of CTC', () => {
  const paths = [
    [1, 1, 0, 1, 2, 2],
    [0, 0, 0, 0, 0, 0],
    [3, 0, 3, 3, 2, 0],
  ];
  const scores = tensor(
    paths.flat().flatMap((c) => Array.from({ length: 4 }, (_, k) => (k === c ? 2 : 0))),
    { shape: [3, 6, 4] },
  ).add(new Generator(1).uniform([3, 6, 4]));

  test('has neither repetitions nor blanks', async () => {
    expect(await ctcGreedyDecode(scores)).toEqual([[1, 1, 2], [], [3, 3, 2]]);
    expect(await ctcGreedyDecode(scores, { inputLengths: [2, 0, 4] })).toEqual([[1], [], [3, 3]]);
    expect(await ctcGreedyDecode(scores, { blank: 2 })).toEqual([[1, 0, 1], [0], [3, 0, 3, 0]]);
  });

  test('in a metric', async () => {
    const metric = new EditDistance({ blank: 0, ignoreIndex: -1, normalize: true });
    await metric.update(scores, [
      [1, 2, -1],
      [-1, -1, -1],
      [3, 3, 2],
    ]);
    expect(metric.result()).toBe(1 / 5);
    expect(() => new EditDistance({ blank: -1 })).toThrow('[EditDistance] got blank -1');
    await expect(new EditDistance({ blank: 4 }).update(scores, paths)).rejects.toThrow(
      '[editDistance] got blank 4, wanted a class from 0 to 3.',
    );
  });

  test('errors', async () => {
    await expect(ctcGreedyDecode(scores, { blank: 4 })).rejects.toThrow('[ctcGreedyDecode] got blank 4');
    await expect(ctcGreedyDecode([[1]])).rejects.toThrow(
      '[ctcGreedyDecode] got logits [1, 1], wanted [N, T, C].',
    );
    await expect(ctcGreedyDecode(scores, { inputLengths: [1] })).rejects.toThrow(
      'got inputLengths [1], wanted [3].',
    );
    await expect(ctcGreedyDecode(scores, { inputLengths: [1, 7, 1] })).rejects.toThrow(
      'got the input length 7',
    );
  });
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as ndgrad from '../../../src/index.ts';
import type { State, StateValue } from '../../../src/ir/state.ts';
import { readStored, storeState } from '../../../src/train/checkpoint/state-outline.ts';
import { StoredTensors } from '../../../src/train/checkpoint/stored-tensor.ts';

// Everything that `fit` remembers has a state.

const { Dense, Generator, tensor } = ndgrad;
const model = new Dense(2, 2);

/** A metric of each class. */
const metrics = [
  new ndgrad.Accuracy(),
  new ndgrad.BinaryAccuracy(),
  new ndgrad.TopKAccuracy({ k: 1 }),
  new ndgrad.ConfusionMatrix({ numClasses: 2 }),
  new ndgrad.Precision({ numClasses: 2 }),
  new ndgrad.Recall({ numClasses: 2 }),
  new ndgrad.F1({ numClasses: 2 }),
  new ndgrad.FBeta({ numClasses: 2, beta: 2 }),
  new ndgrad.MeanIoU({ numClasses: 2 }),
  new ndgrad.LogLoss(),
  new ndgrad.MeanSquaredError(),
  new ndgrad.MeanAbsoluteError(),
  new ndgrad.MeanAbsolutePercentageError(),
  new ndgrad.RootMeanSquaredError(),
  new ndgrad.R2Score(),
  new ndgrad.RocAuc(),
  new ndgrad.AveragePrecision(),
  new ndgrad.Perplexity(),
  new ndgrad.SequenceAccuracy(),
  new ndgrad.EditDistance(),
];

const remembering: Record<string, { getState?: unknown; setState?: unknown }> = {
  ...Object.fromEntries(metrics.map((metric) => [(metric.constructor as { kind?: string }).kind, metric])),
  Mean: new ndgrad.Mean(),
  earlyStopping: ndgrad.earlyStopping(),
  diagnostics: ndgrad.diagnostics({ data: [], loss: ndgrad.meanSquaredError }),
  bestModel: ndgrad.bestModel(),
  csvLog: ndgrad.csvLog(() => {}),
  jsonLinesLog: ndgrad.jsonLinesLog(() => {}),
  timeLimit: ndgrad.timeLimit(60),
  reduceOnPlateau: ndgrad.reduceOnPlateau(),
  learningRateLogger: ndgrad.learningRateLogger(),
  stopOnNaN: ndgrad.stopOnNaN(),
  Adagrad: new ndgrad.Adagrad(model.parameters()),
  Adam: new ndgrad.Adam(model.parameters()),
  AdamW: new ndgrad.AdamW(model.parameters()),
  Muon: new ndgrad.Muon([model.kernel]),
  Lookahead: new ndgrad.Lookahead(new ndgrad.Adam(model.parameters())),
  MultiOptimizer: new ndgrad.MultiOptimizer([new ndgrad.Adam(model.parameters())]),
  NAdam: new ndgrad.NAdam(model.parameters()),
  RAdam: new ndgrad.RAdam(model.parameters()),
  Lion: new ndgrad.Lion(model.parameters()),
  RMSprop: new ndgrad.RMSprop(model.parameters()),
  SGD: new ndgrad.SGD(model.parameters(), { learningRate: 1 }),
  WeightAverage: new ndgrad.WeightAverage(model.parameters()),
  Generator: new Generator(1),
};

test('these have no state, since they remember nothing between two calls', () => {
  const without = Object.entries(remembering).filter(([, x]) => !(x.getState && x.setState));
  expect(without.map(([name]) => name)).toEqual(['stopOnNaN']);
});

test('every metric, callback and optimizer that there is has been asked', () => {
  const isMetricOrOptimizer = (value: unknown): boolean => {
    const prototype = Object(Object(value).prototype);
    return ('update' in prototype && 'result' in prototype) || prototype instanceof ndgrad.Optimizer;
  };
  const classes = Object.entries(ndgrad).filter(([, value]) => isMetricOrOptimizer(value));
  expect(classes.length).toBeGreaterThan(10);
  for (const [name] of classes) expect(Object.keys(remembering)).toContain(name);
});

test.each(metrics.map((metric) => [metric.name, metric] as const))(
  '%s goes on from its state',
  async (_, metric) => {
    const isColumn = metric instanceof ndgrad.BinaryAccuracy || /^(mean[AS]|root|r2)/.test(metric.name);
    const isSequence = /^(sequence|edit)/.test(metric.name);
    const batch = (n: number) => {
      const random = new Generator(n);
      const labels = random.bernoulli(isSequence ? [7, 2] : [7], 0.5).cast('int32');
      const scores = random.normal(isSequence ? [7, 2, 2] : isColumn ? [7] : [7, 2]);
      return [scores, isColumn ? labels.cast('float32') : labels] as const;
    };
    await metric.update(...batch(1), tensor([1, 2, 0.3, 1, 1, 1, 0.7]));
    const state = metric.getState!();
    const text = JSON.stringify(state);
    await metric.update(...batch(2));
    const result = metric.result();
    expect(JSON.stringify(state)).toBe(text); // a copy
    metric.reset();
    await metric.update(...batch(3));
    metric.setState!(state);
    await metric.update(...batch(2));
    expect(metric.result()).toBe(result);

    for (const wrong of [undefined, {}, { ...state, [Object.keys(state)[0]!]: 'no' }, 7]) {
      expect(() => metric.setState!(wrong as State)).toThrow(/^\[setState\] got /);
    }
    expect(metric.result()).toBe(result);
  },
);

test.each([
  ...[ndgrad.earlyStopping(), ndgrad.bestModel(), ndgrad.csvLog(() => {}), ndgrad.jsonLinesLog(() => {})],
  ...[ndgrad.timeLimit(60), ndgrad.reduceOnPlateau()],
  ndgrad.learningRateLogger(),
])('$kind refuses other states', (callback) => {
  expect(() => callback.setState!({})).toThrow(/^\[setState\] got /);
});

/** Whatever a state may hold. */
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.double(),
    fc.constantFrom(Number.NaN, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324),
    fc.string(),
    fc.boolean(),
    fc.constant(null),
    fc.float32Array(),
    fc.float64Array(),
    fc.int32Array(),
    fc.uint8Array(),
    fc.array(tie('value')),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('a/b', 'a', '~1', '__proto__', '0')), tie('value')),
  ),
}));

test('states survive as tensors and JSON, to the bit', () => {
  fc.assert(
    fc.property(value as fc.Arbitrary<StateValue>, (state) => {
      const tensors = new StoredTensors();
      const outline = JSON.parse(JSON.stringify(storeState('callback:', state, tensors)));
      const read = readStored('callback:', outline, tensors);
      expect(entriesOf(read)).toEqual(entriesOf(state));
    }),
  );
});

/** Objects as lists of entries, since those of fast-check may have no prototype. */
function entriesOf(x: unknown): unknown {
  if (typeof x !== 'object' || x === null || ArrayBuffer.isView(x)) return x;
  if (Array.isArray(x)) return x.map(entriesOf);
  return ['object', ...Object.entries(x).map(([key, item]) => [key, entriesOf(item)])];
}

test('other values are errors that say where they are', () => {
  for (const wrong of [new Map(), () => 1, 1n, new Uint16Array(1), Symbol.iterator]) {
    expect(() => storeState('callback:', [{ best: [wrong] }] as never, new StoredTensors())).toThrow(
      /^\[fit\] got .* at 'callback:0\/best\/0' in a state, wanted/,
    );
  }
});

import { expect, test } from 'vitest';
import * as nd from '../../src/index.ts';
import { gridSearch, integer, search } from '../../src/search.ts';

// What the errors of frequent mistakes say, and what counts as absent.

const { tensor } = nd;
const x = tensor([
  [1, 2],
  [3, 4],
]);
const dense = new nd.Dense(2, 2);
const parameters = dense.parameters();
const data = { x, y: tensor([0, 1], { dtype: 'int32' }) };
const fitWith = (options: object, samples = data): Promise<unknown> =>
  nd.fit(dense, samples, { loss: nd.softmaxCrossEntropy, optimizer: new nd.Adam(parameters), ...options });

/** A call of a program without types. */
const untyped = (f: unknown, ...args: unknown[]): unknown =>
  Reflect.apply(f as (...args: unknown[]) => unknown, undefined, args);
const method = (name: keyof nd.Tensor, ...args: unknown[]): unknown =>
  untyped((x[name] as () => unknown).bind(x), ...args);

const unknownOptions: [call: string, meant: string, f: () => unknown][] = [
  [
    'conv strides',
    'stride',
    () => untyped(nd.conv, nd.zeros([1, 4, 1]), nd.zeros([2, 1, 1]), { strides: 2 }),
  ],
  ['sum keepdims', 'keepDims', () => method('sum', 0, { keepdims: true })],
  ['Adam lr', 'learningRate', () => untyped(() => new nd.Adam(parameters, { lr: 0.1 } as object))],
  [
    'SGD weight_decay',
    'weightDecay',
    () => new nd.SGD(parameters, { learningRate: 1, weight_decay: 1 } as never),
  ],
  [
    'minimize ctx',
    'context',
    () => new nd.Adam(parameters).minimize(x.sum(), { ctx: nd.training() } as object),
  ],
  ['Dense use_bias', 'bias', () => new nd.Dense(2, 2, { use_bias: false } as object)],
  [
    'Conv2DTranspose outputPaddings',
    'outputPadding',
    () => new nd.Conv2DTranspose(1, 1, 2, { outputPaddings: 1 } as object),
  ],
  ['fit epoch', 'epochs', () => fitWith({ epoch: 3 })],
  ['fit batch_size', 'batchSize', () => fitWith({ batch_size: 3 })],
  ['earlyStopping min_delta', 'minDelta', () => nd.earlyStopping({ min_delta: 1 } as object)],
  ['clip globalnorm', 'globalNorm', () => new nd.Adam(parameters, { clip: { globalnorm: 1 } as object })],
  ['penalty L2', 'l2', () => new nd.Dense(2, 2, { kernelPenalty: { L2: 1 } as object })],
  ['integer steps', 'step', () => integer(1, 5, { steps: 2 } as object)],
];

test.each(unknownOptions)('the unknown option of %s means %s', async (_call, meant, f) => {
  const error = await Promise.resolve()
    .then(f)
    .catch((e: unknown) => e);
  expect(error).toBeInstanceOf(nd.ValueError);
  expect(String(error)).toMatch(
    new RegExp(`the unknown option '\\w+', wanted one of .* Did you mean '${meant}'\\?$`),
  );
});

test('an unknown option without a similar name lists the names', () => {
  expect(() => untyped(nd.sum, x, 0, { zzz: 1 })).toThrow(
    new nd.ValueError("[sum] got the unknown option 'zzz', wanted one of keepDims."),
  );
});

test.each<[string, () => unknown, string]>([
  [
    'max([1, 2])',
    () => untyped(nd.max, [1, 2]),
    '[max] got an array, wanted a Tensor. Make one with tensor(values).',
  ],
  ['exp(2)', () => untyped(nd.exp, 2), '[exp] got 2, wanted a Tensor. Make one with tensor(values).'],
  [
    'x.add([1, 2])',
    () => method('add', [1, 2]),
    '[add] got an array, wanted a Tensor. Make one with tensor(values).',
  ],
  ["clip(x, 0, '1')", () => untyped(nd.clip, x, 0, '1'), "[clip] got '1', wanted a Tensor."],
  [
    'x.reshape(2, 2)',
    () => method('reshape', 2, 2),
    '[reshape] got 2 arguments, wanted at most 1. Write lists as [a, b].',
  ],
  [
    'x.reshape(4)',
    () => method('reshape', 4),
    '[reshape] got shape 4, wanted an array of dimensions such as [2, 3].',
  ],
  ['reshape(null)', () => method('reshape', null), '[reshape] got shape null, wanted an array'],
  [
    'x.transpose(1, 0)',
    () => method('transpose', 1, 0),
    '[transpose] got 2 arguments, wanted at most 1. Write lists as [a, b].',
  ],
  ['x.transpose(1)', () => method('transpose', 1), '[transpose] got axes 1, wanted an array such as [1, 0].'],
  [
    'x.sum({ axis: 0 })',
    () => method('sum', { axis: 0 }),
    '[sum] got axes an object, wanted an array such as [0, 1], or a number.',
  ],
  ['x.sum(0, true)', () => method('sum', 0, true), '[sum] got options true, wanted an object with keepDims.'],
  ['x.relu(0.1)', () => method('relu', 0.1), '[relu] got 1 arguments, wanted at most 0.'],
  [
    'concat(x, x)',
    () => untyped(nd.concat, x, x),
    '[concat] got tensors a tensor, wanted an array such as [a, b].',
  ],
  [
    'gradients(y, x)',
    () => untyped(nd.gradients, x.sum(), x),
    '[gradients] got xs a tensor, wanted an array such as [x].',
  ],
  [
    'zeros(2, 3)',
    () => untyped(nd.zeros, 2, 3),
    '[zeros] got shape 2, wanted an array of dimensions such as [2, 3].',
  ],
  [
    'zeros([2], float)',
    () => untyped(nd.zeros, [2], 'float'),
    '[zeros] got dtype float, wanted float32, int32, uint8, bool.',
  ],
  ['tensor([1], { shape: 0 })', () => untyped(nd.tensor, [1], { shape: 0 }), '[tensor] got shape 0, wanted'],
  ['full([2])', () => untyped(nd.full, [2]), '[full] undefined does not fit float32.'],
  [
    'tensor(x, { shape: 0 })',
    () => untyped(nd.tensor, x, { shape: 0 }),
    '[tensor] got shape 0, wanted an array',
  ],
  [
    'new Adam(model)',
    () => new nd.Adam(dense as never),
    '[Adam] got parameters an object, wanted an array such as model.parameters().',
  ],
  [
    'new Adam(p, 0.1)',
    () => new nd.Adam(parameters, 0.1 as never),
    '[Adam] got options 0.1, wanted an object with learningRate',
  ],
  [
    'model.call(x, true)',
    () => dense.call(x, true as never),
    '[Dense] got context true, wanted training() or inference.',
  ],
  [
    'mean squared error of arrays',
    () => untyped(nd.meanSquaredError, x, [1, 2]),
    '[meanSquaredError] got an array, wanted a Tensor.',
  ],
])('%s', (_call, f, message) => {
  expect(f).toThrow(nd.NdgradError);
  expect(f).toThrow(message);
});

const adam = (): nd.Adam => new nd.Adam(parameters);
const loss = (): nd.Tensor => dense.call(x).sum();
const searching = (options: object) => () => search({ ...searchOptions, ...options });
const searchOptions = {
  space: { a: integer(1, 2) },
  strategy: gridSearch(),
  objective: { minimize: 'loss' },
  trial: () => ({ loss: 1 }),
} as const;

test.each<[string, () => unknown, string]>([
  [
    'a name of the data',
    () => untyped(nd.evaluate, dense, { ...data, sampleWeight: [1, 1] }, { loss: nd.softmaxCrossEntropy }),
    "Did you mean 'sampleWeights'?",
  ],
  ['a signal', () => fitWith({ signal: new AbortController() }), '[fit] got signal'],
  ['of evaluate', () => untyped(nd.evaluate, dense, data, { signal: 5 }), '[evaluate] got signal 5'],
  ['of predict', () => untyped(nd.predict, dense, x, { signal: 5 }), '[predict] got signal 5'],
  ['of search', searching({ signal: 5 }), '[search] got signal 5'],
  ['a journal', searching({ journal: 'file' }), "[search] got journal 'file'"],
  ['an average', () => fitWith({ average: 5 }), '[fit] got average 5'],
  ['no average', () => fitWith({ average: null }), '[fit] got average null'],
  ['metrics', () => fitWith({ metrics: null }), '[fit] got metrics null'],
  ['callbacks', () => fitWith({ callbacks: [null] }), '[fit] got null among callbacks'],
  ['a split', () => fitWith({ validationSplit: '0.5' }), "[fit] got validationSplit '0.5'"],
  ['also', () => adam().minimize(loss(), { also: x } as never), '[minimize] got also a tensor'],
  ['numbers of also', () => adam().minimize(loss(), { also: [5] } as never), '[minimize] got 5'],
  ['a context', () => adam().minimize(loss(), { context: nd.inference } as never), '[minimize] got context'],
  ['an optimizer', () => adam().minimize(loss(), { average: adam() } as never), '[minimize] got average'],
  ['betas', () => new nd.AdamW(parameters, { betas: ['0.9', 0.9] } as never), "[AdamW] got betas[0] '0.9'"],
  ['a momentum', () => new nd.SGD(parameters, { learningRate: 1, momentum: null } as never), '[SGD] got'],
  ['a decay', () => new nd.Adam(parameters, { weightDecay: '1' } as never), "[Adam] got weightDecay '1'"],
  ['a norm', () => new nd.Adam(parameters, { clip: { norm: '1' } } as never), "[Adam] got clip.norm '1'"],
  ['minDelta', () => nd.earlyStopping({ minDelta: '0.1' } as never), "[earlyStopping] got minDelta '0.1'"],
  ['a monitor', () => nd.earlyStopping({ monitor: 5 } as never), '[earlyStopping] got monitor 5'],
  [
    'a hook of a callback',
    () => fitWith({ callbacks: [{ onEpochEnded: () => {} }] }),
    "[fit] got the unknown option 'onEpochEnded', wanted one of onTrainBegin, onEpochBegin, onBatchEnd, onEpochEnd, " +
      "onNaN, onTrainEnd. Did you mean 'onEpochEnd'?",
  ],
  [
    'a hook of a class',
    () =>
      fitWith({
        callbacks: [
          new (class {
            onBegin(): void {}
          })(),
        ],
      }),
    "[fit] got the unknown option 'onBegin'",
  ],
  ['a hook', () => fitWith({ callbacks: [{ onEpochEnd: 5 }] }), '[fit] got onEpochEnd 5, wanted a function.'],
  ['a backend', () => nd.setBackend(/x/ as never), '[setBackend] got a RegExp, wanted'],
  ['a generator', () => new nd.Dense(2, 2, { rng: 5 } as never), '[Dense] got rng 5, wanted a Generator.'],
  ['bias', () => new nd.Dense(2, 2, { bias: 'no' } as never), "[Dense] got bias 'no', wanted true or false."],
  ['a rate', () => new nd.Dropout(null as never), '[Dropout] got rate null, wanted'],
  ['a learning rate', () => new nd.Adam(parameters, { learningRate: -1 }), '[Adam] got learningRate -1'],
  [
    'the learning rate of a schedule',
    () => new nd.Adam(parameters, { learningRate: () => -1 }).minimize(loss()),
    '[minimize] got learningRate at step 0 -1, wanted a finite number from 0 up.',
  ],
  [
    'the learning rate of a state',
    async () => adam().setState({ ...(await adam().getState()), learningRate: -1 }),
    '[setState] got learningRate -1, wanted a finite number from 0 up.',
  ],
  [
    'a promise',
    () => adam().setState(adam().getState() as never),
    '[setState] got a Promise (await it first) for the state, wanted an object, as getState returned it.',
  ],
  [
    'the JSON of a tensor',
    () => untyped(tensor, JSON.parse(JSON.stringify(x))),
    'an ndarray or a Tensor. From JSON: tensor(json.data, { shape, dtype }).',
  ],
  [
    'a dtype',
    () => untyped(nd.zeros, [2], { dtype: 'int32' }),
    '[zeros] got dtype an object, wanted float32, int32, uint8, bool. Write the name alone, without an object.',
  ],
  [
    'a large number',
    () => tensor(Uint32Array.of(4e9)),
    "fit int32. Pass dtype: 'float32', or round and limit",
  ],
  [
    'labels',
    () => fitWith({}, { x, y: tensor([0, 2], { dtype: 'int32' }) }),
    '[softmaxCrossEntropy] label 2 is out of range: wanted 0 to 1 for 2 classes.',
  ],
  ['a size', () => new nd.Dense(2 ** 40, 3), '[Dense] shape [1099511627776, 3]'],
  ['features', () => new nd.BatchNorm(2 ** 31), '[BatchNorm] shape [2147483648]'],
  [
    'running statistics',
    () => new nd.BatchNorm(2 ** 31, { scale: false, center: false }),
    '[BatchNorm] shape [2147483648]',
  ],
  [
    'a k',
    () => untyped(() => new nd.TopKAccuracy(...([] as never as [never]))),
    '[TopKAccuracy] got options',
  ],
  [
    'a second value',
    () => {
      const context = nd.training();
      context.assign(dense.kernel, dense.kernel);
      return adam().minimize(loss(), { context });
    },
    "[minimize] Parameter 'kernel' is assigned twice in one step.",
  ],
  ['padding', () => nd.conv(nd.zeros([1, 4, 1]), nd.zeros([1, 1, 1]), { padding: 2 ** 40 }), '[conv] '],
  ['assignments', () => nd.runStep({ assignments: [5] } as never), '[runStep] got assignment 5'],
  [
    'class weights',
    () => nd.softmaxCrossEntropy(x, data.y, { classWeights: [-1, 1] }),
    '[softmaxCrossEntropy] got -1 among classWeights',
  ],
  [
    'sample weights',
    () => nd.softmaxCrossEntropy(x, data.y, { sampleWeights: [Number.NaN, 1] }),
    '[softmaxCrossEntropy] got NaN among sampleWeights',
  ],
])('%s of another kind', async (_what, f, text) => {
  await expect((async () => f())()).rejects.toThrow(text);
  await expect((async () => f())()).rejects.toThrow(nd.NdgradError);
});

test('undefined options count as absent', async () => {
  new nd.Adam(parameters, { clip: { norm: undefined } as object });
  const adam = new nd.Adam(parameters, { learningRate: undefined, betas: undefined } as object);
  expect(adam.learningRate).toBe(1e-3);
  await adam.minimize(dense.call(x).sum(), { average: undefined } as object);
  expect(x.sum(undefined, { keepDims: undefined, nonsense: undefined } as object).shape).toEqual([]);
});

test('functions of one tensor can be given to map', () => {
  expect([x, x].map(nd.square).map((y) => y.toArray())).toEqual(
    Array(2).fill([
      [1, 4],
      [9, 16],
    ]),
  );
});

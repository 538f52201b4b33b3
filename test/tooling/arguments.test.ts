import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as browser from '../../src/browser.ts';
import * as bullmq from '../../src/bullmq.ts';
import * as data from '../../src/data.ts';
import * as gpu from '../../src/gpu.ts';
import * as core from '../../src/index.ts';
import * as io from '../../src/io.ts';
import * as keras from '../../src/keras.ts';
import * as metrics from '../../src/metrics.ts';
import * as mpi from '../../src/mpi.ts';
import * as node from '../../src/node.ts';
import * as search from '../../src/search.ts';
import * as testing from '../../src/testing.ts';
import { MemoryStore } from '../io/memory-store.ts';

// Every public function and class is called with junk in the place of each of its arguments. A call either succeeds or
// throws one of ndgrad's errors, which names the function that was called.

const { NdgradError, Tensor, tensor, zeros } = core;

/** How to call a public function, constructor or method. */
interface Row {
  readonly call: (...args: never[]) => unknown;
  /** Arguments that it accepts. */
  readonly args: readonly unknown[];
  /** What its errors may name. */
  readonly names: readonly string[];
  /** The position of its options; none by default. */
  readonly options?: number;
  /** Whether it takes any number of arguments. */
  readonly variadic?: boolean;
}

type Rest = Partial<Pick<Row, 'options' | 'variadic' | 'names'>>;
type Given = readonly [args: readonly unknown[], rest?: Rest];

const optionsAt = (options: number): Rest => ({ options });
const variadic: Rest = { variadic: true };
/** The model names itself in errors about its input. */
const withModel: Rest = { options: 2, names: ['Dense'] };

const x = tensor([
  [1, 2, 3],
  [4, 5, 6],
]);
const image = zeros([1, 5, 4, 2]);
const kernel = zeros([3, 3, 2, 2]);
const labels = tensor([0, 2], { dtype: 'int32' });
const isLarge = x.greater(2);
const one = zeros([2, 2]);
const sequence = zeros([2, 6, 4]);
const tokens = zeros([2, 6], 'int32');
const dense = new core.Dense(3, 3);
const language = new core.Sequential([new core.Embedding(5, 3), new core.Dense(3, 5)]);
const parameters = dense.parameters();
const samples = { x, y: labels };
const bytes = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 7);
const imageBytes = Uint8Array.of(
  ...[0, 0, 8, 3],
  ...[0, 0, 0, 1, 0, 0, 0, 28, 0, 0, 0, 28],
  ...new Array(784).fill(0),
);
const mnistFiles = { trainImages: imageBytes, trainLabels: bytes, testImages: imageBytes, testLabels: bytes };
const safetensors = await io.writeSafetensors({ x });
const weights = await core.saveWeights(dense);
const modelFile = await core.saveModel(dense);
const adamOfDense = new core.Adam(parameters);
const npy = await io.writeNpy(x);
const npz = await io.writeNpz({ x });
const fixture = (name: string) => readFileSync(new URL(`../keras/fixtures/${name}`, import.meta.url));
const kerasFile = fixture('functional.h5');
const tfjs = JSON.parse(fixture('tfjs.json').toString()).cases[3];
const store: io.Store = new MemoryStore();
const logFile: core.LogFile = { size: async () => 0, truncate: async () => {}, append: async () => {} };
const classes = [0, 1, 1];
/** A worker thread that never answers. */
const silentWorker = { postMessage: () => {}, on: () => silentWorker, off: () => silentWorker };

const binary: Given = [[x, x]];
const unary: Given = [[x]];
const reduction: Given = [[x, 0, { keepDims: true }], optionsAt(2)];
const regression: Given = [[x, x, { reduction: 'sum' }], optionsAt(2)];
const score: Given = [[classes, classes, { average: 'micro' }], optionsAt(2)];

const functions: Record<string, Given> = {
  ...Object.fromEntries(
    `add sub mul div mod maximum minimum pow equal notEqual less lessEqual greater greaterEqual logicalAnd
     logicalOr logicalXor atan2`
      .split(/\s+/)
      .map((name) => [name, binary]),
  ),
  ...Object.fromEntries(
    `neg logicalNot isNaN isFinite exp expm1 log log1p sqrt rsqrt reciprocal square abs sign floor ceil round sin
     cos tanh erf sigmoid softplus softsign relu silu detach stopGradient relu6 hardSigmoid hardSwish logSigmoid mish selu
     tan asin acos atan sinh cosh asinh acosh atanh erfinv`
      .split(/\s+/)
      .map((name) => [name, unary]),
  ),
  ...Object.fromEntries(
    'sum mean prod max min any all logSumExp argmax argmin'.split(' ').map((name) => [name, reduction]),
  ),
  ...Object.fromEntries(
    `meanSquaredError meanAbsoluteError binaryCrossEntropy huber logCosh meanAbsolutePercentageError
     meanSquaredLogarithmicError poissonLoss hinge squaredHinge binaryFocalCrossEntropy dice tversky klDivergence
     cosineDistance`
      .split(/\s+/)
      .map((name) => [name, regression]),
  ),
  variance: [[x, 0, { correction: 1 }], optionsAt(2)],
  tripletMargin: [[x, x, x, { margin: 2 }], optionsAt(3)],
  contrastive: [[x, x, tensor([0, 1]), { margin: 2 }], optionsAt(3)],
  softmaxCrossEntropy: [[x, labels, { labelSmoothing: 0.1 }], optionsAt(2)],
  softmaxFocalCrossEntropy: [[x, labels, { gamma: 1 }], optionsAt(2)],
  categoricalHinge: [[x, labels, { reduction: 'sum' }], optionsAt(2)],
  clip: [[x, 0, 1]],
  where: [[isLarge, x, 0]],
  cast: [[x, 'int32']],
  leakyRelu: [[x, 0.1]],
  hardTanh: [[x, -2, 2]],
  celu: [[x, 1]],
  prelu: [[x, x]],
  softmin: [[x, 0]],
  ...Object.fromEntries(
    ['cumsum', 'cumprod', 'cummax', 'cummin'].map((name) => [
      name,
      [[x, 0, { reverse: true }], optionsAt(2)],
    ]),
  ),
  diff: [[x, 1, 0]],
  einsum: [['ij,ij', x, x], variadic],
  tensordot: [[x, x, 2]],
  outer: [[x, x]],
  trace: [[x, 0, 0, 1]],
  glu: [[x, 0]],
  elu: [[x, 1]],
  gelu: [[x, { approximate: 'tanh' }], optionsAt(1)],
  softmax: [[x, 0]],
  logSoftmax: [[x, 0]],
  matmul: [[one, one]],
  reshape: [[x, [3, 2]]],
  flatten: [[x, 0]],
  transpose: [[x, [1, 0]]],
  expandDims: [[x, 0]],
  squeeze: [[zeros([1, 2]), 0]],
  broadcastTo: [[x, [2, 2, 3]]],
  slice: [[x, [0, 1], 2], variadic],
  flip: [[x, 0]],
  pad: [
    [
      x,
      [
        [1, 0],
        [0, 1],
      ],
      0,
    ],
  ],
  split: [[x, 2, 0]],
  unstack: [[x, 0]],
  tile: [[x, 2]],
  repeat: [[x, 2, 0]],
  roll: [[x, 1, 0]],
  meshgrid: [[[labels, labels], { indexing: 'ij' }], optionsAt(1)],
  tril: [[x, 1]],
  triu: [[x, 1]],
  diag: [[x, 1]],
  depthToSpace: [[zeros([1, 2, 2, 4]), 2]],
  spaceToDepth: [[zeros([1, 2, 2, 4]), 2]],
  concat: [[[x, x], 0]],
  stack: [[[x, x], 0]],
  slidingWindows: [[x, [2], { axes: [1] }], optionsAt(2)],
  take: [[x, [0, 1], 0]],
  scatterAdd: [[x, [0, 1], x, 0]],
  takeAlongAxis: [[x, tensor([[0], [1]], { dtype: 'int32' }), 1]],
  putAlongAxis: [
    [x, tensor([[0], [1]], { dtype: 'int32' }), tensor([[0], [1]]), 1, { mode: 'add' }],
    optionsAt(4),
  ],
  gatherND: [[x, tensor([[0, 1]], { dtype: 'int32' })]],
  scatterND: [[x, tensor([[0, 1]], { dtype: 'int32' }), tensor([1]), { mode: 'add' }], optionsAt(3)],
  booleanMask: [[x, isLarge, { size: 2 }], optionsAt(2)],
  sort: [[x, 0, { descending: true }], optionsAt(2)],
  argsort: [[x, 0, { descending: true }], optionsAt(2)],
  topK: [[x, 1, { axis: 0, largest: false }], optionsAt(2)],
  median: reduction,
  std: [[x, 0, { correction: 1 }], optionsAt(2)],
  norm: [[x, 2, 0, { keepDims: true }], optionsAt(3)],
  floorDiv: binary,
  squaredDifference: binary,
  isInf: unary,
  nanToNum: [[x, { nan: 1 }], optionsAt(1)],
  quantile: [[x, 0.5, 0, { keepDims: true }], optionsAt(3)],
  searchSorted: [[tensor([1, 2]), x, { side: 'right' }], optionsAt(2)],
  bincount: [[labels, 3, labels]],
  unique: [[x]],
  oneHot: [[labels, 3, 'bool']],
  conv: [[image, kernel, { stride: 1 }], optionsAt(2)],
  convTranspose: [[image, kernel, { stride: 1 }], optionsAt(2)],
  maxPool: [[image, 2, { stride: 1 }], optionsAt(2)],
  avgPool: [[image, 2, { stride: 1 }], optionsAt(2)],
  scaledDotProductAttention: [[sequence, sequence, sequence, { causal: true }], optionsAt(3)],
  maxPoolWithArgmax: [[image, 2, { stride: 1 }], optionsAt(2)],
  resize: [[image, [3, 3], { antialias: true }], optionsAt(2)],
  localResponseNorm: [[image, 3, { alpha: 0.5 }], optionsAt(2)],
  standardize: [[x, 0, tensor([1, 2, 3]), tensor([1, 2, 3]), { epsilon: 1e-3 }], optionsAt(4)],
  tensor: [[[1, 2], { dtype: 'int32' }], optionsAt(1)],
  scalar: [[1, 'float32']],
  full: [[[2, 3], 1, 'float32']],
  zeros: [[[2, 3], 'float32']],
  ones: [[[2, 3], 'float32']],
  zerosLike: [[x, 'float32']],
  onesLike: [[x, 'float32']],
  fullLike: [[x, 1, 'float32']],
  arange: [[0, 3, 1]],
  linspace: [[0, 1, 3]],
  eye: [[2, 3, 'float32']],
  seed: [[1]],
  categorical: [[x, { count: 2 }], optionsAt(1)],
  multinomial: [[x, 2, { replacement: true }], optionsAt(2)],
  truncatedNormal: [[[2, 3], { low: -1 }], optionsAt(1)],
  shuffle: [[x, { rng: core.defaultGenerator() }], optionsAt(1)],
  defaultGenerator: [[]],
  gradients: [[x.sum(), [x]]],
  scan: [[() => [[x]] as const, [x], [x], { reverse: true }], optionsAt(3)],
  customGradient: [[(t: core.Tensor) => ({ value: t, backward: (g: core.Tensor) => g })]],
  remat: [[(t: core.Tensor) => t]],
  realize: [[x, x], variadic],
  explain: [[x, x], variadic],
  profile: [[async () => {}]],
  runStep: [[{ results: [x], assignments: [] }], optionsAt(0)],
  explainAssignments: [[{ results: [x], assignments: [[parameters[0]!, parameters[0]!]] }], optionsAt(0)],
  training: [[{ rng: core.defaultGenerator() }], optionsAt(0)],
  fit: [
    [dense, samples, { loss: core.softmaxCrossEntropy, optimizer: new core.Adam(parameters) }],
    withModel,
  ],
  evaluate: [[dense, samples, { loss: core.softmaxCrossEntropy }], withModel],
  predict: [[dense, x, { batchSize: 1 }], withModel],
  generate: [[language, tokens, { maxTokens: 1 }], { options: 2 }],
  ctcLoss: [[sequence, zeros([2, 3], 'int32'), { blank: 1 }], optionsAt(2)],
  ctcGreedyDecode: [[sequence, { blank: 1 }], optionsAt(1)],
  findLearningRate: [
    [dense, samples, { loss: core.softmaxCrossEntropy, optimizer: new core.Adam(parameters) }],
    withModel,
  ],
  reduceOnPlateau: [[{ patience: 1 }], optionsAt(0)],
  earlyStopping: [[{ patience: 1 }], optionsAt(0)],
  checkpoint: [[store, { every: { steps: 1 } }], optionsAt(1)],
  diagnostics: [[{ data: samples, loss: core.softmaxCrossEntropy }], optionsAt(0)],
  bestModel: [[{ monitor: 'loss' }], optionsAt(0)],
  csvLog: [[logFile, { append: true }], optionsAt(1)],
  jsonLinesLog: [[logFile, { append: true }], optionsAt(1)],
  timeLimit: [[60]],
  stopOnNaN: [[]],
  learningRateLogger: [[]],
  saveWeights: [[dense, { dtype: 'float16' }], optionsAt(1)],
  loadWeights: [[new core.Dense(3, 3), weights, { strict: false }], optionsAt(2)],
  saveModel: [[dense, { optimizer: adamOfDense, preprocessing: {} }], optionsAt(1)],
  loadModel: [[modelFile, { layers: { Dense: core.Dense } }], optionsAt(1)],
  setBackend: [['wasm']],
  setThreads: [[1]],
  backendInfo: [[]],

  augmentImages: [
    [
      { x: zeros([2, 4, 4]), y: labels },
      { rotation: 5, workers: 0 },
    ],
    optionsAt(1),
  ],
  decodeIdx: [[bytes, { name: 'a' }], optionsAt(1)],
  readIdx: [[bytes, { name: 'a' }], optionsAt(1)],
  decodeMnist: [[mnistFiles, { trainImages: 'a' }], optionsAt(1)],
  scalePixels: [[{ data: bytes, shape: [1, 9] }]],

  readNpy: [[npy, { copy: false }], optionsAt(1)],
  readNpz: [[npz]],
  loadKeras: [[kerasFile]],
  loadTfjs: [[tfjs.modelJson, async (path: string) => Buffer.from(tfjs.shards[path]!, 'base64')]],
  writeNpy: [[x]],
  writeNpz: [[{ x }, { compress: true }], optionsAt(1)],
  readSafetensors: [[safetensors, { copy: false }], optionsAt(1)],
  writeSafetensors: [[{ x }, { dtype: 'float16' }], optionsAt(1)],
  saveWeightFiles: [[dense, store, { name: 'a' }], optionsAt(2)],
  saveModelFiles: [[dense, store, { name: 'a' }], optionsAt(2)],
  shardedSource: [[async () => safetensors, 'a']],
  writeShardedSafetensors: [[store, { x }, { shardBytes: 3 }], optionsAt(2)],

  gpu: [[{ api: 'webgl2' }], optionsAt(0)],

  classificationReport: [[classes, classes, { digits: 3 }], optionsAt(2)],
  confusionMatrix: [[classes, classes, { numClasses: 2 }], optionsAt(2)],
  f1Score: score,
  fBetaScore: [[classes, classes, { beta: 2 }], optionsAt(2)],
  jaccardScore: score,
  precision: score,
  recall: score,
  balancedAccuracy: [[classes, classes, { adjusted: true }], optionsAt(2)],
  cohenKappa: [[classes, classes, { weights: 'linear' }], optionsAt(2)],
  matthewsCorrelation: [[classes, classes, { sampleWeights: [1, 1, 1] }], optionsAt(2)],
  rocAuc: [[classes, [0, 1, 2], { average: 'macro' }], optionsAt(2)],
  averagePrecision: [[classes, [0, 1, 2], { average: 'macro' }], optionsAt(2)],
  rocCurve: [[classes, [0, 1, 2], { sampleWeights: [1, 1, 1] }], optionsAt(2)],
  precisionRecallCurve: [[classes, [0, 1, 2], { sampleWeights: [1, 1, 1] }], optionsAt(2)],
  logLoss: [[classes, [0, 1, 0.5], { sampleWeights: [1, 1, 1] }], optionsAt(2)],
  calibrationCurve: [[classes, [0, 1, 0.5], { bins: 3 }], optionsAt(2)],
  expectedCalibrationError: [[classes, [0, 1, 0.5], { bins: 3 }], optionsAt(2)],
  editDistance: [['abc', [1, 2]]],
  errorRate: [[['abc'], [[1, 2]]]],
  mcnemar: [
    [classes, classes, classes, { method: 'exact' }],
    { options: 3, names: ['mcnemar', 'mcnemar, model A', 'mcnemar, model B'] },
  ],
  summarizeRuns: [[[1, 2], { confidence: 0.9 }], optionsAt(1)],
  wilsonInterval: [[1, 2, { confidence: 0.9 }], optionsAt(2)],

  blobSource: [[new Blob()]],
  download: [[bytes, 'a']],
  indexedDbStore: [['a']],
  opfsStore: [['a']],
  // Outside a worker.
  serveTraining: [[() => ({})]],
  arbitraries: [[fc]],
  trainInWorker: [[silentWorker, { signal: undefined }], optionsAt(1)],
  // A port that refuses connections.
  urlSource: [['http://localhost:1/', { headers: { a: 'b' } }], optionsAt(1)],

  fileJournal: [['/nowhere/journal']],
  fileSource: [['/nowhere/file']],
  textFile: [['/nowhere/file']],
  folderStore: [['/nowhere']],
  // It must not write anything.
  saveFile: [['/dev/null/file', [null]]],
  inWorkers: [['file:///trial.js', { workers: 1 }], optionsAt(1)],
  bullmq: [['file:///trial.js', { queue: 'a' }], optionsAt(1)],
  loadMnist: [[{ dir: '/nowhere' }], optionsAt(0)],

  mpi: [[{ timeoutSeconds: 1 }], optionsAt(0)],

  choice: [[[1, 2]]],
  integer: [[1, 5, { step: 2 }], optionsAt(2)],
  uniform: [[0, 1, { steps: 3 }], optionsAt(2)],
  logUniform: [[1, 2, { steps: 3 }], optionsAt(2)],
  gridSearch: [[{ epochs: 1 }], optionsAt(0)],
  randomSearch: [[{ trials: 1 }], optionsAt(0)],
  successiveHalving: [[{ trials: 2, maxEpochs: 2 }], optionsAt(0)],
  search: [
    [
      {
        space: { width: search.choice([1]) },
        strategy: search.gridSearch(),
        objective: { minimize: 'loss' },
        trial: () => ({ loss: 1 }),
      },
    ],
    optionsAt(0),
  ],

  allClose: [[1, 1, { absolute: 1 }], optionsAt(2)],
  assertClose: [[1, 1, { absolute: 1 }], optionsAt(2)],
  gradcheck: [[(t = x) => t.square(), [x], { order: 1 }], optionsAt(2)],
};

const named: Given = [[{ name: 'a' }], optionsAt(0)];
const convolution: Given = [[2, 2, 3, { stride: 1 }], optionsAt(3)];
const classScore: Given = [[{ numClasses: 2 }], { options: 0, names: ['f1', 'precision', 'recall'] }];
const optimizer: Given = [[parameters, { learningRate: 0.1 }], optionsAt(1)];
const pooling: Given = [[2, { stride: 1 }], optionsAt(1)];
const upSampling: Given = [[2, { method: 'bilinear' }], optionsAt(1)];
const margin: Given = [[1, { name: 'a' }], optionsAt(1)];

const constructors: Record<string, Given> = {
  Parameter: [[x, { name: 'a' }], optionsAt(1)],
  Generator: [[1, 2]],
  TrainingContext: [[{ rng: core.defaultGenerator() }], { options: 0, names: ['training'] }],
  Activation: [['relu', { name: 'a' }], optionsAt(1)],
  AvgPool3D: pooling,
  MaxPool3D: pooling,
  UpSampling1D: upSampling,
  UpSampling2D: upSampling,
  UpSampling3D: upSampling,
  ZeroPadding1D: margin,
  ZeroPadding2D: margin,
  ZeroPadding3D: margin,
  Cropping1D: margin,
  Cropping2D: margin,
  Cropping3D: margin,
  AvgPool1D: pooling,
  AvgPool2D: pooling,
  MaxPool1D: pooling,
  MaxPool2D: pooling,
  GlobalAvgPool3D: named,
  GlobalMaxPool3D: named,
  GlobalAvgPool1D: named,
  GlobalAvgPool2D: named,
  GlobalMaxPool1D: named,
  GlobalMaxPool2D: named,
  BatchNorm: [[3, { momentum: 0.5 }], optionsAt(1)],
  LayerNorm: [[3, { epsilon: 0.5 }], optionsAt(1)],
  GroupNorm: [[1, 3, { epsilon: 0.5 }], optionsAt(2)],
  RMSNorm: [[3, { epsilon: 0.5 }], optionsAt(1)],
  InstanceNorm: [[3, { epsilon: 0.5 }], optionsAt(1)],
  PReLU: [[3, { alphaInitializer: 'ones' }], optionsAt(1)],
  Embedding: [[5, 3, { name: 'a' }], optionsAt(2)],
  PositionEmbedding: [[5, 3, { name: 'a' }], optionsAt(2)],
  SinusoidalPositions: [[4, { name: 'a' }], optionsAt(1)],
  MultiHeadAttention: [[4, 2, { causal: true }], optionsAt(2)],
  SimpleRNN: [[4, 2, { bias: true }], optionsAt(2)],
  LSTM: [[4, 2, { bias: true }], optionsAt(2)],
  GRU: [[4, 2, { bias: true }], optionsAt(2)],
  Bidirectional: [[new core.LSTM(4, 2), { merge: 'sum' }], optionsAt(1)],
  TransformerBlock: [[4, 2, { causal: true }], optionsAt(2)],
  Conv1D: convolution,
  Conv2D: convolution,
  Conv3D: convolution,
  Conv3DTranspose: convolution,
  SeparableConv1D: convolution,
  SeparableConv2D: convolution,
  Conv1DTranspose: convolution,
  Conv2DTranspose: convolution,
  Dense: [[3, 3, { name: 'a' }], optionsAt(2)],
  Dropout: [[0.1, { name: 'a' }], optionsAt(1)],
  SpatialDropout: [[0.1, { name: 'a' }], optionsAt(1)],
  Flatten: named,
  Reshape: [[[3], { name: 'a' }], optionsAt(1)],
  Residual: [[dense, { activation: 'relu' }], optionsAt(1)],
  Sequential: [[[dense], { inputShape: [3] }], { options: 1, names: ['Sequential.0 Dense'] }],
  Adam: optimizer,
  AdamW: optimizer,
  Lion: optimizer,
  Adagrad: optimizer,
  NAdam: optimizer,
  RAdam: optimizer,
  RMSprop: optimizer,
  SGD: optimizer,
  Muon: [[[dense.kernel], { learningRate: 0.1 }], optionsAt(1)],
  Lookahead: [[new core.Adam(parameters), { alpha: 0.1 }], optionsAt(1)],
  MultiOptimizer: [[[new core.Adam(parameters)], { learningRate: 0.1 }], optionsAt(1)],
  WeightAverage: [[parameters, { decay: 0.5 }], optionsAt(1)],
  Accuracy: named,
  BinaryAccuracy: [[{ threshold: 0.5 }], { options: 0, names: ['binaryAccuracy'] }],
  TopKAccuracy: [[{ k: 1 }], optionsAt(0)],
  ConfusionMatrix: [[{ numClasses: 2 }], { options: 0, names: ['confusionMatrix'] }],
  F1: classScore,
  FBeta: [[{ numClasses: 2, beta: 2 }], { options: 0, names: ['fBeta'] }],
  MeanIoU: [[{ numClasses: 2 }], { options: 0, names: ['meanIoU'] }],
  LogLoss: named,
  Perplexity: named,
  SequenceAccuracy: named,
  EditDistance: [[{ blank: 1 }], { options: 0, names: ['editDistance'] }],
  Precision: classScore,
  Recall: classScore,
  Mean: [[]],
  MeanAbsoluteError: named,
  MeanAbsolutePercentageError: named,
  R2Score: named,
  RootMeanSquaredError: named,
  RocAuc: named,
  AveragePrecision: named,
  MeanSquaredError: named,
};

/** Not called: bases of classes, errors, and a class that `tensor` and others make. */
const withoutRow =
  `Layer Network Optimizer Tensor NdgradError DTypeError MemoryError NonFiniteError ShapeError StateError ValueError`.split(
    ' ',
  );

const exported = {
  ...core,
  ...browser,
  ...bullmq,
  ...data,
  ...gpu,
  ...io,
  ...keras,
  ...metrics,
  ...mpi,
  ...node,
  ...search,
  ...testing,
};
const isClass = (f: unknown): boolean => typeof f === 'function' && /^class\b/.test(String(f));

const row = (name: string, call: unknown, [args, rest = {}]: Given): [string, Row] => [
  name,
  { call: call as Row['call'], args, ...rest, names: [name, ...(rest.names ?? [])] },
];

const layers: Record<string, readonly unknown[]> = {
  Activation: ['relu'],
  AvgPool1D: [2],
  AvgPool2D: [2],
  MaxPool1D: [2],
  MaxPool2D: [2],
  GlobalAvgPool1D: [],
  GlobalAvgPool2D: [],
  GlobalMaxPool1D: [],
  GlobalMaxPool2D: [],
  BatchNorm: [4],
  LayerNorm: [4],
  GroupNorm: [1, 4],
  RMSNorm: [4],
  Embedding: [5, 3],
  PositionEmbedding: [9, 4],
  SinusoidalPositions: [4],
  MultiHeadAttention: [4, 2],
  SimpleRNN: [4, 2],
  LSTM: [4, 2],
  GRU: [4, 2],
  Bidirectional: [new core.LSTM(4, 2)],
  TransformerBlock: [4, 2],
  Conv1D: [4, 2, 3],
  Conv2D: [2, 2, 3],
  Conv1DTranspose: [4, 2, 3],
  Conv2DTranspose: [2, 2, 3],
  Dense: [4, 3],
  Dropout: [0.1],
  SpatialDropout: [0.1],
  Conv3D: [2, 2, 3],
  Conv3DTranspose: [2, 2, 3],
  SeparableConv1D: [4, 2, 3],
  SeparableConv2D: [2, 2, 3],
  AvgPool3D: [2],
  MaxPool3D: [2],
  GlobalAvgPool3D: [],
  GlobalMaxPool3D: [],
  InstanceNorm: [4],
  PReLU: [4],
  UpSampling1D: [2],
  UpSampling2D: [2],
  UpSampling3D: [2],
  ZeroPadding1D: [1],
  ZeroPadding2D: [1],
  ZeroPadding3D: [1],
  Cropping1D: [1],
  Cropping2D: [1],
  Cropping3D: [1],
  Flatten: [],
  Reshape: [[24]],
  Residual: [new core.Flatten()],
  Sequential: [[new core.Flatten()]],
};

const make = (name: string, args: readonly unknown[]): unknown =>
  Reflect.construct(exported[name as never] as new () => unknown, args);

/** `call` and `forward` of the layers. Their errors name the layer. */
const forwardPasses = Object.entries(layers).flatMap(([name, args]) => {
  const layer = make(name, args) as core.Layer;
  const input = name.includes('2D')
    ? image
    : name === 'Dense'
      ? zeros([2, 4])
      : name === 'Embedding'
        ? tokens
        : sequence;
  return (['call', 'forward'] as const).map((method) => {
    const call = (x: core.Tensor, ctx = core.inference): unknown => layer[method](x as never, ctx);
    return row(`${name}.${method}`, call, [
      method === 'call' ? [input, core.inference] : [input],
      {
        names: [
          layer.type,
          'Sequential.0 Flatten',
          'Residual.inner Flatten',
          'Bidirectional.forwardLayer LSTM',
          'LSTM',
        ],
      },
    ]);
  });
});

/** `x.sum(0)`: the methods of Tensor, with the arguments of the functions. */
const tensorMethods = Object.entries(functions)
  .filter(([name]) => name in Tensor.prototype)
  .map(([name, [[first, ...args], rest = {}]]) => {
    const method = Reflect.get(Tensor.prototype, name) as (...args: unknown[]) => unknown;
    const options = rest.options === undefined ? {} : { options: rest.options - 1 };
    const call = (...given: unknown[]): unknown => method.apply(first, given);
    return row(`x.${name}`, call, [args, { ...rest, ...options, names: [name] }]);
  });

/** The methods that have a row. */
const called: { readonly of: object; readonly name: string }[] = [];

function method(owner: string, of: object, name: string, given: Given = [[]]): [string, Row] {
  called.push({ of, name });
  return row(`${owner}.${name}`, (Reflect.get(of, name) as () => unknown).bind(of), [
    given[0],
    { ...given[1], names: [name, ...(given[1]?.names ?? [])] },
  ]);
}

const generator = new core.Generator(1);
const parameter = new core.Parameter(x);
const weight = new core.Parameter(x);
const adam = new core.Adam([weight]);
const multi = new core.MultiOptimizer([new core.Adam([weight])]);
const context = core.training();
const average = new core.WeightAverage(parameters);
const results = await search.search({
  space: { width: search.choice([1]) },
  strategy: search.gridSearch(),
  objective: { minimize: 'loss' },
  trial: () => ({ loss: 1 }),
});
const sequenceMetrics: core.Metric[] = [new core.SequenceAccuracy(), new core.EditDistance()];
const metricMethods = [
  ...sequenceMetrics,
  new core.Accuracy(),
  new core.BinaryAccuracy(),
  new core.ConfusionMatrix({ numClasses: 2 }),
  new core.F1({ numClasses: 2 }),
  new core.MeanAbsoluteError(),
  new core.MeanSquaredError(),
  new core.RootMeanSquaredError(),
  new core.R2Score(),
  new core.RocAuc(),
  new core.AveragePrecision(),
  new core.Perplexity(),
].flatMap((metric) => [
  method(metric.name, metric, 'update', [
    sequenceMetrics.includes(metric) ? [tokens, tokens, [1]] : [classes, classes, [1, 1, 1]],
    { names: [metric.name] },
  ]),
  method(metric.name, metric, 'result', [[], { names: [metric.name] }]),
  method(metric.name, metric, 'reset', [[], { names: [metric.name] }]),
  method(metric.name, metric, 'getState', [[], { names: ['getState'] }]),
  method(metric.name, metric, 'setState', [[metric.getState!()]]),
]);
const mean = new core.Mean();

const methods = [
  method('generator', generator, 'uniform', [[[2], 0, 1]]),
  method('generator', generator, 'normal', [[[2], 0, 1]]),
  method('generator', generator, 'truncatedNormal', [[[2], 0, 1]]),
  method('generator', generator, 'bernoulli', [[[2], 0.5]]),
  method('generator', generator, 'permutation', [[3]]),
  method('generator', generator, 'fork', [[3]]),
  method('generator', generator, 'setState', [[generator.getState()]]),
  method('generator', generator, 'getState'),
  method('parameter', parameter, 'assign', [[x]]),
  ...['data', 'dataSync', 'toArray', 'toNdarray'].map((name) => method('parameter', parameter, name)),
  method('scalar', core.scalar(1), 'item'),
  method('adam', adam, 'minimize', [[weight.sum(), { also: [] }], optionsAt(1)]),
  method('adam', adam, 'gradients', [[weight.sum()]]),
  method('adam', adam, 'apply', [[new Map([[weight, x]]), { also: [] }], optionsAt(1)]),
  method('adam', adam, 'getState'),
  method('adam', adam, 'setState', [[await adam.getState()]]),
  method('multi', multi, 'getState'),
  method('multi', multi, 'setState', [[await multi.getState()]]),
  method('mean', new core.Mean(), 'setState', [[{ total: 1, weight: 1 }]]),
  method('learningRateLogger', core.learningRateLogger(), 'setState', [[{ latest: 1 }]]),
  method('context', context, 'assign', [[parameter, x]]),
  method('context', context, 'latest', [[parameter]]),
  method('context', context, 'take'),
  method('average', average, 'use', [[() => 1]]),
  method('average', average, 'swap'),
  method('average', average, 'getState'),
  method('average', average, 'setState', [[await average.getState()]]),
  ...['parameters', 'namedParameters', 'penalty', 'freeze', 'unfreeze'].map((name) =>
    method('layer', dense, name),
  ),
  method('layer', dense, 'call', [[x, core.inference], { names: ['Dense'] }]),
  method('layer', dense, 'summary', [[{ inputShape: [3] }], { options: 0, names: ['Dense'] }]),
  method('embedding', new core.Embedding(5, 4), 'attend', [[sequence]]),
  method('attention', new core.MultiHeadAttention(4, 2), 'attend', [
    [sequence, sequence, core.inference, zeros([6, 6])],
    { names: ['MultiHeadAttention', 'query', 'Dense', 'scaledDotProductAttention'] },
  ]),
  ...[
    { layer: new core.LSTM(4, 2), states: 2 },
    { layer: new core.Bidirectional(new core.GRU(4, 2)), states: 2 },
  ].map(({ layer, states }) =>
    method(layer.type, layer, 'callWithState', [
      [
        sequence,
        { initialState: Array.from({ length: states }, () => zeros([sequence.shape[0]!, 2])) },
        core.inference,
      ],
      {
        options: 1,
        names: [layer.type, 'Bidirectional.forwardLayer GRU', 'Bidirectional.backwardLayer GRU'],
      },
    ]),
  ),
  method('mean', mean, 'add', [[1, 1]]),
  method('mean', mean, 'getState'),
  method('mean', mean, 'result'),
  method('mean', mean, 'reset'),
  method('layer', dense, 'outputShape', [[[2, 3]], { names: ['Dense'] }]),
  method('results', results, 'table', [[{ limit: 1 }], optionsAt(0)]),
  ...metricMethods,
];

const settings = { normal: 'mean', uniform: 'low', truncatedNormal: 'mean', orthogonal: 'gain' };
const initializers = [
  method('initializers', core.initializers, 'constant', [[1]]),
  ...Object.entries(settings).map(([name, option]) =>
    method('initializers', core.initializers, name, [[{ [option]: 1 }], optionsAt(0)]),
  ),
];

const { schedules } = core;
const scheduleRows = [
  method('schedules', schedules, 'constant', [[1]]),
  method('schedules', schedules, 'stepDecay', [[{ rate: 1, every: 2, factor: 0.5 }], optionsAt(0)]),
  method('schedules', schedules, 'exponentialDecay', [[{ rate: 1, factor: 0.5 }], optionsAt(0)]),
  method('schedules', schedules, 'cosineDecay', [[{ rate: 1, steps: 5 }], optionsAt(0)]),
  method('schedules', schedules, 'cosineRestarts', [[{ rate: 1, steps: 5 }], optionsAt(0)]),
  method('schedules', schedules, 'polynomialDecay', [[{ rate: 1, steps: 5 }], optionsAt(0)]),
  method('schedules', schedules, 'warmup', [[{ rate: 1, steps: 5 }], optionsAt(0)]),
  method('schedules', schedules, 'oneCycle', [[{ peak: 1, steps: 5 }], optionsAt(0)]),
  method('schedules', schedules, 'piecewise', [[{ boundaries: [1], rates: [1, 2] }], optionsAt(0)]),
];

const functionRows = Object.entries(functions).map(([name, given]) =>
  row(name, exported[name as never], given),
);
const constructorRows = Object.entries(constructors).map(([name, given]) =>
  row(name, (...args: unknown[]) => make(name, args), given),
);
const rows = [
  ...functionRows,
  ...constructorRows,
  ...tensorMethods,
  ...forwardPasses,
  ...methods,
  ...initializers,
  ...scheduleRows,
];

/** The outcome of a call: its error, or null. */
async function errorOf({ call }: Row, args: readonly unknown[]): Promise<unknown> {
  try {
    await Reflect.apply(call, undefined, args);
    return null;
  } catch (error) {
    return error;
  }
}

const fits = ({ names }: Row, error: unknown): boolean =>
  error instanceof NdgradError && names.some((name) => error.message.startsWith(`[${name}] `));

const junk: Record<string, unknown> = {
  undefined: undefined,
  null: null,
  '{}': {},
  '[]': [],
  "'x'": 'x',
  NaN: Number.NaN,
  '[1, 2]': [1, 2],
  '() => 1': () => 1,
  '{ nonsense: 1 }': { nonsense: 1 },
  true: true,
  'a tensor': x,
};

test('every public function and class has a row', () => {
  const callable = Object.keys(exported).filter((name) => typeof exported[name as never] === 'function');
  const [classNames, functionNames] = [true, false].map((wanted) =>
    callable.filter((name) => isClass(exported[name as never]) === wanted),
  );
  expect(Object.keys(functions).sort()).toEqual(functionNames!.sort());
  expect([...Object.keys(constructors), ...withoutRow].sort()).toEqual(classNames!.sort());
  const isLayer = (name: string): boolean =>
    (exported[name as never] as { prototype: unknown }).prototype instanceof core.Layer;
  expect(Object.keys(layers).sort()).toEqual(classNames!.filter(isLayer));
  expect([...initializers.map(([name]) => name)].sort()).toEqual(
    Object.entries(core.initializers)
      .filter(([, f]) => f.length > 0)
      .map(([name]) => `initializers.${name}`)
      .sort(),
  );
  expect(scheduleRows.map(([name]) => name)).toEqual(
    Object.keys(schedules).map((name) => `schedules.${name}`),
  );
});

/** Not called: what a class or its base calls, and what JSON and text call. */
const internal =
  `area arrange arrangement checkFeatures checkSequences checkTrainingBatch convolve count countBatch counts describe follow forward inferFeatures inferShape
  inputShape kernelChannels measure members normalize observe overwritten penalize perClass resize reversed sizeOf step toJSON toString update
  values`.split(/\s+/);

test('every public method has a row', () => {
  const missing = new Set<string>();
  for (const [name, value] of Object.entries(exported)) {
    if (!isClass(value) || (value as { prototype: unknown }).prototype instanceof Error) continue;
    let { prototype } = value as { prototype: object };
    for (; prototype !== Object.prototype; prototype = Object.getPrototypeOf(prototype) as object) {
      const methods = Object.entries(Object.getOwnPropertyDescriptors(prototype))
        .filter(([key, { value: f }]) => typeof f === 'function' && key !== 'constructor')
        .map(([key]) => key)
        .filter((key) => !(key in functions && prototype === Tensor.prototype));
      for (const key of methods) {
        const hasRow = called.some(
          (c) => c.name === key && Object.prototype.isPrototypeOf.call(prototype, c.of),
        );
        if (!hasRow && !internal.includes(key)) missing.add(`${name}.${key}`);
      }
    }
  }
  expect([...missing]).toEqual([]);
});

test.each(rows)('%s: junk in the place of each argument', async (_name, r) => {
  for (const i of r.args.keys()) {
    for (const [text, value] of Object.entries(junk)) {
      const error = await errorOf(r, r.args.with(i, value));
      if (error !== null && !fits(r, error)) expect.fail(`argument ${i}, ${text}: ${String(error)}`);
    }
  }
});

test.each(rows.filter(([, { options }]) => options !== undefined))(
  '%s: an unknown option',
  async (_name, r) => {
    const at = r.options!;
    const withNonsense = (nonsense: unknown): readonly unknown[] =>
      r.args.with(at, { ...(r.args[at] as object), nonsense });
    const error = await errorOf(r, withNonsense(1));
    expect(String(error)).toMatch(/unknown option 'nonsense', wanted one of \w/);
    expect(fits(r, error)).toBe(true);
    expect(String(await errorOf(r, withNonsense(undefined)))).not.toContain('nonsense');
  },
);

/** Values of options, with the options that accept them. All others must refuse them. */
const optionJunk: readonly [text: string, value: unknown, accept: string][] = [
  ['null', null, 'message weights'],
  ['/x/', /x/, 'data message'],
  ['[]', [], 'also assignments callbacks data message metrics results'],
  ["'1'", '1', 'message name monitor queue version trainImages trainLabels testImages testLabels'],
  [
    'true',
    true,
    `adjusted allowUntrained amsgrad antialias append bias cache causal center centered checkpoint compress copy countPadding
    descending dropLast exclusive fromLogits goBackwards horizontalFlip keepDims largest log message nesterov normalize
     positiveWeight progress replacement resetAfter restore restoreBestWeights returnSequences reverse rotary scale
     shuffle signedZeros strict trainable unitForgetBias verify warmup zeroInfinity`,
  ],
  [
    '5',
    5,
    `absolute ahead alpha batchSize beta bins blank contextLength cooldown correction count delta depthMultiplier digits dilation end
     endDivisor epochs epsilon every factor fill gain gamma headFeatures hiddenFeatures high ignoreIndex
     initialAccumulator iterations k keep learningRate limit loadTimeoutSeconds low margin maxEpochs maxHeapMegabytes maxLostWorkers
     maxTokens mean memoryFeatures message minDelta minLearningRate minimum momentumDecay nan negInf numClasses order
     outputPadding padding patience peak posInf positiveWeight power rate redisTimeoutSeconds relative rotation scale seed shardBytes shear
     size smooth standardDeviation start startDivisor startFromEpoch step steps stopToken stride temperature threshold
     timeoutSeconds tolerance topK trials version warmupFraction
     weightDecay workers workerTimeoutSeconds`,
  ],
];

test.each(rows.filter(([, { options }]) => options !== undefined))(
  '%s: junk as options',
  async (_name, r) => {
    const at = r.options!;
    const errorWith = (option: string, value: unknown): Promise<unknown> =>
      errorOf(r, r.args.with(at, { ...(r.args[at] as object), [option]: value }));
    const known = /wanted one of (.*?)\.( |$)/.exec(String(await errorWith('nonsense', 1)))![1]!.split(', ');
    for (const option of known) {
      for (const [text, value, accept] of optionJunk) {
        const error = await errorWith(option, value);
        const right = error === null ? accept.split(/\s+/).includes(option) : fits(r, error);
        if (!right) expect.fail(`${option}: ${text} gave ${String(error)}`);
      }
    }
  },
);

/** Functions that take something else than numbers, too. */
const alsoOthers = ['allClose', 'assertClose', 'slice', 'x.slice'];

test.each(
  rows.filter(
    ([name, { args }]) => args.some((arg) => typeof arg === 'number') && !alsoOthers.includes(name),
  ),
)('%s: no number in the place of one', async (_name, r) => {
  for (const [i, arg] of r.args.entries()) {
    if (typeof arg !== 'number') continue;
    for (const value of [null, '1', true, /x/]) {
      const error = await errorOf(r, r.args.with(i, value));
      if (!fits(r, error)) expect.fail(`argument ${i}, ${String(value)}: ${String(error)}`);
    }
  }
});

const fixed = [
  ...functionRows,
  ...constructorRows,
  ...tensorMethods,
  ...methods,
  ...initializers,
  ...scheduleRows,
];

test.each(fixed.filter(([, { variadic = false }]) => !variadic))(
  '%s: one argument too many',
  async (_name, r) => {
    const error = await errorOf(r, [...r.args, 1]);
    expect(String(error)).toContain(`got ${r.args.length + 1} arguments, wanted at most`);
    expect(fits(r, error)).toBe(true);
  },
);

/** The entry point `ndgrad`. */

// Tensors

export type { DType, TypedArray } from './ir/dtype.ts';
export type { State, StateValue } from './ir/state.ts';
export type { NumberArray } from './ir/typed-array.ts';
export {
  arange,
  eye,
  full,
  fullLike,
  linspace,
  type NestedArray,
  ones,
  onesLike,
  scalar,
  type TensorLike,
  type TensorOptions,
  tensor,
  zeros,
  zerosLike,
} from './tensor/creation.ts';
export { Parameter, type ParameterOptions } from './tensor/parameter.ts';
export { defaultGenerator, Generator, type GeneratorState, seed } from './tensor/random.ts';
export {
  type CategoricalOptions,
  categorical,
  type MultinomialOptions,
  multinomial,
  type ShuffleOptions,
  shuffle,
  type TruncatedNormalOptions,
  truncatedNormal,
} from './tensor/sampling.ts';
export type { Shape } from './tensor/shape.ts';
export type { Tensors } from './tensor/structure.ts';
export { Tensor } from './tensor/tensor.ts';

// Operations on tensors

export { type AttentionOptions, scaledDotProductAttention } from './tensor/ops/attention.ts';
export * from './tensor/ops/index.ts';
export { type Unique, unique } from './tensor/unique.ts';

// Gradients and execution

export { type CustomGradient, customGradient } from './tensor/custom-gradient.ts';
export { explain, realize } from './tensor/evaluate.ts';
export { gradients } from './tensor/gradients.ts';
export { remat } from './tensor/remat.ts';
export { type ScanOptions, scan } from './tensor/scan/scan.ts';
export { explainAssignments, runStep, type StepOptions } from './tensor/step.ts';

// Layers, activations and initializers

export * from './layers/index.ts';

// Losses

export * from './losses/index.ts';

// Optimizers and learning-rate schedules

export * from './optim/index.ts';

// Metrics for `fit` and `evaluate`

export {
  Accuracy,
  BinaryAccuracy,
  type BinaryAccuracyOptions,
  TopKAccuracy,
  type TopKAccuracyOptions,
} from './metrics/classification/accuracy.ts';
export {
  type ClassScoreOptions,
  ConfusionMatrix,
  type ConfusionMatrixOptions,
  F1,
  FBeta,
  type FBetaOptions,
  MeanIoU,
  Precision,
  Recall,
} from './metrics/classification/confusion-matrix.ts';
export { LogLoss, type LogLossOptions } from './metrics/classification/log-loss.ts';
export type { ClassMetricOptions } from './metrics/classification/positions.ts';
export {
  AveragePrecision,
  type RankingMetricOptions,
  RocAuc,
} from './metrics/classification/ranking-metrics.ts';
export { Mean, type Metric, type MetricOptions } from './metrics/metric.ts';
export {
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredError,
  R2Score,
  RootMeanSquaredError,
} from './metrics/regression.ts';
export { type CtcDecodeOptions, ctcGreedyDecode } from './metrics/sequence/ctc-path.ts';
export { EditDistance, type EditDistanceOptions } from './metrics/sequence/edit-distance-metric.ts';
export { Perplexity } from './metrics/sequence/perplexity.ts';
export { SequenceAccuracy } from './metrics/sequence/sequence-accuracy.ts';

// Training, evaluation, prediction and callbacks

export * from './train/index.ts';

// Generation of sequences

export { type GenerateOptions, generate, type TokenModel } from './generation/generate.ts';

// Saving and loading

export type { ByteSource } from './io/byte-source.ts';
export type { LayerClass } from './io/model/configuration.ts';
export { type LoadedModel, type LoadModelOptions, loadModel } from './io/model/load.ts';
export { type SaveModelOptions, saveModel } from './io/model/save.ts';
export type { FloatFormat } from './io/safetensors/layout.ts';
export type { Transformer, TransformerClass, TransformerState } from './io/transformer.ts';
export {
  type LoadedWeights,
  type LoadWeightsOptions,
  loadWeights,
  type WeightMap,
  type WeightTarget,
} from './io/weights/load.ts';
export { type SaveWeightsOptions, saveWeights } from './io/weights/save.ts';

// Backends

export type { Backend } from './ir/backend.ts';
export { bitsVersion } from './ir/bits-version.ts';
export {
  type BackendInfo,
  type BackendName,
  backendInfo,
  setBackend,
  setThreads,
} from './runtime/backends.ts';
export { type KernelTimes, type PlanProfile, profile } from './runtime/profile.ts';
export type { Signal } from './util/host-types.ts';

// Errors

export {
  DTypeError,
  MemoryError,
  NdgradError,
  NonFiniteError,
  ShapeError,
  StateError,
  ValueError,
} from './ir/errors.ts';

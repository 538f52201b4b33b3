import type { DType } from '../../src/ir/dtype.ts';

/**
 * A tensor of the reference. In arguments, float32 data are the shortest decimals that round to the value, so take
 * them through `values`; in results they are the true values in double precision, not rounded to float32.
 */
export interface ReferenceTensor {
  readonly shape: number[];
  readonly dtype: DType;
  readonly data: number[];
}

/** An argument as `callArguments` hands it out; inside, `null` still stands for what was left out. */
export type Argument =
  | ReferenceTensor
  | number
  | string
  | boolean
  | null
  | undefined
  | readonly Argument[]
  | { readonly [option: string]: Argument };

export interface Call {
  readonly name: string;
  readonly args: readonly Argument[];
  readonly options?: { readonly [option: string]: Argument };
}

export interface OperationCase extends Call {
  /** A list for `split`. */
  readonly out: ReferenceTensor | ReferenceTensor[];
  /** Rounding to float32 is the point of the case: not for double precision. */
  readonly float32Only?: true;
}

export interface GradientCase extends Call {
  readonly op: string;
  /** Which tensor among the arguments, counted in order of appearance. */
  readonly wrt: number;
  /** `grad` is the gradient of sum(op(...args) * weights). */
  readonly weights: ReferenceTensor;
  readonly grad: ReferenceTensor;
}

export interface LossCase extends Call {
  readonly args: readonly [predictions: ReferenceTensor, targets: ReferenceTensor];
  readonly out: ReferenceTensor;
  /** Of sum(out) with respect to the predictions. */
  readonly gradient: ReferenceTensor;
}

export interface OptimizerParameters {
  readonly w: ReferenceTensor;
  readonly b: ReferenceTensor;
}

export interface OptimizerOptions {
  readonly learningRate: number;
  readonly momentum?: number;
  readonly nesterov?: boolean;
  readonly weightDecay?: number;
  readonly alpha?: number;
  readonly centered?: boolean;
  readonly betas?: [number, number];
  readonly epsilon?: number;
  readonly clip?: { readonly value?: number; readonly norm?: number; readonly globalNorm?: number };
}

export interface OptimizerRun {
  readonly name: string;
  /** The kind of optimizer. */
  readonly optimizer: string;
  readonly options: OptimizerOptions;
  /** The learning rate of every step, where it changes. */
  readonly learningRates?: number[];
  /** Options of groups, by the names of their Parameters. */
  readonly groups?: Readonly<Record<string, object>>;
  /** The name of the one parameter that is trained. */
  readonly only?: string;
  readonly lookahead?: { readonly every: number; readonly alpha: number };
  /** The parameters after every step. */
  readonly float64: OptimizerParameters[];
  readonly float32: OptimizerParameters[];
}

export type ScheduleSpec =
  | { readonly kind: 'constant'; readonly options: { readonly rate: number } }
  | { readonly kind: 'stepDecay'; readonly options: { rate: number; every: number; factor: number } }
  | { readonly kind: 'exponentialDecay'; readonly options: { rate: number; factor: number } }
  | {
      readonly kind: 'cosineRestarts';
      readonly options: { rate: number; steps: number; factor: number; minimum: number };
    }
  | { readonly kind: 'polynomialDecay'; readonly options: { rate: number; steps: number; power: number } }
  | { readonly kind: 'cosineDecay'; readonly options: { rate: number; steps: number; minimum: number } }
  | { readonly kind: 'warmup'; readonly options: { steps: number; start: number; then: ScheduleSpec } }
  | {
      readonly kind: 'oneCycle';
      readonly options: {
        peak: number;
        steps: number;
        warmupFraction: number;
        startDivisor: number;
        endDivisor: number;
      };
    }
  | { readonly kind: 'piecewise'; readonly options: { boundaries: number[]; rates: number[] } };

/** `learningRates[step]` is what update number `step`, counted from 0, uses. */
export type ScheduleCase = ScheduleSpec & { readonly learningRates: number[] };

export interface OptimizerReference {
  readonly initial: OptimizerParameters;
  /** One gradient per step, the same for all runs. */
  readonly gradients: OptimizerParameters[];
  readonly runs: OptimizerRun[];
  readonly schedules: ScheduleCase[];
}

export interface Scores {
  readonly perClass: number[];
  readonly micro: number;
  readonly macro: number;
  readonly weighted: number;
}

export interface ClassificationCase {
  readonly name: string;
  readonly classes: number;
  readonly labels: ReferenceTensor;
  readonly predictions: ReferenceTensor;
  readonly sampleWeights?: ReferenceTensor;
  readonly accuracy: number;
  readonly precision: Scores;
  readonly recall: Scores;
  readonly f1: Scores;
  readonly support: number[];
  /** Rows are labels, columns predictions. */
  readonly confusion: number[][];
  readonly reports: { readonly options: { digits: number; targetNames?: string[] }; readonly text: string }[];
}

export interface TopKCase {
  readonly name: string;
  readonly classes: number;
  readonly labels: ReferenceTensor;
  readonly logits: ReferenceTensor;
  readonly probabilities: ReferenceTensor;
  readonly sampleWeights?: ReferenceTensor;
  readonly accuracy: number;
  readonly topK: { readonly [k: string]: number };
}

export interface Scaling {
  /** Samples lie in [-limit, limit]. */
  readonly limit: number;
  /** Standard deviation of the samples. */
  readonly deviation: number;
}

/** The normal distribution of deviation `stddev` is cut at two of them. */
export interface CutScaling extends Scaling {
  readonly stddev: number;
}

export interface InitializerCase {
  readonly shape: number[];
  readonly fanIn: number;
  readonly fanOut: number;
  readonly glorotUniform: Scaling;
  readonly glorotNormal: CutScaling;
  readonly heUniform: Scaling;
  readonly heNormal: CutScaling;
  readonly lecunUniform: Scaling;
  readonly lecunNormal: CutScaling;
}

type Tensors<Name extends string = string> = { readonly [K in Name]: ReferenceTensor };

export interface LayerCase {
  readonly layer: string;
  readonly name: string;
  /** Of the constructor. */
  readonly args: readonly unknown[];
  readonly x: ReferenceTensor;
  /** The layer's Parameters by their names. */
  readonly parameters: Tensors;
  readonly out: ReferenceTensor;
  /** `gradients` are those of sum(out * weights), by x and the parameters. */
  readonly weights: ReferenceTensor;
  readonly gradients: Tensors;
  /** The Parameters after three steps on mean(out^2 * weights) with the learning rate 0.1. */
  readonly trained?: Tensors;
}

export interface BatchNormCase extends Tensors<'gamma' | 'beta'> {
  readonly name: string;
  readonly features: number;
  readonly options: { readonly momentum?: number; readonly epsilon?: number };
  readonly learningRate: number;
  /** Each step's loss is sum(out * weights); parameters and running statistics are those after it. */
  readonly steps: (Tensors<'x' | 'weights' | 'out' | 'gamma' | 'beta' | 'runningMean' | 'runningVariance'> & {
    readonly gradients: Tensors<'x' | 'gamma' | 'beta'>;
  })[];
  /** After the steps; `gradient` is by x. */
  readonly inference: Tensors<'x' | 'weights' | 'out' | 'gradient'>;
}

export interface RecurrentCase extends LayerCase {
  /** How the two directions are merged, if there are two. */
  readonly merge?: 'concat' | 'sum' | 'mul' | 'average' | 'none';
  readonly initialState?: ReferenceTensor[];
  readonly lengths?: number[];
  readonly state: ReferenceTensor[];
  /** `gradients` are those of sum(out * weights) + sum(state * stateWeights); of the initial state, `state.0` and so on. */
  readonly stateWeights: ReferenceTensor[];
}

/** Six steps of a recurrent layer and a dense layer on the mean squared error. */
export interface RecurrentTraining {
  readonly layer: string;
  readonly optimizer: 'SGD' | 'Adam';
  readonly options: { readonly learningRate: number };
  readonly x: ReferenceTensor;
  readonly y: ReferenceTensor;
  readonly parameters: Tensors;
  readonly losses: number[];
  /** The parameters after the steps. */
  readonly after: Tensors;
}

export interface AffineCase {
  readonly name: string;
  readonly parameters: {
    readonly rotation: number;
    readonly scale: number;
    readonly shear: number;
    readonly flip: boolean;
    readonly shiftX: number;
    readonly shiftY: number;
  };
  readonly fill: number;
  readonly image: ReferenceTensor;
  readonly out: ReferenceTensor;
}

export interface ElasticCase extends AffineCase {
  readonly sigma: number;
  readonly alpha: number;
  /** Along x and along y, before smoothing and after it, `[2, height, width]`. */
  readonly noise: ReferenceTensor;
  readonly shifts: ReferenceTensor;
}

export interface References {
  augmentation: { readonly affine: AffineCase[]; readonly elastic: ElasticCase[] };
  ops: { readonly [operation: string]: OperationCase[] };
  gradients: GradientCase[];
  losses: { readonly [loss: string]: LossCase[] };
  optimizers: OptimizerReference;
  metrics: { readonly classification: ClassificationCase[]; readonly topK: TopKCase[] };
  layers: { readonly layers: LayerCase[]; readonly batchNorm: BatchNormCase[] };
  recurrent: { readonly cases: RecurrentCase[]; readonly training: RecurrentTraining[] };
  initializers: { readonly truncatedNormalDeviation: number; readonly shapes: InitializerCase[] };
}

export function isReferenceTensor(x: unknown): x is ReferenceTensor {
  return typeof x === 'object' && x !== null && 'shape' in x && 'dtype' in x && 'data' in x;
}

/** The values of an argument, rounded to its dtype. */
export function values(t: ReferenceTensor): Float32Array | Int32Array | Uint8Array {
  if (t.dtype === 'float32') return Float32Array.from(t.data);
  return t.dtype === 'int32' ? Int32Array.from(t.data) : Uint8Array.from(t.data);
}

/**
 * The arguments of a call, options last. An argument that was left out (`null`) becomes `undefined`, but for `slice`,
 * where `null` takes a whole axis.
 */
export function callArguments(operation: string, { args, options }: Call): Argument[] {
  const given = operation === 'slice' ? [...args] : args.map((x) => (x === null ? undefined : x));
  return options === undefined ? given : [...given, options];
}

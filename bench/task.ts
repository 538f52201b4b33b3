/** A matrix product [m, k] · [k, n]. A transposed operand is stored transposed in memory. */
export interface Product {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/** Products of float32 matrices, one after another. */
export interface MatmulTask {
  readonly kind: 'matmul';
  readonly products: readonly Product[];
  /** See `KeepOnDevice`. */
  readonly resident?: KeepOnDevice;
}

/**
 * Set if the result stays on the device: each run overwrites a tensor there, and one number of the last result is read,
 * so that all of them have been computed. Otherwise each run makes a new result.
 */
export type KeepOnDevice = true;

/**
 * Steps of training a classifier: Dense layers with relu between them, Dropout after the first relu, softmax
 * cross-entropy, Adam with learning rate 1e-3. Steps use `batches` batches in turn.
 */
export interface TrainingTask {
  readonly kind: 'training';
  readonly layers: readonly number[];
  readonly dropout: number;
  readonly batch: number;
  readonly batches: number;
  /** Whether each step on a GPU is awaited before the next one starts. */
  readonly awaited?: true;
}

/**
 * x * 1.5 + 0.25, then tanh or relu, over `size` numbers. With `chained` each run has the result of the run before it as its x.
 */
export interface ElementwiseTask {
  readonly kind: 'elementwise';
  readonly size: number;
  readonly last: 'tanh' | 'relu';
  readonly chained?: boolean;
  readonly resident?: KeepOnDevice;
}

/** Sums of `rows` x `columns` nonnegative numbers: over all of them, or over one axis. */
export interface ReductionTask {
  readonly kind: 'reduction';
  readonly rows: number;
  readonly columns: number;
  /** The axis that is summed over. */
  readonly over: 'all' | 'columns' | 'rows';
  readonly resident?: KeepOnDevice;
}

/** Along the rows of `rows` x `columns` numbers: sorting, the 10 or 100 largest in order, or cumulative sums. */
export interface OrderTask {
  readonly kind: 'order';
  readonly rows: number;
  readonly columns: number;
  readonly operation: 'sort' | 'top 10' | 'top 100' | 'cumsum';
}

/** How many elements `top 10` and `top 100` take. */
export const countOf = ({ operation }: OrderTask): number => Number(operation.slice(4));

/** A step of Adam for the loss sum(p * g) over `size` parameters p: its gradient is the constant g. */
export interface AdamTask {
  readonly kind: 'adam';
  readonly size: number;
}

/**
 * A convolution of square images with a square kernel, stride 1 and padding `same`. With `gradients` also the gradients of
 * the images and of the kernel, for a given gradient of the result.
 */
export interface ConvolutionTask {
  readonly kind: 'convolution';
  readonly batch: number;
  /** Height and width of the images. */
  readonly size: number;
  readonly inputs: number;
  readonly outputs: number;
  /** Height and width of the kernel, an odd number. */
  readonly kernelSize: number;
  readonly gradients: boolean;
}

/**
 * Max-pooling of square images with windows that do not overlap. With `gradients` also the gradient of the images, for a
 * given gradient of the result.
 */
export interface PoolingTask {
  readonly kind: 'pooling';
  readonly batch: number;
  /** Height and width of the images, a multiple of `window`. */
  readonly size: number;
  readonly channels: number;
  /** Height and width of a window. */
  readonly window: number;
  readonly gradients: boolean;
}

/**
 * Steps of training a classifier of square images: convolutions (`same`) with bias and relu, a max-pooling of
 * 2 x 2 after each, then a Dense layer; softmax cross-entropy, Adam with learning rate 1e-3. Steps use `batches`
 * batches in turn.
 */
export interface ConvnetTask {
  readonly kind: 'convnet';
  /** Height and width of the images. */
  readonly size: number;
  /** Channels of the images, then the outputs of each convolution. */
  readonly channels: readonly number[];
  readonly kernelSize: number;
  readonly classes: number;
  readonly batch: number;
  readonly batches: number;
}

/**
 * Steps of training a small GPT: token and position embeddings, then blocks of causal attention and a GELU network, each
 * behind a layer normalization, then a normalization and a Dense layer without bias; softmax cross-entropy of the next
 * token, Adam with learning rate 1e-3. Steps use `batches` batches in turn.
 */
export interface GptTask {
  readonly kind: 'gpt';
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  /** Tokens in a sample. */
  readonly length: number;
  /** Number of different tokens. */
  readonly vocabulary: number;
  readonly batch: number;
  readonly batches: number;
}

/**
 * Generation of `tokens` tokens after a prompt, each the most probable one, by the network of `GptTask`. With `cache` the model
 * sees each token once and keeps keys and values, else it sees all of the context for each token.
 */
export interface GenerationTask extends Omit<GptTask, 'kind' | 'length' | 'batches'> {
  readonly kind: 'generation';
  readonly prompt: number;
  readonly tokens: number;
  readonly cache: boolean;
}

/**
 * Steps of training a recurrent layer, as PyTorch defines it (`LSTM`, `GRU`): the loss is the sum of the squares of all its
 * outputs for a sequence, Adam with learning rate 1e-3. Steps use `batches` batches in turn.
 */
export interface RecurrentTask {
  readonly kind: 'recurrent';
  readonly cell: 'lstm' | 'gru';
  readonly inputs: number;
  readonly width: number;
  /** Steps in a sequence. */
  readonly length: number;
  readonly batch: number;
  readonly batches: number;
}

/** Networks of the MNIST example: `reference`, `lenet`, `cnn`. */
export type ExampleNetwork = 'reference' | 'lenet' | 'cnn';

/**
 * Epochs of `fit` over random images, with shuffling and accuracy; ndgrad only.
 */
export interface FitTask {
  readonly kind: 'fit';
  readonly network: ExampleNetwork;
  readonly batch: number;
  readonly batches: number;
}

/**
 * A loop in registers on a GPU. Each iteration of each thread does 128 multiplications and 128 additions.
 */
export interface PeakTask {
  readonly kind: 'peak';
  readonly threads: number;
  readonly iterations: number;
}

/** A copy of `size` floats in the memory of a GPU. */
export interface CopyTask {
  readonly kind: 'copy';
  readonly size: number;
}

/** A task for a library: plain data, since it is sent to another process. */
export type Task =
  | MatmulTask
  | TrainingTask
  | ElementwiseTask
  | AdamTask
  | ConvolutionTask
  | PoolingTask
  | ConvnetTask
  | GptTask
  | GenerationTask
  | RecurrentTask
  | ReductionTask
  | OrderTask
  | FitTask
  | PeakTask
  | CopyTask;

/** Adam's settings in every library. */
export const adam = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;

/** The constants of the elementwise task, exact in float32. */
export const elementwise = { factor: 1.5, summand: 0.25 } as const;

/** Numbers uniformly distributed over [low, high), the same in every process (generator: mulberry32). */
export function uniform(size: number, low: number, high: number, seed: number): Float32Array {
  const values = new Float32Array(size);
  let state = seed;
  for (let i = 0; i < size; i++) {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    values[i] = low + ((high - low) * ((t ^ (t >>> 14)) >>> 0)) / 2 ** 32;
  }
  return values;
}

/** A matrix, stored row by row. */
export interface Matrix {
  readonly values: Float32Array;
  readonly shape: readonly [rows: number, columns: number];
}

/** The operands of a product as they are stored: a transposed operand has its axes exchanged. */
export function operands({ m, k, n, transposeA, transposeB }: Product, seed: number): [a: Matrix, b: Matrix] {
  return [
    { values: uniform(m * k, -1, 1, seed), shape: transposeA ? [k, m] : [m, k] },
    { values: uniform(k * n, -1, 1, seed + 1), shape: transposeB ? [n, k] : [k, n] },
  ];
}

/** The initial values of a Dense layer. */
export interface DenseValues {
  readonly inputs: number;
  readonly outputs: number;
  /** [inputs, outputs]. */
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
}

/** Labeled samples of all batches. */
export interface Samples {
  /** Sample by sample. */
  readonly x: Float32Array;
  /** The classes. */
  readonly labels: Int32Array;
  /** The classes, one-hot encoded, [batches * batch, classes]. */
  readonly oneHot: Float32Array;
}

export interface TrainingData extends Samples {
  readonly layers: readonly DenseValues[];
}

/** `count` samples of `width` numbers with their classes. */
export function randomSamples(count: number, width: number, classes: number): Samples {
  const labels = Int32Array.from(uniform(count, 0, classes, 1));
  const oneHot = new Float32Array(count * classes);
  labels.forEach((label, i) => {
    oneHot[i * classes + label] = 1;
  });
  return { x: uniform(count * width, 0, 1, 2), labels, oneHot };
}

function denseValues(inputs: number, outputs: number, seed: number): DenseValues {
  const limit = Math.sqrt(6 / (inputs + outputs));
  const kernel = uniform(inputs * outputs, -limit, limit, seed);
  return { inputs, outputs, kernel, bias: new Float32Array(outputs) };
}

/** Initial values and samples of a training task, the same in every process. */
export function trainingData({ layers, batch, batches }: TrainingTask): TrainingData {
  return {
    layers: layers.slice(1).map((outputs, i) => denseValues(layers[i]!, outputs, 100 + i)),
    ...randomSamples(batch * batches, layers[0]!, layers.at(-1)!),
  };
}

/** Inputs of a convolution: images channels last, kernel [height, width, inputs, outputs]. */
export interface ConvolutionData {
  readonly x: Float32Array;
  readonly kernel: Float32Array;
  /** The gradient of the result. */
  readonly gradient: Float32Array;
}

export function convolutionData(task: ConvolutionTask): ConvolutionData {
  const { batch, size, inputs, outputs, kernelSize } = task;
  return {
    x: uniform(batch * size ** 2 * inputs, -1, 1, 1),
    kernel: uniform(kernelSize ** 2 * inputs * outputs, -1, 1, 2),
    gradient: uniform(batch * size ** 2 * outputs, -1, 1, 3),
  };
}

/** The images [batch, size, size, channels], nonnegative as after relu, and the gradient of the result. */
export function poolingData({ batch, size, channels, window }: PoolingTask): {
  readonly x: Float32Array;
  readonly gradient: Float32Array;
} {
  return {
    x: uniform(batch * size ** 2 * channels, 0, 1, 1),
    gradient: uniform(batch * (size / window) ** 2 * channels, -1, 1, 2),
  };
}

/** The initial values of a convolution. */
export interface ConvolutionValues {
  readonly inputs: number;
  readonly outputs: number;
  /** [kernelSize, kernelSize, inputs, outputs]. */
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
}

export interface ConvnetData extends Samples {
  readonly convolutions: readonly ConvolutionValues[];
  /** Height and width of the result of the last pooling. */
  readonly outputSize: number;
  /** Its inputs are those images, flattened in the order height, width, channels. */
  readonly dense: DenseValues;
}

/** Initial values and samples of a convnet task, the same in every process. */
export function convnetData(task: ConvnetTask): ConvnetData {
  const { size, channels, kernelSize, classes, batch, batches } = task;
  const outputSize = size / 2 ** (channels.length - 1);
  return {
    convolutions: channels.slice(1).map((outputs, i) => {
      const inputs = channels[i]!;
      const limit = Math.sqrt(6 / (kernelSize ** 2 * (inputs + outputs)));
      const kernel = uniform(kernelSize ** 2 * inputs * outputs, -limit, limit, 100 + i);
      return { inputs, outputs, kernel, bias: new Float32Array(outputs) };
    }),
    outputSize,
    dense: denseValues(outputSize ** 2 * channels.at(-1)!, classes, 99),
    ...randomSamples(batch * batches, size ** 2 * channels[0]!, classes),
  };
}

/** A Parameter of a GPT and its initial values. */
export interface GptParameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

export interface GptData {
  readonly parameters: readonly GptParameter[];
  /** [batches * batch, length]. */
  readonly tokens: Int32Array;
  /** The token that follows each of them. */
  readonly next: Int32Array;
}

/** Initial values and tokens of a GPT, the same in every process. */
export function gptData({ layers, width, length, vocabulary, batch, batches }: GptTask): GptData {
  const parameters: GptParameter[] = [];
  const add = (name: string, shape: readonly number[], make: (size: number) => Float32Array) => {
    const size = shape.reduce((a, b) => a * b, 1);
    parameters.push({ name, shape, values: make(size) });
  };
  const matrix = (name: string, rows: number, columns: number, limit = Math.sqrt(3 / rows)) =>
    add(name, [rows, columns], (size) => uniform(size, -limit, limit, 100 + parameters.length));
  const dense = (name: string, inputs: number, outputs: number) => {
    matrix(`${name}.kernel`, inputs, outputs);
    add(`${name}.bias`, [outputs], (size) => new Float32Array(size));
  };
  const norm = (name: string) => {
    add(`${name}.gamma`, [width], (size) => new Float32Array(size).fill(1));
    add(`${name}.beta`, [width], (size) => new Float32Array(size));
  };
  matrix('tokens', vocabulary, width, 0.03);
  matrix('positions', length, width, 0.03);
  for (let i = 0; i < layers; i++) {
    norm(`${i}.norm1`);
    dense(`${i}.qkv`, width, 3 * width);
    dense(`${i}.projection`, width, width);
    norm(`${i}.norm2`);
    dense(`${i}.up`, width, 4 * width);
    dense(`${i}.down`, 4 * width, width);
  }
  norm('norm');
  matrix('head', width, vocabulary);
  const count = batches * batch * length;
  return {
    parameters,
    tokens: Int32Array.from(uniform(count, 0, vocabulary, 1)),
    next: Int32Array.from(uniform(count, 0, vocabulary, 2)),
  };
}

/** The network that generates, with samples as long as prompt and tokens together. */
export const gptOf = ({ prompt, tokens, cache, ...network }: GenerationTask): GptTask => ({
  ...network,
  kind: 'gpt',
  length: prompt + tokens,
  batches: 1,
});

export interface RecurrentData {
  /** [batches, length, batch, inputs]. */
  readonly x: Float32Array;
  /** [inputs, gates * width] and [width, gates * width], gates in PyTorch's order: i, f, g, o and r, z, n. */
  readonly inputKernel: Float32Array;
  readonly recurrentKernel: Float32Array;
  /** [gates * width]. */
  readonly inputBias: Float32Array;
  readonly recurrentBias: Float32Array;
}

export const gatesOf = ({ cell }: RecurrentTask): number => (cell === 'lstm' ? 4 : 3);

/** Sequences and initial values of a recurrent task, the same in every process. */
export function recurrentData(task: RecurrentTask): RecurrentData {
  const { inputs, width, length, batch, batches } = task;
  const columns = gatesOf(task) * width;
  const limit = 1 / Math.sqrt(width);
  const values = (size: number, seed: number) => uniform(size, -limit, limit, seed);
  return {
    x: uniform(batches * length * batch * inputs, -1, 1, 1),
    inputKernel: values(inputs * columns, 2),
    recurrentKernel: values(width * columns, 3),
    inputBias: values(columns, 4),
    recurrentBias: values(columns, 5),
  };
}

/** Permutes axes: axis i of the result is axis `order[i]` of `shape`. */
export function permute(
  values: ArrayLike<number>,
  shape: readonly number[],
  order: readonly number[],
): Float32Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const permuted = new Float32Array(values.length);
  let at = 0;
  const copy = (axis: number, from: number): void => {
    const [extent, stride] = [shape[order[axis]!]!, strides[order[axis]!]!];
    for (let i = 0; i < extent; i++) {
      if (axis + 1 < order.length) copy(axis + 1, from + i * stride);
      else permuted[at++] = values[from + i * stride]!;
    }
  };
  copy(0, 0);
  return permuted;
}

/** Permutations to the axis orders of other libraries for images and kernels of convolutions, and back. */
export const layouts = {
  /** [N, height, width, channels] to [N, channels, height, width]. */
  channelsFirst: [0, 3, 1, 2],
  /** [N, channels, height, width] to [N, height, width, channels]. */
  channelsLast: [0, 2, 3, 1],
  /** [height, width, inputs, outputs] to [outputs, inputs, height, width]. */
  outputsFirst: [3, 2, 0, 1],
  /** [outputs, inputs, height, width] to [height, width, inputs, outputs]. */
  outputsLast: [2, 3, 1, 0],
} as const;

/** The matrix products of one step: forward, for the gradients of the kernels, and for those of the activations. */
export function productsOfStep({ layers, batch }: TrainingTask): Product[] {
  return layers.slice(1).flatMap((outputs, i) => {
    const inputs = layers[i]!;
    const forward = { m: batch, k: inputs, n: outputs };
    const kernel = { m: inputs, k: batch, n: outputs, transposeA: true };
    const activation = { m: batch, k: outputs, n: inputs, transposeB: true };
    return i === 0 ? [forward, kernel] : [forward, kernel, activation];
  });
}

/** Multiplications and additions of a peak task's loop. */
export const peakFlops = ({ threads, iterations }: PeakTask): number => threads * iterations * 256;

/** Floating-point operations of products. */
export const flops = (products: readonly Product[]): number =>
  products.reduce((sum, { m, k, n }) => sum + 2 * m * k * n, 0);

/** The matrix product that equals a convolution with its windows written out as rows. */
export const productOf = ({ batch, size, inputs, outputs, kernelSize }: ConvolutionTask): Product => ({
  m: batch * size ** 2,
  k: kernelSize ** 2 * inputs,
  n: outputs,
});

/** Floating-point operations of the matrix products of a step: forward, and for the gradients of both operands. */
export function gptFlops({ layers, width, length, vocabulary, batch }: GptTask): number {
  const dense = layers * 12 * width ** 2 + width * vocabulary;
  const attention = layers * 2 * length * width;
  return 3 * 2 * batch * length * (dense + attention);
}

/** Floating-point operations of the matrix products of a step. The sequences have no gradient. */
export function recurrentFlops(task: RecurrentTask): number {
  const { inputs, width, length, batch } = task;
  return 2 * length * batch * gatesOf(task) * width * (2 * inputs + 3 * width);
}

/** Floating-point operations of a convolution, including those with padding, and of its gradients. */
export const convolutionFlops = (task: ConvolutionTask): number =>
  (task.gradients ? 3 : 1) * flops([productOf(task)]);

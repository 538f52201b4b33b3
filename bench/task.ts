/** A matrix product [m, k] · [k, n]; a transposed operand lies in memory the other way round. */
export interface Product {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/** Some matrix products of float32 matrices, one after the other. */
export interface MatmulTask {
  readonly kind: 'matmul';
  readonly products: readonly Product[];
}

/**
 * Steps of training a classifier: Dense layers with relu between them, Dropout after the first relu, softmax
 * cross-entropy, Adam with learning rate 1e-3. Each step has the next of `batches` batches.
 */
export interface TrainingTask {
  readonly kind: 'training';
  readonly layers: readonly number[];
  readonly dropout: number;
  readonly batch: number;
  readonly batches: number;
}

/** x * 1.5 + 0.25, then tanh or relu, over `size` numbers. */
export interface ElementwiseTask {
  readonly kind: 'elementwise';
  readonly size: number;
  readonly last: 'tanh' | 'relu';
}

/** A step of Adam for the loss sum(p * g) over `size` parameters p: its gradient is the constant g. */
export interface AdamTask {
  readonly kind: 'adam';
  readonly size: number;
}

/** What a contestant can be asked to do: plain data, since it crosses to another process. */
export type Task = MatmulTask | TrainingTask | ElementwiseTask | AdamTask;

/** Adam's settings in every library. */
export const adam = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;

/** The elementwise task's numbers; all of them are exact in float32. */
export const elementwise = { factor: 1.5, summand: 0.25 } as const;

/** Numbers evenly distributed over [low, high), the same in every process (the generator is mulberry32). */
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

/** A matrix in memory, row by row. */
export interface Matrix {
  readonly values: Float32Array;
  readonly shape: readonly [rows: number, columns: number];
}

/** The operands of a product as they lie in memory: those that are transposed, transposed. */
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

export interface TrainingData {
  readonly layers: readonly DenseValues[];
  /** The inputs of all batches, [batches * batch, layers[0]]. */
  readonly x: Float32Array;
  /** The classes. */
  readonly labels: Int32Array;
  /** The classes as rows with a single 1, [batches * batch, classes]. */
  readonly oneHot: Float32Array;
}

/** What a training task starts with; the same in every process. */
export function trainingData({ layers, batch, batches }: TrainingTask): TrainingData {
  const samples = batch * batches;
  const classes = layers.at(-1)!;
  const labels = Int32Array.from(uniform(samples, 0, classes, 1));
  const oneHot = new Float32Array(samples * classes);
  labels.forEach((label, i) => {
    oneHot[i * classes + label] = 1;
  });
  return {
    layers: layers.slice(1).map((outputs, i) => {
      const inputs = layers[i]!;
      const limit = Math.sqrt(6 / (inputs + outputs));
      const kernel = uniform(inputs * outputs, -limit, limit, 100 + i);
      return { inputs, outputs, kernel, bias: new Float32Array(outputs) };
    }),
    x: uniform(samples * layers[0]!, 0, 1, 2),
    labels,
    oneHot,
  };
}

/** The matrix products of one step: forward, for the gradients of kernels and for those of activations. */
export function productsOfStep({ layers, batch }: TrainingTask): Product[] {
  return layers.slice(1).flatMap((outputs, i) => {
    const inputs = layers[i]!;
    const forward = { m: batch, k: inputs, n: outputs };
    const kernel = { m: inputs, k: batch, n: outputs, transposeA: true };
    const activation = { m: batch, k: outputs, n: inputs, transposeB: true };
    return i === 0 ? [forward, kernel] : [forward, kernel, activation];
  });
}

/** Floating-point operations of products. */
export const flops = (products: readonly Product[]): number =>
  products.reduce((sum, { m, k, n }) => sum + 2 * m * k * n, 0);

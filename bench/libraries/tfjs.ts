import { fileURLToPath } from 'node:url';
import type { LibraryProgram, PreparedTask } from '../library-program.ts';
import { importPeer } from '../peers.ts';
import { serve } from '../serve.ts';
import * as task from '../task.ts';

// The part of @tensorflow/tfjs that is used. Its own types are missing if it is not installed.
interface Tensor {
  mul(x: Tensor | number): Tensor;
  add(x: Tensor | number): Tensor;
  matMul(x: Tensor): Tensor;
  sub(x: Tensor): Tensor;
  sum(): Tensor;
  square(): Tensor;
  sigmoid(): Tensor;
  slice(begin: readonly number[], size: readonly number[]): Tensor;
  tanh(): Tensor;
  relu(): Tensor;
  reshape(shape: readonly number[]): Tensor;
  data(): Promise<Float32Array>;
  dispose(): void;
}
interface Optimizer {
  minimize(loss: () => Tensor, returnCost: true, variables: readonly Tensor[]): Tensor;
  dispose(): void;
}
interface Tfjs {
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  tensor(values: Float32Array, shape: readonly number[]): Tensor;
  variable(initial: Tensor): Tensor;
  zeros(shape: readonly number[]): Tensor;
  stack(tensors: readonly Tensor[]): Tensor;
  matMul(a: Tensor, b: Tensor, transposeA?: boolean, transposeB?: boolean): Tensor;
  dropout(x: Tensor, rate: number): Tensor;
  conv2d(x: Tensor, kernel: Tensor, strides: number, padding: 'same'): Tensor;
  topk(x: Tensor, k: number): { readonly values: Tensor; readonly indices: Tensor };
  cumsum(x: Tensor, axis: number): Tensor;
  maxPool(x: Tensor, window: number, strides: number, padding: 'valid'): Tensor;
  valueAndGrads(
    f: (...inputs: Tensor[]) => Tensor,
  ): (inputs: readonly Tensor[], gradient: Tensor) => { value: Tensor; grads: Tensor[] };
  tidy<T>(work: () => T): T;
  readonly losses: { softmaxCrossEntropy(oneHot: Tensor, logits: Tensor): Tensor };
  readonly train: { adam(rate: number, beta1: number, beta2: number, epsilon: number): Optimizer };
}
interface WasmBackend {
  setWasmPaths(folder: string): void;
  getThreadsCount(): number;
}

const backend = process.argv[3]!;

async function setBackend(tf: Tfjs): Promise<void> {
  if (!(await tf.setBackend(backend))) throw new Error(`tfjs has no backend ${backend} here`);
  await tf.ready();
}

// Both backends are synchronous, so each result has been computed when its call returns.

function computing(make: () => Tensor[], tensors: readonly Tensor[]): PreparedTask {
  return {
    async run(times) {
      for (let i = 0; i < times; i++) for (const t of make()) t.dispose();
    },
    async result() {
      const values: number[] = [];
      for (const t of make()) {
        for (const value of await t.data()) values.push(value);
        t.dispose();
      }
      return values;
    },
    dispose() {
      for (const t of tensors) t.dispose();
    },
  };
}

function matmul(tf: Tfjs, { products }: task.MatmulTask): PreparedTask {
  const pairs = products.map((product, i) => {
    const [a, b] = task.operands(product, i).map(({ values, shape }) => tf.tensor(values, shape));
    return { a: a!, b: b!, product };
  });
  return computing(
    () => pairs.map(({ a, b, product: p }) => tf.matMul(a, b, p.transposeA, p.transposeB)),
    pairs.flatMap(({ a, b }) => [a, b]),
  );
}

/** It sorts with `topk` of all elements. */
function order(tf: Tfjs, wanted: task.OrderTask): PreparedTask {
  const { rows, columns, operation } = wanted;
  const x = tf.tensor(task.uniform(rows * columns, -1, 1, 1), [rows, columns]);
  if (operation === 'cumsum') return computing(() => [tf.cumsum(x, 1)], [x]);
  if (operation !== 'sort') {
    const k = task.countOf(wanted);
    return computing(() => {
      const { values, indices } = tf.topk(x, k);
      return [values, indices];
    }, [x]);
  }
  return computing(() => tf.tidy(() => [tf.topk(x.mul(-1), columns).values.mul(-1)]), [x]);
}

function elementwise(tf: Tfjs, { size, last, chained }: task.ElementwiseTask): PreparedTask {
  const x = tf.tensor(task.uniform(size, -2, 2, 1), [size]);
  const { factor, summand } = task.elementwise;
  const make = (from = x) =>
    tf.tidy(() => {
      const y = from.mul(factor).add(summand);
      return [last === 'tanh' ? y.tanh() : y.relu()];
    });
  const single = computing(make, [x]);
  if (!chained) return single;
  let latest = x;
  return {
    ...single,
    async run(times) {
      for (let i = 0; i < times; i++) {
        const [next] = make(latest);
        if (latest !== x) latest.dispose();
        latest = next!;
      }
    },
    dispose() {
      if (latest !== x) latest.dispose();
      single.dispose?.();
    },
  };
}

function optimizer(tf: Tfjs): Optimizer {
  const { learningRate, beta1, beta2, epsilon } = task.adam;
  return tf.train.adam(learningRate, beta1, beta2, epsilon);
}

function adam(tf: Tfjs, { size }: task.AdamTask): PreparedTask {
  const variable = (seed: number) =>
    tf.tidy(() => tf.variable(tf.tensor(task.uniform(size, -1, 1, seed), [size])));
  const p = variable(1);
  const g = variable(2);
  const minimizer = optimizer(tf);
  const step = () => minimizer.minimize(() => p.mul(g).sum(), true, [p]).dispose();
  return {
    async run(times) {
      for (let i = 0; i < times; i++) step();
    },
    async result() {
      step();
      return p.data();
    },
    dispose() {
      for (const resource of [p, g, minimizer]) resource.dispose();
    },
  };
}

/** The result of f and, if `gradient` is given, the gradients of the inputs. */
function differentiating(
  tf: Tfjs,
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  gradient: Tensor | null,
): PreparedTask {
  const make = (): Tensor[] =>
    tf.tidy(() => {
      if (gradient === null) return [f(...inputs)];
      const { value, grads } = tf.valueAndGrads(f)(inputs, gradient);
      return [value, ...grads];
    });
  return computing(make, gradient === null ? inputs : [...inputs, gradient]);
}

function convolution(tf: Tfjs, wanted: task.ConvolutionTask): PreparedTask | null {
  const { batch, size, inputs, outputs, kernelSize, gradients } = wanted;
  if (gradients && backend === 'wasm') return null; // its backend has no gradient of the kernel
  const data = task.convolutionData(wanted);
  const x = tf.tensor(data.x, [batch, size, size, inputs]);
  const kernel = tf.tensor(data.kernel, [kernelSize, kernelSize, inputs, outputs]);
  const gradient = gradients ? tf.tensor(data.gradient, [batch, size, size, outputs]) : null;
  const f = (x?: Tensor, kernel?: Tensor) => tf.conv2d(x!, kernel!, 1, 'same');
  return differentiating(tf, f, [x, kernel], gradient);
}

function pooling(tf: Tfjs, wanted: task.PoolingTask): PreparedTask {
  const { batch, size, channels, window, gradients } = wanted;
  const data = task.poolingData(wanted);
  const outputSize = size / window;
  const x = tf.tensor(data.x, [batch, size, size, channels]);
  const gradient = gradients ? tf.tensor(data.gradient, [batch, outputSize, outputSize, channels]) : null;
  return differentiating(tf, (x?: Tensor) => tf.maxPool(x!, window, window, 'valid'), [x], gradient);
}

/** Training steps over the batches in turn. `shape` is the shape of a sample. */
function fitting(
  tf: Tfjs,
  logits: (x: Tensor) => Tensor,
  variables: readonly Tensor[],
  data: task.Samples,
  shape: readonly number[],
  { batch, batches }: { readonly batch: number; readonly batches: number },
): PreparedTask {
  const adam = optimizer(tf);
  const width = shape.reduce((a, b) => a * b, 1);
  const classes = data.oneHot.length / data.labels.length;
  let at = 0;
  const step = (): Tensor =>
    tf.tidy(() => {
      const rows = (all: Float32Array, width: number, shape: readonly number[]) =>
        tf.tensor(all.subarray(at * batch * width, (at + 1) * batch * width), [batch, ...shape]);
      const x = rows(data.x, width, shape);
      const oneHot = rows(data.oneHot, classes, [classes]);
      at = (at + 1) % batches;
      return adam.minimize(() => tf.losses.softmaxCrossEntropy(oneHot, logits(x)), true, variables);
    });
  return {
    async run(times) {
      for (let i = 0; i < times; i++) step().dispose();
    },
    async result() {
      const loss = step();
      const values = await loss.data();
      loss.dispose();
      return values;
    },
    dispose() {
      for (const resource of [...variables, adam]) resource.dispose();
    },
  };
}

const variable = (tf: Tfjs, values: Float32Array, shape: readonly number[]): Tensor =>
  tf.tidy(() => tf.variable(tf.tensor(values, shape)));

function training(tf: Tfjs, wanted: task.TrainingTask): PreparedTask {
  const { dropout } = wanted;
  const data = task.trainingData(wanted);
  const layers = data.layers.map(({ inputs, outputs, kernel, bias }) => ({
    kernel: variable(tf, kernel, [inputs, outputs]),
    bias: variable(tf, bias, [outputs]),
  }));
  const variables = layers.flatMap(({ kernel, bias }) => [kernel, bias]);
  const logits = (x: Tensor): Tensor => {
    let h = x;
    for (const [i, { kernel, bias }] of layers.entries()) {
      h = h.matMul(kernel).add(bias);
      if (i < layers.length - 1) h = h.relu();
      if (i === 0 && dropout > 0) h = tf.dropout(h, dropout);
    }
    return h;
  };
  return fitting(tf, logits, variables, data, [wanted.layers[0]!], wanted);
}

function convnet(tf: Tfjs, wanted: task.ConvnetTask): PreparedTask | null {
  if (backend === 'wasm') return null; // see convolution
  const { batch, size, channels, kernelSize, classes } = wanted;
  const { convolutions, dense, ...data } = task.convnetData(wanted);
  const layers = convolutions.map(({ inputs, outputs, kernel, bias }) => ({
    kernel: variable(tf, kernel, [kernelSize, kernelSize, inputs, outputs]),
    bias: variable(tf, bias, [outputs]),
  }));
  const last = {
    kernel: variable(tf, dense.kernel, [dense.inputs, classes]),
    bias: variable(tf, dense.bias, [classes]),
  };
  const variables = [...layers, last].flatMap(({ kernel, bias }) => [kernel, bias]);
  const logits = (x: Tensor): Tensor => {
    let h = x;
    for (const { kernel, bias } of layers) {
      h = tf.maxPool(tf.conv2d(h, kernel, 1, 'same').add(bias).relu(), 2, 2, 'valid');
    }
    return h.reshape([batch, dense.inputs]).matMul(last.kernel).add(last.bias);
  };
  return fitting(tf, logits, variables, data, [size, size, channels[0]!], wanted);
}

/** Operation by operation; there are no kernels for whole layers. */
function recurrent(tf: Tfjs, wanted: task.RecurrentTask): PreparedTask | null {
  if (backend === 'cpu') return null; // a step takes many seconds
  const { cell, inputs, width, length, batch, batches } = wanted;
  const data = task.recurrentData(wanted);
  const columns = task.gatesOf(wanted) * width;
  const w = variable(tf, data.inputKernel, [inputs, columns]);
  const u = variable(tf, data.recurrentKernel, [width, columns]);
  const b = variable(tf, data.inputBias, [columns]);
  const c = variable(tf, data.recurrentBias, [columns]);
  const adam = optimizer(tf);
  const gate = (z: Tensor, k: number): Tensor => z.slice([0, k * width], [batch, width]);
  const lstm = (fromX: Tensor, [h, state]: readonly Tensor[]): Tensor[] => {
    const z = fromX.add(h!.matMul(u).add(c));
    const kept = gate(z, 1).sigmoid().mul(state!);
    const next = kept.add(gate(z, 0).sigmoid().mul(gate(z, 2).tanh()));
    return [gate(z, 3).sigmoid().mul(next.tanh()), next];
  };
  const gru = (fromX: Tensor, [h]: readonly Tensor[]): Tensor[] => {
    const fromH = h!.matMul(u).add(c);
    const reset = gate(fromX, 0).add(gate(fromH, 0)).sigmoid();
    const update = gate(fromX, 1).add(gate(fromH, 1)).sigmoid();
    const fresh = gate(fromX, 2)
      .add(reset.mul(gate(fromH, 2)))
      .tanh();
    return [fresh.add(update.mul(h!.sub(fresh)))];
  };
  let at = 0;
  const step = (): Tensor =>
    tf.tidy(() => {
      const size = length * batch * inputs;
      const x = tf.tensor(data.x.subarray(at * size, (at + 1) * size), [length * batch, inputs]);
      at = (at + 1) % batches;
      const loss = (): Tensor => {
        const fromX = x.matMul(w).add(b);
        const outputs: Tensor[] = [];
        let carries = Array.from({ length: cell === 'lstm' ? 2 : 1 }, () => tf.zeros([batch, width]));
        for (let t = 0; t < length; t++) {
          const now = fromX.slice([t * batch, 0], [batch, columns]);
          carries = cell === 'lstm' ? lstm(now, carries) : gru(now, carries);
          outputs.push(carries[0]!);
        }
        return tf
          .stack(outputs)
          .square()
          .sum()
          .mul(1 / batch);
      };
      return adam.minimize(loss, true, [w, u, b, c]);
    });
  return {
    async run(times) {
      for (let i = 0; i < times; i++) step().dispose();
    },
    async result() {
      const loss = step();
      const values = await loss.data();
      loss.dispose();
      return values;
    },
    dispose() {
      for (const resource of [w, u, b, c, adam]) resource.dispose();
    },
  };
}

await serve(async (): Promise<LibraryProgram> => {
  const tf = await importPeer<Tfjs>('@tensorflow/tfjs');
  let about = 'backend cpu, 1 thread';
  if (backend === 'wasm') {
    const wasm = await importPeer<WasmBackend>('@tensorflow/tfjs-backend-wasm');
    const folder = new URL('../node_modules/@tensorflow/tfjs-backend-wasm/dist/', import.meta.url);
    wasm.setWasmPaths(fileURLToPath(folder));
    await setBackend(tf);
    about = `backend wasm with SIMD, ${wasm.getThreadsCount()} thread`;
  } else {
    await setBackend(tf);
  }
  return {
    about,
    async prepare(wanted) {
      if (wanted.kind === 'matmul') return matmul(tf, wanted);
      if (wanted.kind === 'training') return training(tf, wanted);
      if (wanted.kind === 'elementwise') return elementwise(tf, wanted);
      if (wanted.kind === 'order') return order(tf, wanted);
      if (wanted.kind === 'convolution') return convolution(tf, wanted);
      if (wanted.kind === 'pooling') return pooling(tf, wanted);
      if (wanted.kind === 'convnet') return convnet(tf, wanted);
      if (wanted.kind === 'recurrent') return recurrent(tf, wanted);
      return wanted.kind === 'adam' ? adam(tf, wanted) : null;
    },
  };
});

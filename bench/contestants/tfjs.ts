import { fileURLToPath } from 'node:url';
import type { Library, Prepared } from '../library.ts';
import { importPeer } from '../peers.ts';
import { serve } from '../serve.ts';
import * as task from '../task.ts';

// What is used of @tensorflow/tfjs, whose types are not there where it is not installed.
interface Tensor {
  mul(x: Tensor | number): Tensor;
  add(x: Tensor | number): Tensor;
  matMul(x: Tensor): Tensor;
  sum(): Tensor;
  tanh(): Tensor;
  relu(): Tensor;
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
  matMul(a: Tensor, b: Tensor, transposeA?: boolean, transposeB?: boolean): Tensor;
  dropout(x: Tensor, rate: number): Tensor;
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

// Both backends compute at the call, so that nothing is left to wait for when it returns.

function computing(make: () => Tensor[], tensors: readonly Tensor[]): Prepared {
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

function matmul(tf: Tfjs, { products }: task.MatmulTask): Prepared {
  const pairs = products.map((product, i) => {
    const [a, b] = task.operands(product, i).map(({ values, shape }) => tf.tensor(values, shape));
    return { a: a!, b: b!, product };
  });
  return computing(
    () => pairs.map(({ a, b, product: p }) => tf.matMul(a, b, p.transposeA, p.transposeB)),
    pairs.flatMap(({ a, b }) => [a, b]),
  );
}

function elementwise(tf: Tfjs, { size, last }: task.ElementwiseTask): Prepared {
  const x = tf.tensor(task.uniform(size, -2, 2, 1), [size]);
  const { factor, summand } = task.elementwise;
  const make = () =>
    tf.tidy(() => {
      const y = x.mul(factor).add(summand);
      return [last === 'tanh' ? y.tanh() : y.relu()];
    });
  return computing(make, [x]);
}

function optimizer(tf: Tfjs): Optimizer {
  const { learningRate, beta1, beta2, epsilon } = task.adam;
  return tf.train.adam(learningRate, beta1, beta2, epsilon);
}

function adam(tf: Tfjs, { size }: task.AdamTask): Prepared {
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

function training(tf: Tfjs, wanted: task.TrainingTask): Prepared {
  const { batch, batches, dropout } = wanted;
  const data = task.trainingData(wanted);
  const inputs = wanted.layers[0]!;
  const classes = wanted.layers.at(-1)!;
  const variable = (values: Float32Array, shape: readonly number[]) =>
    tf.tidy(() => tf.variable(tf.tensor(values, shape)));
  const layers = data.layers.map(({ inputs, outputs, kernel, bias }) => ({
    kernel: variable(kernel, [inputs, outputs]),
    bias: variable(bias, [outputs]),
  }));
  const variables = layers.flatMap(({ kernel, bias }) => [kernel, bias]);
  const adam = optimizer(tf);
  const logits = (x: Tensor): Tensor => {
    let h = x;
    for (const [i, { kernel, bias }] of layers.entries()) {
      h = h.matMul(kernel).add(bias);
      if (i < layers.length - 1) h = h.relu();
      if (i === 0 && dropout > 0) h = tf.dropout(h, dropout);
    }
    return h;
  };
  let at = 0;
  const step = (): Tensor =>
    tf.tidy(() => {
      const rows = (all: Float32Array, width: number) =>
        tf.tensor(all.subarray(at * batch * width, (at + 1) * batch * width), [batch, width]);
      const x = rows(data.x, inputs);
      const oneHot = rows(data.oneHot, classes);
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

await serve(async (): Promise<Library> => {
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
      return adam(tf, wanted);
    },
  };
});

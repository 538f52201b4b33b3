import {
  gpuInFlight,
  type LibraryProgram,
  type PreparedTask,
  runInFlight,
  Unavailable,
} from '../library-program.ts';
import { importPeer } from '../peers.ts';
import { serve } from '../serve.ts';
import * as task from '../task.ts';
import { adapterName, openAdapter } from '../webgpu.ts';

// The part of @jax-js/jax that is used. Its own types are missing if it is not installed. Every function takes ownership of
// its arguments; `x.ref` is x with one more owner.
interface Tensor {
  readonly ref: Tensor;
  add(x: Tensor | number): Tensor;
  sub(x: Tensor | number): Tensor;
  mul(x: Tensor | number): Tensor;
  div(x: Tensor | number): Tensor;
  readonly shape: readonly number[];
  sum(axis?: number): Tensor;
  reshape(shape: readonly number[]): Tensor;
  transpose(): Tensor;
  data(): Promise<Float32Array>;
  dispose(): void;
}
interface Jax {
  init(device: Device): Promise<readonly string[]>;
  defaultDevice(device: Device): void;
  jit<In extends unknown[], Out>(f: (...inputs: In) => Out): (...inputs: In) => Out;
  valueAndGrad(
    f: (parameters: Tensor[]) => Tensor,
  ): (parameters: Tensor[]) => [value: Tensor, gradients: Tensor[]];
  vjp(
    f: (...inputs: Tensor[]) => Tensor,
    inputs: readonly Tensor[],
  ): [value: Tensor, back: ((gradient: Tensor) => Tensor[]) & { dispose(): void }];
  blockUntilReady(tensors: readonly Tensor[]): Promise<unknown>;
  readonly numpy: {
    array(values: Float32Array | number): Tensor;
    zeros(shape: readonly number[]): Tensor;
    matmul(a: Tensor, b: Tensor): Tensor;
    tanh(x: Tensor): Tensor;
    sqrt(x: Tensor): Tensor;
    square(x: Tensor): Tensor;
    max(x: Tensor): Tensor;
    where(condition: Tensor, a: Tensor, b: Tensor | number): Tensor;
  };
  readonly lax: {
    conv(x: Tensor, kernel: Tensor, strides: readonly number[], padding: 'SAME'): Tensor;
    reduceWindow(
      x: Tensor,
      reduce: (window: Tensor) => Tensor,
      window: readonly number[],
      strides: readonly number[],
    ): Tensor;
  };
  readonly nn: { relu(x: Tensor): Tensor; logSoftmax(x: Tensor): Tensor };
  readonly random: {
    key(seed: number): Tensor;
    bernoulli(key: Tensor, p: number, shape: readonly number[]): Tensor;
  };
}

type Device = 'wasm' | 'webgpu';
const device: Device = process.argv[3] === 'webgpu' ? 'webgpu' : 'wasm';
/** Runs in flight. On WebAssembly each run has finished when its call returns. */
const inFlight = device === 'webgpu' ? gpuInFlight : 1;

const refs = (tensors: readonly Tensor[]): Tensor[] => tensors.map((t) => t.ref);

function dispose(tensors: readonly Tensor[]): void {
  for (const t of tensors) t.dispose();
}

type Rearrange = (values: Float32Array, shape: readonly number[], i: number) => Float32Array;

/** A task that calls the compiled `f` with tensors that stay alive. `rearrange` converts results for the comparison. */
function computing(
  jax: Jax,
  f: (inputs: Tensor[]) => Tensor[],
  inputs: readonly Tensor[],
  rearrange: Rearrange = (values) => values,
): PreparedTask {
  const compiled = jax.jit(f);
  const once = async () => {
    const results = compiled(refs(inputs));
    await jax.blockUntilReady(results);
    dispose(results);
  };
  return {
    run: (times) => runInFlight(times, inFlight, once),
    async result() {
      const results = compiled(refs(inputs)).map((t) => ({ shape: t.shape, values: t.data() }));
      const arrays = await Promise.all(results.map(({ values }) => values));
      const arranged = arrays.map((array, i) => rearrange(array, results[i]!.shape, i));
      return arranged.length === 1 ? arranged[0]! : arranged.flatMap((array) => Array.from(array));
    },
    dispose: () => dispose(inputs),
  };
}

function matmul(jax: Jax, { products }: task.MatmulTask): PreparedTask {
  const { numpy } = jax;
  const inputs = products.flatMap((product, i) =>
    task.operands(product, i).map(({ values, shape }) => numpy.array(values).reshape(shape)),
  );
  const all = (operands: Tensor[]) =>
    products.map(({ transposeA, transposeB }, i) => {
      const [a, b] = [operands[2 * i]!, operands[2 * i + 1]!];
      return numpy.matmul(transposeA ? a.transpose() : a, transposeB ? b.transpose() : b);
    });
  return computing(jax, all, inputs);
}

function elementwise(jax: Jax, { size, last }: task.ElementwiseTask): PreparedTask {
  const { factor, summand } = task.elementwise;
  const f = last === 'tanh' ? jax.numpy.tanh : jax.nn.relu;
  const x = jax.numpy.array(task.uniform(size, -2, 2, 1));
  return computing(jax, ([x]) => [f(x!.mul(factor).add(summand))], [x]);
}

function reduction(jax: Jax, { rows, columns, over }: task.ReductionTask): PreparedTask {
  const x = jax.numpy.array(task.uniform(rows * columns, 0, 1, 1)).reshape([rows, columns]);
  const sum = (x: Tensor) => (over === 'all' ? x.sum() : x.sum(over === 'columns' ? 1 : 0));
  return computing(jax, ([x]) => [sum(x!)], [x]);
}

/** The tensors of a training step: parameters, Adam's moments of each, and the loss. */
interface State {
  p: Tensor[];
  m: Tensor[];
  v: Tensor[];
}

/** A compiled step of Adam for a loss of the parameters and other inputs. */
function minimizer(jax: Jax, loss: (p: Tensor[], inputs: Tensor[]) => Tensor, initial: readonly Tensor[]) {
  const { numpy } = jax;
  const { learningRate, beta1, beta2, epsilon } = task.adam;
  const update = (p: Tensor, m: Tensor, v: Tensor, g: Tensor, rate: Tensor, correction: Tensor) => {
    const newM = m.mul(beta1).add(g.ref.mul(1 - beta1));
    const newV = v.mul(beta2).add(numpy.square(g).mul(1 - beta2));
    const root = numpy.sqrt(newV.ref.mul(correction)).add(epsilon);
    return { p: p.sub(newM.ref.mul(rate).div(root)), m: newM, v: newV };
  };
  const compiled = jax.jit(({ p, m, v }: State, inputs: Tensor[], rate: Tensor, correction: Tensor) => {
    const [value, gradients] = jax.valueAndGrad((parameters) => loss(parameters, inputs))(refs(p));
    const updates = gradients.map((g, i) => update(p[i]!, m[i]!, v[i]!, g, rate.ref, correction.ref));
    dispose([rate, correction]);
    return {
      value,
      state: { p: updates.map((u) => u.p), m: updates.map((u) => u.m), v: updates.map((u) => u.v) },
    };
  });
  const zeros = () => initial.map((t) => t.ref.mul(0));
  let state: State = { p: refs(initial), m: zeros(), v: zeros() };
  dispose(initial);
  let t = 0;
  return {
    /** One step, which consumes the inputs. Returns the loss. */
    async step(inputs: Tensor[]): Promise<Tensor> {
      t++;
      const rate = numpy.array(learningRate / (1 - beta1 ** t));
      const correction = numpy.array(1 / (1 - beta2 ** t));
      const result = compiled(state, inputs, rate, correction);
      state = result.state;
      // A GPU runs its queue in order, so waiting for one array is enough; each wait is a readback.
      const others = device === 'webgpu' ? [] : [...state.p, ...state.m, ...state.v];
      await jax.blockUntilReady([result.value, ...others]);
      return result.value;
    },
    parameters: (): readonly Tensor[] => state.p,
    dispose: () => dispose([...state.p, ...state.m, ...state.v]),
  };
}

function adam(jax: Jax, { size }: task.AdamTask): PreparedTask {
  const g = jax.numpy.array(task.uniform(size, -1, 1, 2));
  const minimize = minimizer(jax, ([p], [g]) => p!.mul(g!).sum(), [
    jax.numpy.array(task.uniform(size, -1, 1, 1)),
  ]);
  const step = async () => (await minimize.step([g.ref])).dispose();
  return {
    async run(times) {
      for (let i = 0; i < times; i++) await step();
    },
    async result() {
      await step();
      return minimize.parameters()[0]!.ref.data();
    },
    dispose() {
      minimize.dispose();
      g.dispose();
    },
  };
}

/** Images or a kernel of a task (channels last) in the layout of jax-js. */
function arranged(
  { numpy }: Jax,
  values: Float32Array,
  shape: readonly number[],
  order: readonly number[],
): Tensor {
  return numpy.array(task.permute(values, shape, order)).reshape(order.map((axis) => shape[axis]!));
}

const maxPool = ({ lax, numpy }: Jax, x: Tensor, window: number): Tensor =>
  lax.reduceWindow(x, (values) => numpy.max(values), [window, window], [window, window]);

/** `f`, or with `gradients` a function that takes the gradient of its result as the last input and adds those of the others. */
function withGradients(jax: Jax, f: (...inputs: Tensor[]) => Tensor, gradients: boolean) {
  if (!gradients) return (inputs: Tensor[]) => [f(...inputs)];
  return (inputs: Tensor[]) => {
    const [value, back] = jax.vjp(f, inputs.slice(0, -1));
    const found = back(inputs.at(-1)!);
    back.dispose();
    return [value, ...found];
  };
}

function convolution(jax: Jax, wanted: task.ConvolutionTask): PreparedTask {
  const { batch, size, inputs, outputs, kernelSize, gradients } = wanted;
  const { channelsFirst, channelsLast, outputsFirst, outputsLast } = task.layouts;
  const data = task.convolutionData(wanted);
  const operands = [
    arranged(jax, data.x, [batch, size, size, inputs], channelsFirst),
    arranged(jax, data.kernel, [kernelSize, kernelSize, inputs, outputs], outputsFirst),
  ];
  if (gradients) operands.push(arranged(jax, data.gradient, [batch, size, size, outputs], channelsFirst));
  const f = (x?: Tensor, kernel?: Tensor) => jax.lax.conv(x!, kernel!, [1, 1], 'SAME');
  return computing(jax, withGradients(jax, f, gradients), operands, (values, shape, i) =>
    task.permute(values, shape, i === 2 ? outputsLast : channelsLast),
  );
}

function pooling(jax: Jax, wanted: task.PoolingTask): PreparedTask {
  const { batch, size, channels, window, gradients } = wanted;
  const { channelsFirst, channelsLast } = task.layouts;
  const data = task.poolingData(wanted);
  const outputSize = size / window;
  const operands = [arranged(jax, data.x, [batch, size, size, channels], channelsFirst)];
  if (gradients) {
    operands.push(arranged(jax, data.gradient, [batch, outputSize, outputSize, channels], channelsFirst));
  }
  const f = (x?: Tensor) => maxPool(jax, x!, window);
  return computing(jax, withGradients(jax, f, gradients), operands, (values, shape) =>
    task.permute(values, shape, channelsLast),
  );
}

/** Makes the tensors of batches. `shape` is the shape of a sample. */
function rowsOf({ numpy }: Jax, all: Float32Array, batch: number, shape: readonly number[]) {
  const width = batch * shape.reduce((a, b) => a * b, 1);
  const make = (at: number) =>
    numpy.array(all.subarray(at * width, (at + 1) * width)).reshape([batch, ...shape]);
  if (device === 'wasm') return make;
  // All batches are uploaded before anything is timed.
  const batches = Array.from({ length: all.length / width }, (_, at) => make(at));
  return (at: number) => batches[at]!.ref;
}

/** The mean softmax cross-entropy. */
const crossEntropy = ({ nn }: Jax, logits: Tensor, oneHot: Tensor): Tensor => {
  const [batch] = logits.shape;
  return nn
    .logSoftmax(logits)
    .mul(oneHot)
    .sum()
    .mul(-1 / batch!);
};

function training(jax: Jax, wanted: task.TrainingTask): PreparedTask {
  const { numpy, nn, random } = jax;
  const { batch, batches, dropout, layers } = wanted;
  const data = task.trainingData(wanted);
  const initial = data.layers.flatMap(({ inputs, outputs, kernel, bias }) => [
    numpy.array(kernel).reshape([inputs, outputs]),
    numpy.array(bias),
  ]);
  const loss = (parameters: Tensor[], [x, oneHot, key]: Tensor[]): Tensor => {
    let h = x!;
    for (let i = 0; i < parameters.length / 2; i++) {
      h = numpy.matmul(h, parameters[2 * i]!).add(parameters[2 * i + 1]!);
      if (2 * i + 2 < parameters.length) h = nn.relu(h);
      if (i === 0 && dropout > 0) {
        const keep = random.bernoulli(key!, 1 - dropout, [batch, layers[1]!]);
        h = numpy.where(keep, h.mul(1 / (1 - dropout)), 0);
      }
    }
    return crossEntropy(jax, h, oneHot!);
  };
  const x = rowsOf(jax, data.x, batch, [layers[0]!]);
  const oneHot = rowsOf(jax, data.oneHot, batch, [layers.at(-1)!]);
  const inputs = (count: number) => {
    const at = count % batches;
    return dropout > 0 ? [x(at), oneHot(at), random.key(count + 1)] : [x(at), oneHot(at)];
  };
  return fitting(minimizer(jax, loss, initial), inputs, wanted.awaited ? 1 : inFlight);
}

function convnet(jax: Jax, wanted: task.ConvnetTask): PreparedTask {
  const { numpy, nn, lax } = jax;
  const { batch, batches, size, channels, kernelSize, classes } = wanted;
  const { channelsFirst, outputsFirst } = task.layouts;
  const { convolutions, dense, outputSize, ...data } = task.convnetData(wanted);
  const initial = [
    ...convolutions.flatMap(({ inputs, outputs, kernel, bias }) => [
      arranged(jax, kernel, [kernelSize, kernelSize, inputs, outputs], outputsFirst),
      numpy.array(bias).reshape([outputs, 1, 1]),
    ]),
    // The images are flattened in the order channels, height, width.
    arranged(jax, dense.kernel, [outputSize, outputSize, channels.at(-1)!, classes], [2, 0, 1, 3]).reshape([
      dense.inputs,
      classes,
    ]),
    numpy.array(dense.bias),
  ];
  const loss = (parameters: Tensor[], [x, oneHot]: Tensor[]): Tensor => {
    let h = x!;
    for (let i = 0; i < convolutions.length; i++) {
      h = nn.relu(lax.conv(h, parameters[2 * i]!, [1, 1], 'SAME').add(parameters[2 * i + 1]!));
      h = maxPool(jax, h, 2);
    }
    const [kernel, bias] = parameters.slice(-2);
    return crossEntropy(jax, numpy.matmul(h.reshape([batch, dense.inputs]), kernel!).add(bias!), oneHot!);
  };
  const images = task.permute(data.x, [batch * batches, size, size, channels[0]!], channelsFirst);
  const x = rowsOf(jax, images, batch, [channels[0]!, size, size]);
  const oneHot = rowsOf(jax, data.oneHot, batch, [classes]);
  const inputs = (count: number) => [x(count % batches), oneHot(count % batches)];
  return fitting(minimizer(jax, loss, initial), inputs, inFlight);
}

/** Training steps. `inputs` makes the inputs of the step with a number. */
function fitting(
  minimize: ReturnType<typeof minimizer>,
  inputs: (count: number) => Tensor[],
  inFlight: number,
): PreparedTask {
  let count = 0;
  const step = () => minimize.step(inputs(count++));
  return {
    run: (times) => runInFlight(times, inFlight, async () => (await step()).dispose()),
    result: async () => (await step()).data(),
    dispose: () => minimize.dispose(),
  };
}

await serve(async (): Promise<LibraryProgram> => {
  const adapter = device === 'webgpu' ? adapterName(await openAdapter()) : '';
  if (typeof navigator === 'undefined') {
    throw new Unavailable(`needs Node 21 or later, this is ${process.version}: npm --prefix bench run bench`);
  }
  const jax = await importPeer<Jax>('@jax-js/jax');
  if (!(await jax.init(device)).includes(device)) throw new Unavailable(`has no backend ${device} here`);
  jax.defaultDevice(device);
  const threads =
    typeof Worker === 'undefined'
      ? 'wasm, 1 thread: it needs Worker for more, which Node lacks'
      : 'wasm, threads';
  return {
    about: device === 'webgpu' ? `webgpu, ${adapter}` : threads,
    async prepare(wanted) {
      if (wanted.kind === 'matmul') return matmul(jax, wanted);
      if (wanted.kind === 'training') return training(jax, wanted);
      if (wanted.kind === 'elementwise' && wanted.chained) return null;
      if (wanted.kind === 'elementwise') return elementwise(jax, wanted);
      if (wanted.kind === 'convolution') return convolution(jax, wanted);
      if (wanted.kind === 'pooling') return pooling(jax, wanted);
      if (wanted.kind === 'convnet') return convnet(jax, wanted);
      if (wanted.kind === 'reduction') return reduction(jax, wanted);
      return wanted.kind === 'adam' ? adam(jax, wanted) : null;
    },
  };
});

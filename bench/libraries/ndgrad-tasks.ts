import type { Layer, Tensor } from '../../src/index.ts';
import { type PreparedTask, runInFlight } from '../library-program.ts';
import * as task from '../task.ts';
import { fitting as fittingExample } from './ndgrad-examples.ts';
import { generating } from './ndgrad-generation.ts';
import { trainingGpt } from './ndgrad-gpt.ts';
import type { Ndgrad } from './ndgrad-module.ts';
import { trainingRecurrent } from './ndgrad-recurrent.ts';

/** Prepares a task; null if ndgrad cannot do it. */
export async function prepare(ndgrad: Ndgrad, wanted: task.Task): Promise<PreparedTask | null> {
  if (wanted.kind === 'matmul') return matmul(ndgrad, wanted);
  if (wanted.kind === 'training') return training(ndgrad, wanted);
  if (wanted.kind === 'elementwise') return elementwise(ndgrad, wanted);
  if (wanted.kind === 'reduction') return reduction(ndgrad, wanted);
  if (wanted.kind === 'order') return order(ndgrad, wanted);
  if (wanted.kind === 'convolution') return convolution(ndgrad, wanted);
  if (wanted.kind === 'pooling') return pooling(ndgrad, wanted);
  if (wanted.kind === 'convnet') return convnet(ndgrad, wanted);
  if (wanted.kind === 'gpt') return trainingGpt(ndgrad, wanted);
  if (wanted.kind === 'generation') return generating(ndgrad, wanted);
  if (wanted.kind === 'recurrent') return trainingRecurrent(ndgrad, wanted);
  if (wanted.kind === 'fit') return fittingExample(ndgrad, wanted);
  return wanted.kind === 'adam' ? adam(ndgrad, wanted) : null;
}

/** Each run makes new tensors, as a training step does, since a tensor is computed only once. */
function computing({ realize }: Ndgrad, make: () => Tensor[]): PreparedTask {
  const once = async () => {
    const results = make();
    await realize(...results);
    return results;
  };
  return {
    async run(times) {
      for (let i = 0; i < times; i++) await once();
    },
    async result() {
      const arrays = await Promise.all((await once()).map((t) => t.data()));
      return arrays.flatMap((array) => Array.from(array));
    },
  };
}

/** `computing` for one result that stays on the device, in a Parameter. */
function keptOnDevice({ Parameter, zeros, inFlight }: Ndgrad, make: () => Tensor): PreparedTask {
  const kept = new Parameter(zeros(make().shape));
  return {
    async run(times) {
      await runInFlight(times, inFlight, () => kept.assign(make()));
      await kept.reshape([-1]).slice([0, 1]).data();
    },
    async result() {
      await kept.assign(make());
      return kept.data();
    },
  };
}

function matmul(ndgrad: Ndgrad, { products, resident: keep }: task.MatmulTask): PreparedTask {
  const pairs = products.map((product, i) => {
    const [a, b] = task
      .operands(product, i)
      .map(({ values, shape }): Tensor => ndgrad.tensor(values, { shape, copy: false }));
    return [product.transposeA ? a!.transpose() : a!, product.transposeB ? b!.transpose() : b!] as const;
  });
  const [[a, b]] = pairs as [(typeof pairs)[number]];
  if (keep) return keptOnDevice(ndgrad, () => ndgrad.matmul(a, b));
  return computing(ndgrad, () => pairs.map(([a, b]) => ndgrad.matmul(a, b)));
}

function elementwise(ndgrad: Ndgrad, wanted: task.ElementwiseTask): PreparedTask {
  const { size, last, chained, resident: keep } = wanted;
  const x = ndgrad.tensor(task.uniform(size, -2, 2, 1), { copy: false });
  const { factor, summand } = task.elementwise;
  const make = (from: Tensor = x) => {
    const y = from.mul(factor).add(summand);
    return last === 'tanh' ? y.tanh() : y.relu();
  };
  if (chained) {
    let latest: Tensor = x;
    return {
      async run(times) {
        for (let i = 0; i < times; i++) {
          latest = make(latest).detach();
          await ndgrad.realize(latest);
        }
      },
      result: () => make().data(),
    };
  }
  return keep ? keptOnDevice(ndgrad, make) : computing(ndgrad, () => [make()]);
}

function reduction(
  ndgrad: Ndgrad,
  { rows, columns, over, resident: keep }: task.ReductionTask,
): PreparedTask {
  const x: Tensor = ndgrad.tensor(task.uniform(rows * columns, 0, 1, 1), {
    shape: [rows, columns],
    copy: false,
  });
  const make = () => (over === 'all' ? x.sum() : x.sum(over === 'columns' ? 1 : 0));
  return keep ? keptOnDevice(ndgrad, make) : computing(ndgrad, () => [make()]);
}

function order(ndgrad: Ndgrad, wanted: task.OrderTask): PreparedTask {
  const { rows, columns, operation } = wanted;
  const x: Tensor = ndgrad.tensor(task.uniform(rows * columns, -1, 1, 1), {
    shape: [rows, columns],
    copy: false,
  });
  return computing(ndgrad, () => {
    if (operation === 'sort') return [ndgrad.sort(x)];
    if (operation === 'cumsum') return [ndgrad.cumsum(x, -1)];
    const { values, indices } = ndgrad.topK(x, task.countOf(wanted));
    return [values, indices];
  });
}

function optimizer({ Adam }: Ndgrad, parameters: ConstructorParameters<Ndgrad['Adam']>[0]) {
  const { learningRate, beta1, beta2, epsilon } = task.adam;
  return new Adam(parameters, { learningRate, betas: [beta1, beta2], epsilon });
}

function adam(ndgrad: Ndgrad, { size }: task.AdamTask): PreparedTask {
  const p = new ndgrad.Parameter(ndgrad.tensor(task.uniform(size, -1, 1, 1)));
  const g = ndgrad.tensor(task.uniform(size, -1, 1, 2));
  const adam = optimizer(ndgrad, [p]);
  const step = () => adam.minimize(p.mul(g).sum());
  return {
    async run(times) {
      for (let i = 0; i < times; i++) await step();
    },
    async result() {
      await step();
      return p.data();
    },
  };
}

function convolution(ndgrad: Ndgrad, wanted: task.ConvolutionTask): PreparedTask {
  const { batch, size, inputs, outputs, kernelSize, gradients } = wanted;
  const data = task.convolutionData(wanted);
  const tensor = (values: Float32Array, shape: number[]): Tensor =>
    ndgrad.tensor(values, { shape, copy: false });
  const x = tensor(data.x, [batch, size, size, inputs]);
  const kernel = tensor(data.kernel, [kernelSize, kernelSize, inputs, outputs]);
  const gradient = tensor(data.gradient, [batch, size, size, outputs]);
  return computing(ndgrad, () => {
    const y = ndgrad.conv(x, kernel, { padding: 'same' });
    return gradients ? [y, ...ndgrad.gradients(y.mul(gradient).sum(), [x, kernel])] : [y];
  });
}

function pooling(ndgrad: Ndgrad, wanted: task.PoolingTask): PreparedTask {
  const { batch, size, channels, window, gradients } = wanted;
  const data = task.poolingData(wanted);
  const outputSize = size / window;
  const x: Tensor = ndgrad.tensor(data.x, { shape: [batch, size, size, channels], copy: false });
  const gradient = ndgrad.tensor(data.gradient, {
    shape: [batch, outputSize, outputSize, channels],
    copy: false,
  });
  return computing(ndgrad, () => {
    const y = ndgrad.maxPool(x, window);
    return gradients ? [y, ...ndgrad.gradients(y.mul(gradient).sum(), [x])] : [y];
  });
}

/** Training steps over the batches in turn. `shape` is the shape of a sample. */
function fitting(
  ndgrad: Ndgrad,
  layers: Layer[],
  { x: values, labels: classes }: task.Samples,
  shape: readonly number[],
  wanted: { readonly batch: number; readonly batches: number; readonly awaited?: true },
): PreparedTask {
  const { batch, batches } = wanted;
  const { Generator, Sequential, softmaxCrossEntropy, tensor } = ndgrad;
  const model = new Sequential(layers);
  const adam = optimizer(ndgrad, model.parameters());
  const context = ndgrad.training({ rng: new Generator(1) });
  const x: Tensor = tensor(values, { shape: [batch * batches, ...shape], copy: false });
  const labels: Tensor = tensor(classes, { copy: false });
  let at = 0;
  const step = async (): Promise<Tensor> => {
    const rows: [number, number] = [at * batch, (at + 1) * batch];
    at = (at + 1) % batches;
    const loss = softmaxCrossEntropy(model.call(x.slice(rows), context), labels.slice(rows));
    await adam.minimize(loss, { context });
    return loss;
  };
  const inFlight = wanted.awaited ? 1 : ndgrad.inFlight;
  return {
    run: (times) => runInFlight(times, inFlight, step),
    result: async () => (await step()).data(),
  };
}

async function denseLayer({ Dense, tensor }: Ndgrad, { inputs, outputs, kernel, bias }: task.DenseValues) {
  const dense = new Dense(inputs, outputs);
  await dense.kernel.assign(tensor(kernel, { shape: [inputs, outputs] }));
  await dense.bias!.assign(tensor(bias));
  return dense;
}

async function training(ndgrad: Ndgrad, wanted: task.TrainingTask): Promise<PreparedTask> {
  const { Dropout, Activation } = ndgrad;
  const data = task.trainingData(wanted);
  const layers: Layer[] = [];
  for (const [i, values] of data.layers.entries()) {
    layers.push(await denseLayer(ndgrad, values));
    if (i < data.layers.length - 1) layers.push(new Activation('relu'));
    if (i === 0 && wanted.dropout > 0) layers.push(new Dropout(wanted.dropout));
  }
  return fitting(ndgrad, layers, data, [wanted.layers[0]!], wanted);
}

async function convnet(ndgrad: Ndgrad, wanted: task.ConvnetTask): Promise<PreparedTask> {
  const { Conv2D, Flatten, MaxPool2D, tensor } = ndgrad;
  const { size, channels, kernelSize } = wanted;
  const data = task.convnetData(wanted);
  const layers: Layer[] = [];
  for (const { inputs, outputs, kernel, bias } of data.convolutions) {
    const conv = new Conv2D(inputs, outputs, kernelSize, { padding: 'same', activation: 'relu' });
    await conv.kernel.assign(tensor(kernel, { shape: [kernelSize, kernelSize, inputs, outputs] }));
    await conv.bias!.assign(tensor(bias));
    layers.push(conv, new MaxPool2D(2));
  }
  layers.push(new Flatten(), await denseLayer(ndgrad, data.dense));
  return fitting(ndgrad, layers, data, [size, size, channels[0]!], wanted);
}

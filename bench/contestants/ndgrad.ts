import type { Layer, Tensor } from '../../src/index.ts';
import { type Library, type Prepared, Unavailable } from '../library.ts';
import { serve } from '../serve.ts';
import * as task from '../task.ts';

type Ndgrad = typeof import('../../src/index.ts');

const count = (threads: number): string => `${threads} thread${threads === 1 ? '' : 's'}`;

/** A tensor is computed once, so each run makes its tensors anew, as a training step does. */
function computing({ realize }: Ndgrad, make: () => Tensor[]): Prepared {
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

function matmul(ndgrad: Ndgrad, { products }: task.MatmulTask): Prepared {
  const pairs = products.map((product, i) => {
    const [a, b] = task
      .operands(product, i)
      .map(({ values, shape }): Tensor => ndgrad.tensor(values, { shape, copy: false }));
    return [product.transposeA ? a!.transpose() : a!, product.transposeB ? b!.transpose() : b!] as const;
  });
  return computing(ndgrad, () => pairs.map(([a, b]) => ndgrad.matmul(a, b)));
}

function elementwise(ndgrad: Ndgrad, { size, last }: task.ElementwiseTask): Prepared {
  const x = ndgrad.tensor(task.uniform(size, -2, 2, 1), { copy: false });
  const { factor, summand } = task.elementwise;
  return computing(ndgrad, () => {
    const y = x.mul(factor).add(summand);
    return [last === 'tanh' ? y.tanh() : y.relu()];
  });
}

function optimizer({ Adam }: Ndgrad, parameters: ConstructorParameters<Ndgrad['Adam']>[0]) {
  const { learningRate, beta1, beta2, epsilon } = task.adam;
  return new Adam(parameters, { learningRate, betas: [beta1, beta2], epsilon });
}

function adam(ndgrad: Ndgrad, { size }: task.AdamTask): Prepared {
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

async function training(ndgrad: Ndgrad, wanted: task.TrainingTask): Promise<Prepared> {
  const { Dense, Dropout, Activation, Generator, Sequential, softmaxCrossEntropy, tensor } = ndgrad;
  const { batch, batches, dropout } = wanted;
  const data = task.trainingData(wanted);
  const layers: Layer[] = [];
  for (const [i, { inputs, outputs, kernel, bias }] of data.layers.entries()) {
    const dense = new Dense(inputs, outputs);
    await dense.kernel.assign(tensor(kernel, { shape: [inputs, outputs] }));
    await dense.bias!.assign(tensor(bias));
    layers.push(dense);
    if (i < data.layers.length - 1) layers.push(new Activation('relu'));
    if (i === 0 && dropout > 0) layers.push(new Dropout(dropout));
  }
  const model = new Sequential(layers);
  const adam = optimizer(ndgrad, model.parameters());
  const context = ndgrad.training({ rng: new Generator(1) });
  const x: Tensor = tensor(data.x, { shape: [batch * batches, wanted.layers[0]!], copy: false });
  const labels: Tensor = tensor(data.labels, { copy: false });
  let at = 0;
  const step = async (): Promise<Tensor> => {
    const rows: [number, number] = [at * batch, (at + 1) * batch];
    at = (at + 1) % batches;
    const loss = softmaxCrossEntropy(model.call(x.slice(rows), context), labels.slice(rows));
    await adam.minimize(loss, { context });
    return loss;
  };
  return {
    async run(times) {
      for (let i = 0; i < times; i++) await step();
    },
    result: async () => (await step()).data(),
  };
}

await serve(async (threads): Promise<Library> => {
  const ndgrad = await import('../../src/index.ts');
  await ndgrad.setBackend(process.argv[3] === 'js' ? 'js' : 'wasm');
  ndgrad.setThreads(threads);
  const { name, threads: used } = ndgrad.backendInfo();
  if (used !== threads) throw new Unavailable(`backend ${name} runs on ${count(used)} here`);
  return {
    about: `backend ${name}, ${count(used)}`,
    async prepare(wanted) {
      if (wanted.kind === 'matmul') return matmul(ndgrad, wanted);
      if (wanted.kind === 'training') return training(ndgrad, wanted);
      if (wanted.kind === 'elementwise') return elementwise(ndgrad, wanted);
      return adam(ndgrad, wanted);
    },
  };
});

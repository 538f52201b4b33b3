import {
  Accuracy,
  Activation,
  Adam,
  AdamW,
  BatchNorm,
  Conv2D,
  Dense,
  Dropout,
  evaluate,
  Flatten,
  fit,
  Generator,
  type Layer,
  MaxPool2D,
  type Optimizer,
  Parameter,
  predict,
  RMSprop,
  Sequential,
  SGD,
  seed,
  setBackend,
  softmaxCrossEntropy,
  type Tensor,
  training,
  WeightAverage,
} from '../../../src/index.ts';
import type { Backend } from '../../../src/ir/backend.ts';
import { optimizerOf } from '../../optim/classes.ts';
import type { OptimizerRun, References } from '../../reference/format.ts';
import { toTensor } from '../../tensor/invoke.ts';
import type { Case } from './case.ts';
import { firstMiss } from './compare.ts';
import { made, whole } from './data.ts';

// Compares training on a device with WebAssembly, whose arithmetic is tested against PyTorch.

const group = 'training' as const;

/** Named lists of numbers with their tolerances, relative to the larger of 1 and the number. */
interface Outcome {
  readonly [name: string]: { readonly values: ArrayLike<number>; readonly within: number };
}

/** The tolerance that the project promises for the losses of ten steps. */
const LOSS = 1e-4;

/** Runs a program on the backend and on WebAssembly. Describes the first difference; null if there is none. */
async function both(backend: Backend, program: () => Promise<Outcome>): Promise<string | null> {
  const on = async (which: Backend | 'wasm'): Promise<Outcome> => {
    await setBackend(which);
    seed(5);
    return program();
  };
  try {
    const got = await on(backend);
    if (backend.memory.used === 0) return 'no device memory is in use, wanted some';
    const wanted = await on('wasm');
    for (const [name, { values, within }] of Object.entries(wanted)) {
      const mine = Float32Array.from(got[name]!.values);
      const ones = new Float64Array(mine.length).fill(1);
      const miss = firstMiss(mine, [values], { relative: within, scale: ones });
      if (miss !== null) return `${name}: ${miss}`;
    }
    return null;
  } finally {
    await setBackend('wasm');
  }
}

const images = (count: number, size: number, channels: readonly number[] = []): Tensor =>
  made([count, size, ...channels], 1, (random) => (random() < 0.2 ? random() : 0));

const labels = (count: number, classes: number): Tensor => made([count], 2, whole(0, classes - 1), 'int32');

interface Steps {
  readonly model: Layer;
  readonly optimizer: Optimizer;
  readonly x: Tensor;
  readonly y: Tensor;
  /** Samples per step. */
  readonly batch: number;
  readonly average?: WeightAverage;
}

/** The losses of `count` steps over successive samples. */
async function losses(
  { model, optimizer, x, y, batch, average }: Steps,
  count: number,
  context = training({ rng: new Generator(11) }),
): Promise<number[]> {
  const kept: Tensor[] = [];
  for (let i = 0; i < count; i++) {
    const from = (i * batch) % (x.shape[0]! - batch + 1);
    const logits = model.call(x.slice([from, from + batch]), context);
    const loss = softmaxCrossEntropy(logits, y.slice([from, from + batch]));
    await optimizer.minimize(loss, { context, ...(average ? { average } : {}) });
    kept.push(loss);
  }
  return Promise.all(kept.map(async (loss) => (await loss.data())[0]!));
}

const small = (): Layer =>
  new Sequential([new Dense(20, 16, { activation: 'relu' }), new Dropout(0.3), new Dense(16, 4)]) as Layer;

const optimizers: Record<string, (parameters: Parameter[]) => Optimizer> = {
  SGD: (p) => new SGD(p, { learningRate: 0.1 }),
  momentum: (p) => new SGD(p, { learningRate: 0.05, momentum: 0.9, nesterov: true }),
  RMSprop: (p) => new RMSprop(p, { learningRate: 0.01 }),
  AdamW: (p) => new AdamW(p, { learningRate: 0.01, weightDecay: 0.1, clip: { globalNorm: 1 } }),
};

const programs: Record<string, () => Promise<Outcome>> = {
  ...Object.fromEntries(
    Object.entries(optimizers).map(([name, make]) => [
      `ten steps of ${name}, with an average of the weights`,
      async (): Promise<Outcome> => {
        const model = small();
        const optimizer = make(model.parameters());
        const average = new WeightAverage(model.parameters(), { decay: 0.9 });
        const x = images(60, 20);
        const values = await losses({ model, optimizer, x, y: labels(60, 4), batch: 12, average }, 10);
        const averaged = await average.use(() => predict(model, x));
        return {
          losses: { values, within: LOSS },
          'predictions of the average': { values: await averaged.data(), within: 1e-3 },
        };
      },
    ]),
  ),

  'fit, evaluate and predict': async () => {
    const model = small();
    const [x, y] = [images(100, 20), labels(100, 4)];
    const { history } = await fit(
      model,
      { x, y },
      {
        loss: softmaxCrossEntropy,
        optimizer: new Adam(model.parameters(), { learningRate: 0.01 }),
        epochs: 3,
        // The last batch of an epoch is smaller.
        batchSize: 32,
        validationSplit: 0.2,
        metrics: [new Accuracy()],
        seed: 4,
        progress: false,
      },
    );
    const scores = await evaluate(model, { x, y }, { loss: softmaxCrossEntropy, metrics: [new Accuracy()] });
    const outputs = await predict(model, x, { batchSize: 30 });
    return {
      losses: { values: [...history.loss!, ...history.val_loss!, scores.loss!], within: LOSS },
      // One sample of twenty may be classified differently.
      accuracies: {
        values: [...history.accuracy!, ...history.val_accuracy!, scores.accuracy!],
        within: 0.051,
      },
      outputs: { values: await outputs.data(), within: 1e-3 },
    };
  },

  'ten steps of the reference MNIST model': async () => {
    const relu = { activation: 'relu' } as const;
    const model = new Sequential([
      new Dense(784, 128, relu),
      new Dropout(0.2),
      new Dense(128, 128, relu),
      new Dense(128, 10),
    ]) as Layer;
    const optimizer = new Adam(model.parameters(), { learningRate: 1e-3 });
    const steps = { model, optimizer, x: images(2048, 784), y: labels(2048, 10), batch: 512 };
    return { losses: { values: await losses(steps, 10), within: LOSS } };
  },

  'ten steps of a convolutional network': async () => {
    const model = new Sequential([
      new Conv2D(1, 6, 3, { padding: 'same', bias: false }),
      new BatchNorm(6),
      new Activation('relu'),
      new MaxPool2D(2),
      new Dropout(0.2),
      new Conv2D(6, 8, 3),
      new Flatten(),
      new Dense(128, 10),
    ]) as Layer;
    const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
    const x = images(96, 12, [12, 1]);
    const values = await losses({ model, optimizer, x, y: labels(96, 10), batch: 24 }, 10);
    const [norm] = [...model.namedParameters()].filter(([name]) => /runningVariance/.test(name));
    return {
      losses: { values, within: LOSS },
      'running variance': { values: await norm![1].data(), within: LOSS },
    };
  },
};

/** Allows the errors of a division and a square root of the device for each step. */
const tolerance = (step: number): number => 1e-6 * (step + 1);

async function knownRun(
  run: OptimizerRun,
  { initial, gradients }: References['optimizers'],
): Promise<string | null> {
  const w = new Parameter(toTensor(initial.w), { name: 'w' });
  const b = new Parameter(toTensor(initial.b), { name: 'b' });
  const own = optimizerOf(run, [w, b]);
  for (const [step, gradient] of gradients.entries()) {
    const loss = w
      .mul(toTensor(gradient.w))
      .sum()
      .add(b.mul(toTensor(gradient.b)).sum());
    await own.minimize(loss);
    for (const [name, p] of [
      ['w', w],
      ['b', b],
    ] as const) {
      const got = await p.data();
      const scale = new Float64Array(got.length).fill(1);
      const miss = firstMiss(got, [run.float64[step]![name].data], { relative: tolerance(step), scale });
      if (miss !== null) return `${name} after step ${step}: ${miss}`;
    }
  }
  return null;
}

export function trainingCases(tables: Pick<References, 'optimizers'>): Case[] {
  return [
    ...Object.entries(programs).map(([name, program]) => ({
      group,
      name,
      run: (backend: Backend) => both(backend, program),
    })),
    { group, name: 'the optimizers of PyTorch', run: (backend) => knownRuns(backend, tables.optimizers) },
    { group, name: 'changes of the backend during training', run: changing },
  ];
}

async function knownRuns(backend: Backend, reference: References['optimizers']): Promise<string | null> {
  await setBackend(backend);
  try {
    for (const run of reference.runs) {
      const miss = await knownRun(run, reference);
      if (miss !== null) return `${run.name}: ${miss}`;
    }
    return null;
  } finally {
    await setBackend('wasm');
  }
}

/** Compares training that changes backends with training that does not. */
async function changing(backend: Backend): Promise<string | null> {
  const train = async (backends: readonly (Backend | 'wasm')[]) => {
    seed(5);
    await setBackend(backends[0]!);
    const model = small();
    const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
    const x = images(60, 20);
    const context = training({ rng: new Generator(11) });
    const steps: Steps = { model, optimizer, x, y: labels(60, 4), batch: 12 };
    const seen: number[] = [];
    for (const next of backends) {
      const before = await predict(model, x);
      await setBackend(next);
      // Both backends use the same Parameters.
      const after = await predict(model, x);
      const miss = firstMiss(after.dataSync(), [before.dataSync()], {
        relative: 1e-5,
        scale: ones(after.size),
      });
      if (miss !== null) throw new Error(`predictions after a change: ${miss}`);
      seen.push(...(await losses(steps, 3, context)));
    }
    await setBackend('wasm');
    return { seen, outputs: await (await predict(model, x)).data() };
  };
  try {
    const got = await train([backend, 'wasm', backend, 'wasm', backend]);
    const wanted = await train(['wasm', 'wasm', 'wasm', 'wasm', 'wasm']);
    return (
      firstMiss(Float32Array.from(got.seen), [wanted.seen], { relative: LOSS, scale: ones(15) }) ??
      firstMiss(got.outputs, [wanted.outputs], { relative: 1e-3, scale: ones(wanted.outputs.length) })
    );
  } finally {
    await setBackend('wasm');
  }
}

const ones = (length: number): Float64Array => new Float64Array(length).fill(1);

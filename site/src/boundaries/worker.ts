// The file of the worker that learns decision boundaries.
import {
  Accuracy,
  Adam,
  Dense,
  type Layer,
  linspace,
  realize,
  Sequential,
  seed,
  softmaxCrossEntropy,
  stack,
} from 'ndgrad';
import { serveTraining } from 'ndgrad/browser';
import { reporter } from '../reports-channel.ts';
import { type BoundariesConfiguration, type BoundariesReport, SIDE } from './messages.ts';
import { EXTENT, makePoints } from './problem.ts';

const EPOCHS = 300;
/** Milliseconds between two surfaces. */
const INTERVAL = 80;

const report = reporter<BoundariesReport>();

serveTraining(async (message) => {
  const configuration = message as BoundariesConfiguration;
  const { activation, learningRate, noise, problem, units } = configuration;
  const { x, y } = makePoints(problem, noise, configuration.seed);
  await realize(x, y);
  report({ kind: 'points', x: (await x.data()) as Float32Array, y: (await y.data()) as Int32Array });

  seed(configuration.seed);
  const hidden = units.map((size, i) => new Dense(units[i - 1] ?? 2, size, { activation }));
  const model = new Sequential<readonly Layer[]>([...hidden, new Dense(units.at(-1) ?? 2, 2)]);
  let shown = 0;
  return {
    model,
    data: { x, y },
    options: {
      loss: softmaxCrossEntropy,
      optimizer: new Adam(model.parameters(), { learningRate }),
      metrics: [new Accuracy()],
      epochs: EPOCHS,
      progress: false,
      callbacks: [
        {
          async onEpochEnd() {
            if (performance.now() - shown < INTERVAL) return;
            await showSurface(model);
            shown = performance.now();
          },
          onTrainEnd: () => showSurface(model),
        },
      ],
    },
  };
});

/** The points of all pixels, row by row from the top. */
const grid = (() => {
  const across = linspace(-EXTENT, EXTENT, SIDE);
  const columns = across.expandDims(0).broadcastTo([SIDE, SIDE]).reshape([-1]);
  const rows = across.neg().expandDims(1).broadcastTo([SIDE, SIDE]).reshape([-1]);
  return stack([columns, rows], 1);
})();

async function showSurface(model: Sequential<readonly Layer[]>): Promise<void> {
  const first = model.layers[0]!.call(grid);
  const probability = model.call(grid).softmax().slice([], 1);
  await realize(first, probability);
  report({
    kind: 'surface',
    probability: (await probability.data()) as Float32Array,
    first: (await first.data()) as Float32Array,
  });
}

// What the tests of charts call in a page.
import { Accuracy, Adam, Dense, fit, Generator, Sequential, seed, softmaxCrossEntropy } from 'ndgrad';
import { trainInWorker } from 'ndgrad/browser';
import { confusionChart, imageChart, lossChart, metricsChart, rocChart, weightsChart } from 'ndgrad/charts';
import { rocCurve } from 'ndgrad/metrics';

const NAMES = ['loss', 'metrics', 'confusion', 'roc', 'images', 'weights'] as const;

function place(name: string): HTMLElement {
  const element = document.createElement('section');
  element.id = name;
  document.body.append(element);
  return element;
}

/** Draws all charts, those of training with a small network. */
export async function drawAll(epochs: number): Promise<void> {
  document.documentElement.style.colorScheme = 'light dark';
  document.body.style.cssText =
    'margin: 24px; display: grid; grid-template-columns: 1fr 1fr; gap: 28px; max-width: 980px';
  const [loss, metrics, confusion, roc, images, weights] = NAMES.map(place) as HTMLElement[];
  seed(1);
  const random = new Generator(1);
  const x = random.normal([600, 2]);
  const y = x
    .square()
    .sum(1)
    .add(random.normal([600]).mul(0.4))
    .greater(1.4)
    .cast('int32');
  const model = new Sequential([new Dense(2, 32, { activation: 'relu' }), new Dense(32, 2)]);
  await fit(
    model,
    { x, y },
    {
      loss: softmaxCrossEntropy,
      optimizer: new Adam(model.parameters(), { learningRate: 0.01 }),
      metrics: [new Accuracy()],
      epochs,
      batchSize: 32,
      validationSplit: 0.25,
      callbacks: [lossChart(loss!), metricsChart(metrics!), weightsChart(weights!)],
    },
  );
  const scores = model.call(x).softmax().slice([], 1);
  const [labels, values] = [await y.data(), await scores.data()];
  const matrix = [0, 1].map((t) =>
    [0, 1].map((p) => values.filter((value, i) => labels[i] === t && Number(value > 0.5) === p).length),
  );
  confusionChart(confusion!, matrix, { classes: ['inside', 'outside'] });
  await rocChart(roc!, rocCurve(labels, values));
  const pictures = Float32Array.from({ length: 8 * 28 * 28 }, (_, i) => {
    const [r, c] = [Math.floor((i % 784) / 28) - 13.5, (i % 28) - 13.5];
    return Math.exp(-((Math.hypot(r, c) - 2 - Math.floor(i / 784)) ** 2) / 4);
  });
  imageChart(
    images!,
    { data: pictures, shape: [8, 28, 28] },
    {
      title: 'Rings',
      labels: Array.from({ length: 8 }, (_, i) => `radius ${i + 2}`),
    },
  );
  await frames(3);
}

/** What screen readers get of each chart. */
export const descriptions = (): Record<string, string | null> =>
  Object.fromEntries(
    NAMES.map((name) => {
      const root = document.getElementById(name)!.firstElementChild!.shadowRoot!;
      const image = root.querySelector('[role=img]');
      return [
        name,
        image === null ? root.querySelector('table')!.innerText : image.getAttribute('aria-label'),
      ];
    }),
  );

const canvasOf = (name: string): HTMLCanvasElement =>
  document.getElementById(name)!.firstElementChild!.shadowRoot!.querySelector('canvas')!;

/** How many pixels of a chart are not transparent, and its most frequent opaque color. */
export function inkOf(name: string): { readonly pixels: number; readonly width: number } {
  const canvas = canvasOf(name);
  const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
  let pixels = 0;
  for (let i = 3; i < data.length; i += 4) if (data[i]! > 0) pixels++;
  return { pixels, width: canvas.getBoundingClientRect().width };
}

/** The average color of what is drawn. */
export function colorOf(name: string): number {
  const canvas = canvasOf(name);
  const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
  let [sum, count] = [0, 0];
  for (let i = 0; i < data.length; i += 4)
    if (data[i + 3]! > 128) {
      sum += data[i]! + data[i + 1]! + data[i + 2]!;
      count++;
    }
  return sum / count;
}

export const legendOf = (name: string): string[] =>
  [...document.getElementById(name)!.firstElementChild!.shadowRoot!.querySelectorAll('.u-label')].map(
    ({ textContent }) => textContent!,
  );

export async function resize(name: string, width: number): Promise<number> {
  document.getElementById(name)!.style.width = `${width}px`;
  await frames(4);
  return canvasOf(name).getBoundingClientRect().width;
}

/** The descriptions of charts of the loss and the weights after a training in a worker. */
export async function inWorker(): Promise<string[]> {
  const elements = [place('worker-loss'), place('worker-weights')] as const;
  const message = { mishap: 'nothing', epochs: 2 };
  const worker = new Worker('worker.js');
  const callbacks = [lossChart(elements[0]), weightsChart(elements[1])];
  await trainInWorker(worker, { message, callbacks }).result;
  return elements.map(
    (element) =>
      element.firstElementChild!.shadowRoot!.querySelector('[role=img]')!.getAttribute('aria-label')!,
  );
}

export function errors(): string[] {
  const element = document.createElement('div');
  const calls = [
    () => lossChart(null as never),
    () => lossChart(element, { height: 3 }),
    () => metricsChart(element, { tittle: '' } as never),
    () => confusionChart(element, [[1, 2]]),
    () => confusionChart(element, [[1]], { classes: [] }),
    () => imageChart(element, { data: [1, 2], shape: [1, 1] }),
    () => imageChart(element, { data: [1, 2], shape: [1, 2, 2] }),
    () => weightsChart(element, { bins: 0 }),
  ];
  return calls.map((call) => {
    try {
      call();
      return 'none';
    } catch (error) {
      return (error as Error).message;
    }
  });
}

export async function frames(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => requestAnimationFrame(resolve));
}

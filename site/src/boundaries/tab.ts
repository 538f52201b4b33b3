import './boundaries.css';
import { type RemoteTraining, trainInWorker } from 'ndgrad/browser';
import { lossChart } from 'ndgrad/charts';
import type { App, Tab } from '../app.ts';
import { button, choice, element, labeled } from '../dom.ts';
import { openReports } from '../reports-channel.ts';
import { activationChoices } from '../train/network/layer-spec.ts';
import { type BoundariesConfiguration, type BoundariesReport, SIDE } from './messages.ts';
import { problems } from './problem.ts';
import { isUnits, readConfiguration, textsOf } from './settings.ts';
import { paintValues, Surface } from './surface.ts';

/** The tab in which a small network learns to tell points of a plane apart. */
export function createBoundariesTab(root: HTMLElement, { settings }: App): Tab {
  let configuration = readConfiguration((name) => settings.read(name));
  let training: RemoteTraining | null = null;
  let isRunning = false;
  let isVisible = false;
  /** Whether training pauses after this epoch. */
  let isOneEpoch = false;
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });

  const surface = new Surface();
  const units = element('div', { className: 'units' });
  const status = element('p', { className: 'status', role: 'status' });
  const loss = element('section', { className: 'card' });
  const play = button('Train', () => (isRunning ? pause() : resume()), 'primary');
  const step = button('One epoch', () => advance());
  const again = button('From the start', () => restart(true));

  root.append(
    element(
      'div',
      { className: 'split boundaries' },
      element(
        'div',
        { className: 'stack' },
        element('div', { className: 'card row' }, play, step, again),
        element('div', { className: 'card stack' }, element('h2', {}, 'Problem and network'), fields()),
        element(
          'p',
          { className: 'muted' },
          'The color shows what the network answers at each place: blue for discs, orange for squares, pale where it is unsure. A network without hidden layers can only draw a straight line.',
        ),
      ),
      element(
        'div',
        { className: 'stack' },
        element('div', { className: 'card' }, status),
        element(
          'div',
          { className: 'insight' },
          element('div', { className: 'card plane' }, surface.root),
          element(
            'div',
            { className: 'stack' },
            loss,
            element(
              'section',
              { className: 'card stack' },
              element('h3', {}, 'Units of the first layer'),
              units,
            ),
          ),
        ),
      ),
    ),
  );

  function fields(): HTMLElement {
    const change = (changes: Partial<BoundariesConfiguration>): void => {
      configuration = { ...configuration, ...changes };
      settings.write(textsOf(configuration));
      void restart(isRunning);
    };
    const number = (
      label: string,
      value: number,
      [min, max, step]: readonly [min: number, max: number, step: string],
      set: (value: number) => Partial<BoundariesConfiguration>,
    ): HTMLElement => {
      const input = element('input', {
        type: 'number',
        value: String(value),
        min: String(min),
        max: String(max),
        step,
      });
      input.addEventListener('change', () => {
        if (input.valueAsNumber >= min && input.valueAsNumber <= max) change(set(input.valueAsNumber));
      });
      return labeled(label, input);
    };
    const layers = element('input', {
      type: 'text',
      value: configuration.units.join(', '),
      inputMode: 'numeric',
    });
    layers.addEventListener('change', () => {
      const units = layers.value
        .split(/[^\d]+/)
        .filter(Boolean)
        .map(Number);
      if (isUnits(units)) change({ units });
      else layers.value = configuration.units.join(', ');
    });
    return element(
      'div',
      { className: 'fields' },
      labeled(
        'Points',
        choice(problems, configuration.problem, (problem) => change({ problem })),
      ),
      number('Noise', configuration.noise, [0, 0.5, '0.01'], (noise) => ({ noise })),
      labeled('Units of hidden layers', layers, 'Up to four numbers from 1 to 128, such as 16, 16'),
      labeled(
        'Activation',
        choice(activationChoices, configuration.activation, (activation) => change({ activation })),
      ),
      number('Learning rate', configuration.learningRate, [1e-6, 100, 'any'], (learningRate) => ({
        learningRate,
      })),
      number('Seed', configuration.seed, [0, Number.MAX_SAFE_INTEGER, '1'], (seed) => ({ seed })),
    );
  }

  /** Begins again with the current configuration. */
  async function restart(runs: boolean): Promise<void> {
    const before = training;
    training = null;
    await before?.stop();
    await before?.result.catch(() => {});
    if (training !== null) return; // the configuration has changed once more
    const reports = openReports<BoundariesReport>(worker, show);
    const started = trainInWorker(worker, {
      message: configuration,
      callbacks: [
        lossChart(loss, { height: 170 }),
        {
          onEpochEnd: ({ epoch, results }, { epochs }) => {
            const accuracy = `${(100 * results.accuracy!).toFixed(1)} % of the points are right`;
            status.textContent = `Epoch ${epoch + 1} of ${epochs} · loss ${results.loss!.toPrecision(3)} · ${accuracy}`;
            surface.describe(`The decision surface after epoch ${epoch + 1}: ${accuracy}`);
            if (isOneEpoch) void started.pause();
            isOneEpoch = false;
          },
        },
      ],
    });
    training = started;
    if (!runs) void started.pause();
    setRunning(runs);
    started.result
      .catch((error: Error) => {
        status.textContent = `Training failed: ${error.message}`;
      })
      .finally(() => {
        // Its last surface is on its way.
        setTimeout(() => reports.close(), 1000);
        if (training === started) setRunning(false);
      });
  }

  function setRunning(runs: boolean): void {
    isRunning = runs;
    play.textContent = runs ? 'Pause' : 'Train';
  }

  async function resume(): Promise<void> {
    isOneEpoch = false;
    setRunning(true);
    await training?.resume();
  }

  async function pause(): Promise<void> {
    setRunning(false);
    await training?.pause();
  }

  async function advance(): Promise<void> {
    isOneEpoch = true;
    setRunning(false);
    await training?.resume();
  }

  function show(report: BoundariesReport): void {
    if (report.kind === 'points') {
      surface.showPoints(report.x, report.y);
      status.textContent = 'Ready.';
      return;
    }
    if (!isVisible) return;
    surface.show(report.probability);
    const count = report.first.length / (SIDE * SIDE);
    while (units.childElementCount < count) units.append(element('canvas', { role: 'img' }));
    while (units.childElementCount > count) units.lastElementChild!.remove();
    [...units.children].forEach((canvas, unit) => {
      canvas.ariaLabel = `Unit ${unit + 1}`;
      paintValues(canvas as HTMLCanvasElement, (pixel) => report.first[pixel * count + unit]!);
    });
  }

  void restart(false);
  return {
    show() {
      isVisible = true;
    },
    hide() {
      isVisible = false;
      if (isRunning) void pause();
    },
  };
}

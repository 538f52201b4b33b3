import type { Callback, EpochLogs } from 'ndgrad';
import { confusionChart, imageChart, lossChart, metricsChart } from 'ndgrad/charts';
import { element } from '../../dom.ts';
import { ALL_SHARDS, type Configuration, digitCount } from '../configuration.ts';
import { blueprint, operationsPerImage } from '../network/blueprint.ts';
import type { Report } from '../reports.ts';
import { Comparison } from './comparison.ts';
import { FirstLayer } from './first-layer.ts';
import { PlanView } from './plan-view.ts';

/** Everything that is shown of a training while it runs. */
export class Results {
  readonly root = element('div', { className: 'stack' });
  /** The state of training in a line, and its progress. */
  readonly state: HTMLElement;
  /** Above the charts: what the tab has to say about a training. */
  readonly notes = element('div', { className: 'stack' });
  readonly firstLayer: FirstLayer;
  readonly plan: PlanView;
  /** For `trainInWorker`. */
  readonly callbacks: readonly Callback[];
  readonly #status = element('p', { className: 'status' }, 'Nothing is trained yet.');
  /** What screen readers say after each epoch. */
  readonly #spoken = element('p', { className: 'visually-hidden', role: 'status' });
  readonly #progress = element('progress', { max: 1, value: 0 });
  readonly #loss = element('section', { className: 'card' });
  readonly #metrics = element('section', { className: 'card' });
  readonly #confusion = element('section', { className: 'card scroll' });
  readonly #mistakes = element('section', { className: 'card' });
  readonly #comparison = new Comparison();
  #configuration: Configuration | null = null;
  #threads = '';
  #accuracy = '';

  /** What the user asks the training for: the first layer for another digit, and the times of kernels. */
  constructor(ask: { firstLayer(): void; kernelTimes(): void }) {
    this.firstLayer = new FirstLayer(ask.firstLayer);
    this.plan = new PlanView(ask.kernelTimes);
    this.#progress.ariaLabel = 'Progress of training';
    const charts = [lossChart(this.#loss), metricsChart(this.#metrics, { title: 'Accuracy' })];
    this.callbacks = [...charts.map(withEarlierEpochs), withEarlierEpochs(this.#watch())];
    this.state = element('div', { className: 'stack state' }, this.#status, this.#progress, this.#spoken);
    this.root.append(
      this.notes,
      element('div', { className: 'columns' }, this.#loss, this.#metrics),
      element(
        'div',
        { className: 'insight' },
        element('div', { className: 'stack' }, this.#confusion, this.firstLayer.root),
        this.#mistakes,
      ),
      this.#comparison.root,
      this.plan.root,
    );
    for (const part of [this.#confusion, this.#mistakes]) part.hidden = true;
  }

  begin(configuration: Configuration): void {
    this.#configuration = configuration;
    this.#accuracy = '';
    this.#progress.value = 0;
    this.firstLayer.root.hidden = true;
    this.say('The worker starts …');
  }

  say(text: string): void {
    this.#status.textContent = text;
    this.#spoken.textContent = text;
  }

  show(report: Report): void {
    switch (report.kind) {
      case 'loading': {
        const { loaded, total, shards } = report;
        const [part, all] = [loaded, total].map((bytes) => (bytes / 1e6).toFixed(1));
        const wanted = this.#configuration!.shards;
        this.#status.textContent = `Loaded ${digitCount(shards)} of ${digitCount(wanted)} digits, ${part} of ${all} MB`;
        this.#progress.value = loaded / total;
        break;
      }
      case 'prepared':
        this.#configuration = { ...this.#configuration!, shards: report.shards };
        this.#comparison.begin(this.#configuration);
        this.#threads = `${report.backend === 'wasm' ? 'WebAssembly' : report.backend}, ${report.threads === 1 ? '1 thread' : `${report.threads} threads`}`;
        this.plan.begin(report.plan);
        this.plan.allow(true);
        break;
      case 'evaluated':
        confusionChart(this.#confusion, report.confusion, { title: 'Confusion matrix of the test digits' });
        this.#showMistakes(report);
        this.#confusion.hidden = this.#mistakes.hidden = false;
        break;
      case 'first layer':
        this.firstLayer.show(report);
        break;
      case 'kernel times':
        this.plan.show(report);
        break;
      case 'warning':
    }
  }

  #showMistakes({ mistakes, images }: Extract<Report, { kind: 'evaluated' }>): void {
    if (mistakes.length === 0) {
      this.#mistakes.replaceChildren('No mistakes.');
      return;
    }
    imageChart(
      this.#mistakes,
      { data: images, shape: [mistakes.length, 28, 28] },
      {
        title: 'Mistakes that the network is most sure of: true digit → answer',
        labels: mistakes.map(({ label, predicted }) => `${label} → ${predicted}`),
        size: 46,
      },
    );
  }

  /** Keeps the line of text up to date. */
  #watch(): Callback {
    return {
      onBatchEnd: ({ epoch, batch, batches, step, loss, seconds }, { epochs }) => {
        const { batchSize, network, initializer, shards } = this.#configuration!;
        const rate = ((batch + 1) * batchSize) / seconds;
        const flops = rate * operationsPerImage(blueprint(network, initializer));
        this.#progress.value = (epoch + (batch + 1) / (batches ?? 1)) / epochs;
        this.#status.textContent = [
          `Epoch ${epoch + 1} of ${epochs}`,
          `${digitCount(shards)} of ${digitCount(ALL_SHARDS)} digits`,
          `step ${step.toLocaleString('en')}`,
          `loss ${loss.toPrecision(3)}`,
          ...(this.#accuracy === '' ? [] : [this.#accuracy]),
          `${Math.round(rate).toLocaleString('en')} images/s`,
          `${(flops / 1e9).toPrecision(3)} GFLOP/s`,
          this.#threads,
        ].join(' · ');
      },
      onEpochEnd: ({ epoch, results, seconds }: EpochLogs) => {
        const accuracy = results.val_accuracy!;
        this.#accuracy = `${(100 * accuracy).toFixed(2)} % of the test digits are right`;
        this.#spoken.textContent = `Epoch ${epoch + 1}: ${this.#accuracy}`;
        this.#comparison.addEpoch(accuracy, seconds);
      },
    };
  }
}

/**
 * Tells a callback the epochs that were trained before the page was loaded again: `fit` goes on after them, and their results
 * are in the history.
 */
function withEarlierEpochs(callback: Callback): Callback {
  let isFirst = true;
  return {
    ...callback,
    async onTrainBegin(training) {
      isFirst = true;
      await callback.onTrainBegin?.(training);
    },
    async onEpochBegin(epoch, training) {
      const { epochs, history } = training.history;
      for (const [i, earlier] of isFirst ? epochs.entries() : []) {
        const results = Object.fromEntries(
          Object.entries(history).map(([name, column]) => [name, column[i]!]),
        );
        await callback.onEpochEnd?.({ epoch: earlier, results, seconds: 0 }, training);
      }
      isFirst = false;
      await callback.onEpochBegin?.(epoch, training);
    },
  };
}

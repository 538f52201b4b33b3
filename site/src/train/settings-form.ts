import { button, choice, element, labeled } from '../dom.ts';
import {
  ALL_SHARDS,
  type Configuration,
  digitCount,
  initializers,
  orderChoices,
  pixelChoices,
} from './configuration.ts';
import { blueprint } from './network/blueprint.ts';
import { layerList } from './network/layer-list.ts';
import { optimizerTitles } from './optimizers.ts';

/** The form with the network and the settings of training. */
export class SettingsForm {
  readonly root: HTMLElement;
  #value: Configuration;
  readonly #onChange: (configuration: Configuration) => void;
  readonly #onRate: (rate: number) => void;
  readonly #network: ReturnType<typeof layerList>;
  readonly #summary = element('p', { className: 'muted', role: 'status' });
  readonly #controls = new Map<keyof Configuration, HTMLInputElement | HTMLSelectElement>();
  readonly #changes = element('div', { className: 'row muted', hidden: true });
  readonly #locked: HTMLFieldSetElement;

  /** @param onRate is called for a learning rate that is set while training runs. */
  constructor(
    value: Configuration,
    onChange: (configuration: Configuration) => void,
    onRate: (rate: number) => void,
  ) {
    this.#value = value;
    this.#onChange = onChange;
    this.#onRate = onRate;
    this.#network = layerList(value.network, (network) => this.#change({ network }));
    this.#locked = element(
      'fieldset',
      {},
      element('legend', {}, 'Network'),
      element('p', { className: 'muted' }, '28 × 28 pixels →'),
      this.#network.root,
      element('p', { className: 'muted' }, '→ Dense, 10 scores'),
      this.#summary,
    );
    this.root = element(
      'div',
      { className: 'card stack' },
      this.#locked,
      element(
        'fieldset',
        {},
        element('legend', {}, 'Training'),
        element(
          'div',
          { className: 'fields' },
          this.#choice('optimizer', 'Optimizer', optimizerTitles),
          this.#rate(),
          this.#number('batchSize', 'Batch size', 1, 10_000),
          this.#number('epochs', 'Epochs', 1, 1000),
          this.#shards(),
          this.#number('seed', 'Seed', 0, Number.MAX_SAFE_INTEGER),
          this.#choice('initializer', 'Initial weights', initializers),
          this.#choice('pixels', 'Pixels', pixelChoices),
          this.#choice('order', 'Order of the digits', orderChoices),
        ),
        this.#changes,
      ),
    );
    this.show(value);
  }

  get value(): Configuration {
    return this.#value;
  }

  /** Why the network can't be built; null if it can. */
  get problem(): string | null {
    try {
      blueprint(this.#value.network, this.#value.initializer);
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  }

  show(value: Configuration): void {
    this.#value = value;
    this.#network.show(value.network);
    for (const [key, control] of this.#controls) control.value = String(value[key]);
    this.#describe();
  }

  /** While training runs, only the learning rate can be changed. */
  lock(isRunning: boolean): void {
    this.#locked.disabled = isRunning;
    for (const [key, control] of this.#controls) control.disabled = isRunning && key !== 'learningRate';
  }

  #change(changes: Partial<Configuration>): void {
    this.#value = { ...this.#value, ...changes };
    this.#describe();
    this.#onChange(this.#value);
  }

  #describe(): void {
    const { problem } = this;
    this.#summary.classList.toggle('error', problem !== null);
    this.#summary.textContent = problem ?? `${this.#parameterCount().toLocaleString('en')} parameters`;
    const { rateChanges } = this.#value;
    this.#changes.hidden = rateChanges.length === 0;
    this.#changes.replaceChildren(
      `Learning rate by hand: ${rateChanges.map(([step, rate]) => `${rate} from step ${step + 1}`).join(', ')}`,
      button('Remove', () => this.#change({ rateChanges: [] }), 'plain'),
    );
  }

  #parameterCount(): number {
    const { network, initializer } = this.#value;
    return blueprint(network, initializer).reduce((sum, { parameters }) => sum + parameters, 0);
  }

  #choice<K extends 'optimizer' | 'initializer' | 'pixels' | 'order'>(
    key: K,
    label: string,
    options: Readonly<Record<Configuration[K], string>>,
  ): HTMLElement {
    const control = choice<Configuration[K]>(options, this.#value[key], (value) =>
      this.#change({ [key]: value }),
    );
    this.#controls.set(key, control);
    return labeled(label, control);
  }

  #shards(): HTMLElement {
    const counts = Array.from({ length: ALL_SHARDS }, (_, i) => i + 1);
    const options = Object.fromEntries(counts.map((n) => [n, digitCount(n)]));
    const control = choice<string>(options, String(ALL_SHARDS), (text) =>
      this.#change({ shards: Number(text) }),
    );
    this.#controls.set('shards', control);
    return labeled('Training digits', control);
  }

  #number(key: 'batchSize' | 'epochs' | 'seed', label: string, min: number, max: number): HTMLElement {
    const control = element('input', { type: 'number', min: String(min), max: String(max), step: '1' });
    control.addEventListener('change', () => {
      const value = control.valueAsNumber;
      if (Number.isSafeInteger(value) && value >= min && value <= max) this.#change({ [key]: value });
      else control.value = String(this.#value[key]);
    });
    this.#controls.set(key, control);
    return labeled(label, control);
  }

  /** May be changed while training runs, too: then it is not a setting, but part of the run. */
  #rate(): HTMLElement {
    const control = element('input', { type: 'number', min: '0', step: 'any' });
    control.addEventListener('change', () => {
      const rate = control.valueAsNumber;
      if (!(rate > 0 && Number.isFinite(rate))) control.value = String(this.#value.learningRate);
      else if (this.#locked.disabled) this.#onRate(rate);
      else this.#change({ learningRate: rate });
    });
    this.#controls.set('learningRate', control);
    return labeled('Learning rate', control, 'It can be changed while training runs.');
  }
}

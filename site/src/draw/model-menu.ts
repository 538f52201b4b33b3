import { blobSource } from 'ndgrad/browser';
import { button, element, labeled } from '../dom.ts';
import type { ModelChoice } from './models.ts';
import { openRecognizer, type Recognizer } from './recognizer.ts';

/** Chooses the model: one of a list, or a file that is opened or dropped. */
export class ModelMenu {
  readonly element: HTMLElement;
  readonly #onOpen: (recognizer: Recognizer) => void;
  readonly #choices = new Map<string, ModelChoice>();
  readonly #select = element('select');
  readonly #about = element('p', { className: 'muted note' });
  readonly #error = element('p', { className: 'error', role: 'alert' });
  /** The choice whose model is used. */
  #used = '';
  /** The number of the latest choice; earlier ones that are still loading are forgotten. */
  #latest = 0;

  constructor(onOpen: (recognizer: Recognizer) => void) {
    this.#onOpen = onOpen;
    this.#select.addEventListener('change', () => void this.choose(this.#select.value));
    const input = element('input', { type: 'file', accept: '.safetensors', hidden: true });
    input.addEventListener('change', () => {
      const [file] = input.files ?? [];
      if (file !== undefined) void this.openFile(file);
      input.value = ''; // so that the same file can be opened again
    });
    this.element = element(
      'div',
      { className: 'stack' },
      labeled('Network', this.#select),
      this.#about,
      element(
        'div',
        { className: 'row' },
        button('Open a model…', () => input.click()),
        element('span', { className: 'muted note' }, 'or drop a safetensors file'),
        input,
      ),
      this.#error,
    );
  }

  /** Adds a choice, or replaces the one of this name. */
  set(name: string, choice: ModelChoice): void {
    this.#choices.set(name, choice);
    const { value } = this.#select;
    const options = [...this.#choices].map(([value, { title }]) => element('option', { value }, title));
    this.#select.replaceChildren(...options);
    if (this.#choices.has(value)) this.#select.value = value;
  }

  /** Uses a choice of the list. */
  choose(name: string): Promise<void> {
    return this.#open(name, this.#choices.get(name)!);
  }

  openFile(file: File): Promise<void> {
    return this.#open('file', {
      title: file.name,
      about: 'The file that you have opened.',
      ink: 1,
      open: async () => blobSource(file),
    });
  }

  /** Opens a model and puts it into the list. If that fails, it says why, and the model before stays. */
  async #open(name: string, choice: ModelChoice): Promise<void> {
    const number = ++this.#latest;
    this.#error.textContent = '';
    try {
      const recognizer = await openRecognizer(await choice.open(), choice.ink);
      if (number !== this.#latest) return;
      this.set(name, choice);
      this.#used = name;
      this.#about.textContent = choice.about;
      this.#onOpen(recognizer);
    } catch (error) {
      if (number === this.#latest)
        this.#error.textContent = error instanceof Error ? error.message : `${error}`;
    }
    this.#select.value = this.#used;
  }
}

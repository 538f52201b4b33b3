import { imageChart } from 'ndgrad/charts';
import { SHARD } from '../../digits/format.ts';
import { element, labeled } from '../../dom.ts';
import type { Report } from '../reports.ts';
import { signedImages } from './signed-images.ts';

/** The test digits that the page has with any number of training digits. */
const MOST = SHARD.size;

/** The weights of the first layer, and what it gives for a test digit that the user chooses. */
export class FirstLayer {
  readonly root = element('section', { className: 'card stack', hidden: true });
  readonly #choice = element('input', { type: 'number', min: '1', max: String(MOST), step: '1', value: '1' });
  readonly #image = element('div');
  readonly #answer = element('p');
  readonly #weights = element('div');
  readonly #outputs = element('div');
  /** The place of the digit among the test digits. */
  place = 0;

  /** @param onChoice is called when the user has chosen another digit. */
  constructor(onChoice: () => void) {
    this.#choice.addEventListener('change', () => {
      const number = this.#choice.valueAsNumber;
      if (!(Number.isSafeInteger(number) && number >= 1 && number <= MOST)) {
        this.#choice.value = String(this.place + 1);
        return;
      }
      this.place = number - 1;
      onChoice();
    });
    const digit = element(
      'div',
      { className: 'row' },
      this.#image,
      labeled('Test digit', this.#choice),
      this.#answer,
    );
    this.root.append(this.#weights, digit, this.#outputs);
  }

  show({ weights, outputs, digit }: Extract<Report, { kind: 'first layer' }>): void {
    this.root.hidden = false;
    imageChart(this.#weights, signedImages(weights, 'each'), {
      title: 'Weights of the first layer: blue for ink, orange against it',
      size: 46,
    });
    const { image, label, probabilities } = digit;
    imageChart(this.#image, { data: image, shape: [1, 28, 28] }, { size: 46 });
    const answer = probabilities.indexOf(Math.max(...probabilities));
    const percent = (100 * probabilities[answer]!).toFixed(1);
    this.#answer.textContent =
      answer < 0 ? 'No answer' : `A ${label}; the network says ${answer}, with ${percent} %`;
    const images = signedImages(outputs, 'all');
    const isNumbers = outputs.shape.length === 2;
    imageChart(this.#outputs, images, {
      title: 'What the first layer gives for this digit',
      ...(isNumbers && {
        labels: Array.from(outputs.data.subarray(0, images.shape[0]), (value) => value.toFixed(1)),
      }),
      size: 46,
    });
  }
}

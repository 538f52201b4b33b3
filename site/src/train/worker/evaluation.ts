import { type Callback, type Layer, predict, softmaxCrossEntropy } from 'ndgrad';
import type { Mistake, Report } from '../reports.ts';
import type { TestSamples } from './data.ts';

/** How many mistakes are shown. */
const SHOWN = 24;

/** Evaluates the test digits after each epoch: adds loss and accuracy to the results, and reports mistakes. */
export function evaluation(model: Layer, test: TestSamples, report: (content: Report) => void): Callback {
  return {
    async onEpochEnd({ results }) {
      const logits = await predict(model, test.x);
      results.val_loss = (await softmaxCrossEntropy(logits, test.y).data())[0]!;
      const probabilities = (await logits.softmax().data()) as Float32Array;
      const { confusion, mistakes, places } = compare(probabilities, test.labels);
      const right = confusion.reduce((sum, row, digit) => sum + row[digit]!, 0);
      results.val_accuracy = right / test.labels.length;
      const images = new Uint8Array(places.length * 784);
      places.forEach((place, i) => {
        images.set(test.images.subarray(place * 784, (place + 1) * 784), i * 784);
      });
      report({ kind: 'evaluated', confusion, mistakes, images });
    },
  };
}

/** The confusion matrix, and the mistakes with the highest confidence and their places. */
function compare(probabilities: Float32Array, labels: Uint8Array) {
  const confusion = Array.from({ length: 10 }, () => new Array<number>(10).fill(0));
  const wrong: (Mistake & { readonly place: number })[] = [];
  labels.forEach((label, place) => {
    const row = probabilities.subarray(place * 10, (place + 1) * 10);
    const confidence = Math.max(...row);
    // Where numbers have overflowed, there is no answer.
    const predicted = Math.max(row.indexOf(confidence), 0);
    confusion[label]![predicted]!++;
    if (predicted !== label) wrong.push({ label, predicted, confidence, place });
  });
  wrong.sort((a, b) => b.confidence - a.confidence || a.place - b.place).splice(SHOWN);
  return {
    confusion,
    mistakes: wrong.map(({ label, predicted, confidence }) => ({ label, predicted, confidence })),
    places: wrong.map(({ place }) => place),
  };
}

import { fit, saveWeights } from 'ndgrad';
import { trainInWorker } from 'ndgrad/browser';
import { setup } from './training-setup.mjs';

// Trains in a worker and then on the page, with the same result; then goes on as page.mjs does.
const message = { epochs: 3 };
const worker = new Worker(new URL('./training-worker.mjs', import.meta.url), { type: 'module' });
const training = trainInWorker(worker, { message });
const { history } = await training.result;
const weights = await training.weights();
worker.terminate();

const { model, data, options } = setup(message);
const expected = await fit(model, data, options);
if (`${history.loss}` !== `${expected.history.loss}`) throw new Error('the losses of the worker differ');
if (`${weights}` !== `${await saveWeights(model)}`) throw new Error('the weights of the worker differ');
await import('./page.mjs');

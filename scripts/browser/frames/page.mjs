import { fit, trainInWorker } from './ndgrad.min.js';
import { setup } from './setup.mjs';

/** Milliseconds between frames while some work is done. */
async function framesDuring(work) {
  const frames = [];
  let last = performance.now();
  let done = false;
  const finished = work().finally(() => {
    done = true;
  });
  while (!done) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const now = performance.now();
    frames.push(now - last);
    last = now;
  }
  await finished;
  return frames;
}

const work = {
  idle: () => new Promise((resolve) => setTimeout(resolve, 3000)),
  'main thread': async () => {
    const { model, data, options } = await setup();
    await fit(model, data, options);
  },
  worker: async () => {
    const worker = new Worker(new URL('./worker.mjs', import.meta.url), { type: 'module' });
    const show = ({ loss }) => {
      document.body.textContent = `${loss}`;
    };
    const callbacks = [{ onBatchEnd: show }];
    await trainInWorker(worker, { callbacks }).result;
    worker.terminate();
  },
};

globalThis.measure = async (name) => {
  const frames = (await framesDuring(work[name])).sort((a, b) => b - a);
  const seconds = frames.reduce((a, b) => a + b) / 1000;
  return { longest: frames[0], median: frames[frames.length >> 1], frames: frames.length, seconds };
};

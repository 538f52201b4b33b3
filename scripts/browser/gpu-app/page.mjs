import { setBackend } from 'ndgrad';
import { gpu } from 'ndgrad/gpu';
import { train } from './program.mjs';
import { report } from './report.mjs';

/** 'webgpu' or 'webgl2': the fragment of the URL, or in a worker the message of the page. */
const wanted = () =>
  typeof document === 'undefined'
    ? new Promise((resolve) => addEventListener('message', ({ data }) => resolve(data), { once: true }))
    : location.hash.slice(1);

void report(async () => {
  await setBackend(await gpu({ api: await wanted(), allowSoftware: true }));
  return [await train()];
});

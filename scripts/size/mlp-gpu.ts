import { setBackend } from 'ndgrad';
import { gpu } from 'ndgrad/gpu';
import { train } from './mlp.ts';

/** The same on the GPU. */
export async function trainOnGpu(pixels: Float32Array, labels: Int32Array, epochs: number) {
  await setBackend(await gpu());
  await train(pixels, labels, epochs);
}

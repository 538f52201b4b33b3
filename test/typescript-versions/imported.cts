// A CommonJS module that imports the package when it is called.
import type { Tensor } from 'ndgrad' with { 'resolution-mode': 'import' };

export async function make(): Promise<Tensor<[2], 'float32'>> {
  const { tensor } = await import('ndgrad');
  return tensor([1, 2]);
}

import { createHash } from 'node:crypto';
import type { ImageBatch } from '../../src/data.ts';
import type { TypedArray } from '../../src/ir/dtype.ts';
import { tensor } from '../../src/tensor/creation.ts';
import { Generator } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

/** Options that change everything. */
export const strong = {
  shift: 0.1,
  rotation: 20,
  scale: 0.2,
  shear: 10,
  horizontalFlip: true,
  elastic: { alpha: 8, sigma: 2 },
  fill: 0.25,
} as const;

/** Images of 10 x 12 random numbers; y is their number. */
export function digits(count: number): { x: Tensor; y: Tensor } {
  return { x: new Generator(5).uniform([count, 10, 12]), y: numbers(count) };
}

/** The same with bytes. */
export function bytes(count: number): { x: Tensor; y: Tensor } {
  const data = Uint8Array.from({ length: count * 120 }, (_, i) => (i * 89) % 256);
  return { x: tensor(data, { shape: [count, 10, 12] }), y: numbers(count) };
}

const numbers = (count: number): Tensor => tensor(Int32Array.from({ length: count }, (_, i) => i));

/** All that an epoch gives. */
export async function gather(
  batches: AsyncIterable<ImageBatch>,
): Promise<{ y: number[]; pixels: Float32Array; sizes: number[] }> {
  const pixels: TypedArray[] = [];
  const y: number[] = [];
  const sizes: number[] = [];
  for await (const batch of batches) {
    pixels.push(await batch.x.data());
    y.push(...(await batch.y.data()));
    sizes.push(batch.x.shape[0]!);
  }
  const all = new Float32Array(pixels.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of pixels) {
    all.set(part, at);
    at += part.length;
  }
  return { y, pixels: all, sizes };
}

/** Of the bits. */
export function hashOf(...arrays: ArrayBufferView[]): string {
  const hash = createHash('sha256');
  for (const { buffer, byteOffset, byteLength } of arrays)
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.digest('hex').slice(0, 16);
}

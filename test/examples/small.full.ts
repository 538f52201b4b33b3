import { Generator } from 'ndgrad';
import { expect, test, vi } from 'vitest';
import { trainCartPole } from '../../examples/cart-pole.ts';
import { trainGan } from '../../examples/gan.ts';
import { transfer } from '../../examples/transfer.ts';
import { trainVae } from '../../examples/vae.ts';

// The examples learn, at small sizes. docs/examples.md has the results of full ones.

vi.spyOn(console, 'log').mockImplementation(() => {});

test('the autoencoder encodes digits better than their mean does', async () => {
  // An image costs 206 nats if all have the mean of each pixel, 543 before training.
  expect(await trainVae({ images: 2000, tests: 500, epochs: 4 })).toBeLessThan(206);
});

test('the generator learns from its adversary how dark images of digits are', async () => {
  const { generator, score, real } = await trainGan({ images: 1000, tests: 200, epochs: 4, rate: 0.002 });
  // It begins with 0.5; the digits have 0.13.
  const brightness = generator
    .call(new Generator(3).normal([200, 32]))
    .mean()
    .item();
  expect(brightness).toBeGreaterThan(0.02);
  expect(brightness).toBeLessThan(0.25);
  expect(real).toBeGreaterThan(3);
  expect(score).toBeGreaterThanOrEqual(1);
  expect(score).toBeLessThan(real);
});

test('the policy gradient keeps the pole upright for longer than chance', async () => {
  // Random pushes end after 22 steps.
  expect(await trainCartPole({ rounds: 14, episodes: 8 })).toBeGreaterThan(30);
});

test('features that were learned from other digits help', async () => {
  const { transferred, fromScratch } = await transfer({ before: 500, tests: 300, epochs: 40, seeds: 1 });
  expect(transferred).toBeGreaterThan(0.4);
  expect(fromScratch).toBeGreaterThan(0.25);
  expect(transferred).toBeGreaterThan(fromScratch);
});

import { expect, test, vi } from 'vitest';
import { forecast } from '../../examples/forecast.ts';

vi.spyOn(console, 'log').mockImplementation(() => {});

test('a few epochs forecast the temperature of tomorrow better than that of today does', async () => {
  const { naive, ...errors } = await forecast({ epochs: 2, seeds: 1 });
  // Computed with NumPy.
  expect(naive).toBeCloseTo(3.39, 2);
  expect(Object.keys(errors)).toEqual(['linear', 'convolution', 'LSTM', 'GRU']);
  for (const [name, error] of Object.entries(errors)) expect(error, name).toBeLessThan(naive!);
});

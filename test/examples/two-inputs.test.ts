import { expect, test } from 'vitest';
import { run } from '../../examples/two-inputs.ts';

test('a few epochs learn the species of most penguins, and their mass', async () => {
  const { species_accuracy, mass_meanAbsoluteError } = await run(10);
  expect(species_accuracy).toBeGreaterThan(0.9);
  expect(mass_meanAbsoluteError).toBeLessThan(0.6);
});

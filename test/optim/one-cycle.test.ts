import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Adam, AdamW, type Optimizer, RMSprop, SGD } from '../../src/optim/index.ts';
import { oneCycle } from '../../src/optim/schedules.ts';
import { backendInfo } from '../../src/runtime/backends.ts';
import { tensor } from '../../src/tensor/creation.ts';
import { Parameter } from '../../src/tensor/parameter.ts';

type Name = 'SGD' | 'nesterov' | 'RMSprop' | 'Adam' | 'AdamW';

const reference: Record<'gradients' | Name, number[][]> & { initial: number[] } = JSON.parse(
  readFileSync(new URL('./one-cycle.json', import.meta.url), 'utf8'),
);

const steps = reference.gradients.length;
const learningRate = oneCycle({ peak: 0.05, steps });
const momentum = oneCycle({ peak: 0.85, steps, startDivisor: 0.85 / 0.95, endDivisor: 1 });
const betas = [momentum, 0.999] as const;

test.each([
  ['SGD', (p) => new SGD(p, { learningRate, momentum })],
  ['nesterov', (p) => new SGD(p, { learningRate, momentum, nesterov: true })],
  ['RMSprop', (p) => new RMSprop(p, { learningRate, momentum })],
  ['Adam', (p) => new Adam(p, { learningRate, betas }) as Optimizer],
  ['AdamW', (p) => new AdamW(p, { learningRate, betas }) as Optimizer],
] as const satisfies [Name, (p: Parameter[]) => Optimizer][])(
  "the momentum runs against the rate, as PyTorch's OneCycleLR: %s",
  async (name, make) => {
    const p: Parameter = new Parameter<readonly number[]>(tensor(reference.initial));
    const optimizer = make([p]);
    let misses = 0;
    for (const [step, gradient] of reference.gradients.entries()) {
      await optimizer.minimize(p.mul(tensor(gradient)).sum());
      if (step === 0) misses = backendInfo().planMisses;
      const got = p.dataSync();
      reference[name][step]!.forEach((value, i) => {
        const error = Math.abs(got[i]! - value);
        expect(error, `[${i}] after step ${step}`).toBeLessThanOrEqual(2.4e-7 * (step + 1));
      });
    }
    expect(backendInfo().planMisses, 'every step runs the plan of the first').toBe(misses);
  },
);

test('a momentum that leaves its range is an error when it does', async () => {
  expect(() => new SGD([], { learningRate: 1, momentum: () => 1 })).toThrow('[SGD] got momentum 1');
  expect(() => new RMSprop([], { momentum: () => -1 })).toThrow('[RMSprop] got momentum -1');
  const p: Parameter = new Parameter<readonly number[]>(tensor([1]));
  const optimizer = new Adam([p], { betas: [(step) => step + 0.5, 0.9] });
  await optimizer.minimize(p.sum());
  await expect(optimizer.minimize(p.sum())).rejects.toThrow(
    '[Adam] got betas[0] 1.5, wanted a number with 0 <= betas[0] < 1.',
  );
  expect([p.version, optimizer.step]).toEqual([1, 1]);
});

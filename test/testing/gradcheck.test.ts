import { expect, test } from 'vitest';
import { gradcheck } from '../../src/testing.ts';
import { Generator, Parameter, tensor } from '../../src/index.ts';

const x = tensor([[0.5, -1.25, 2], [3, 0.75, -0.5]]);

test('passes where the gradient is right, and says what it did', async () => {
  const report = await gradcheck((a) => a.exp().mul(a).sum(), [x]);
  expect(report.checked).toBe(6);
  expect(report.largestError).toBeLessThan(1e-9);
  expect((await gradcheck((a) => a.tanh(), [x], { order: 2 })).checked).toBe(12);
});

test('a wrong gradient fails and is described', async () => {
  const t0 = performance.now();
  await expect(gradcheck((a) => a.square().mul(a.detach()), [x])).rejects.toThrow(/input 0 of shape \[2, 3\] at \[0, 0\]: analytic .*, numeric /);
  for (let i = 0; i < 20; i++) await gradcheck((a) => a.softmax().log().mul(a).matmul(a.transpose()), [x], { order: 2 });
  console.log(performance.now() - t0);
});

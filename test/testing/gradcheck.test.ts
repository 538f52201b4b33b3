import { expect, onTestFinished, test } from 'vitest';
import { Adam, Dense, Generator, Parameter, setBackend, tensor } from '../../src/index.ts';
import { gradcheck } from '../../src/testing.ts';
import { FakeDevice } from '../runtime/fake-device.ts';

const x = tensor([
  [0.5, -1.25, 2],
  [3, 0.75, -0.5],
]);

test('passes where the gradient is right, and says what it did', async () => {
  const report = await gradcheck((a) => a.exp().mul(a).sum(), [x]);
  expect(report.checked).toBe(6);
  expect(report.largestError).toBeLessThan(1e-9);
  expect((await gradcheck((a) => a.tanh(), [x], { order: 2 })).checked).toBe(12);
});

test('a wrong gradient fails and is described', async () => {
  // Detaching a factor hides half of the derivative of a cube.
  await expect(gradcheck((a) => a.square().mul(a.detach()), [x])).rejects.toThrow(
    /\[gradcheck\] gradient with respect to input 0 of shape \[2, 3\] at \[0, 0\]: got 0\.33\d*, wanted 0\.50\d* \(finite differences\); their distance is 0\.\d+, 0.000001 is allowed\.$/,
  );
});

test('a wrong second gradient fails although the first is right', async () => {
  // x * x - detached square + square: the value and first derivative of the square, half of its second.
  const half = (a: typeof x) => a.mul(a.detach()).add(a.detach().mul(a)).sub(a.detach().square());
  await gradcheck((a) => half(a), [x]);
  await expect(gradcheck((a) => half(a), [x], { order: 2 })).rejects.toThrow(/second gradient/);
});

test('random masks stay as they were drawn', async () => {
  const random = new Generator(5);
  await gradcheck((a) => a.mul(random.bernoulli(a.shape, 0.5).cast('float32')).square(), [x]);
});

test('Parameters can stand among the inputs', async () => {
  const w = new Parameter(tensor([[1], [-2], [0.5]]), { name: 'w' });
  expect((await gradcheck((a) => a.matmul(w), [x, w])).checked).toBe(9);
});

test('an input that has no influence is an error', async () => {
  await expect(gradcheck((a) => a.sum(), [x, tensor([1, 2])])).rejects.toThrow(/does not depend on input 1/);
});

test('only float32 is differentiated', async () => {
  await expect(gradcheck((a) => a.greater(0), [x])).rejects.toThrow(/bool/);
  await expect(gradcheck((a) => a.cast('float32'), [tensor([1], { dtype: 'int32' })])).rejects.toThrow(
    /int32/,
  );
});

test('works where training has left the values on a device', async () => {
  const program = async () => {
    const layer = new Dense(3, 2, { activation: 'tanh', rng: new Generator(4) });
    const [kernel] = layer.parameters();
    const optimizer = new Adam(layer.parameters(), { learningRate: 0.1 });
    for (let i = 0; i < 3; i++) await optimizer.minimize(layer.call(x).square().sum());
    // Not all Parameters among the inputs: the others are brought home too.
    return gradcheck((a) => layer.call(a), [x, kernel!], { order: 2 });
  };
  const wanted = await program();
  const device = new FakeDevice();
  await setBackend(device);
  onTestFinished(() => setBackend('wasm'));
  expect(await program()).toEqual(wanted);
  expect(device.log).toContain('run');
});

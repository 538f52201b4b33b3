import { expect, test } from 'vitest';
import { Muon, Parameter, ShapeError, type Tensor, tensor, ValueError } from '../../src/index.ts';

// Values of the reference are in reference.test.ts.

const parameter = (values: Tensor): Parameter => new Parameter(values, { name: 'w' });

/** The step that a gradient gives, divided by the learning rate and the scale for its shape. */
async function direction(g: Tensor, scale = 1): Promise<number[]> {
  const w = parameter(g.mul(0));
  await new Muon([w], { learningRate: 1 }).minimize(w.mul(g).sum());
  return Array.from(await w.data(), (x) => -x / scale);
}

const matrix = tensor([
  [3, 0, 0],
  [0, -2, 0],
]);

test('singular values come near 1, whatever the scale of the gradient', async () => {
  const plain = await direction(matrix, Math.sqrt(1.5));
  for (const [i, x] of plain.entries()) {
    const size = Math.abs(x);
    if (i === 0 || i === 4) expect(size > 0.6 && size < 1.3).toBe(true);
    else expect(size).toBe(0);
  }
  for (const factor of [2 ** 100, 2 ** -4]) {
    const scaled = await direction(matrix.mul(factor), Math.sqrt(1.5));
    for (const [i, x] of scaled.entries()) expect(x).toBeCloseTo(plain[i]!, 3);
  }
  for (const x of await direction(matrix.mul(0))) expect(Math.abs(x)).toBe(0);
});

test('a kernel of a convolution counts as the matrix [-1, last axis]', async () => {
  const g = tensor([1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 4], { shape: [3, 2, 2] });
  expect(await direction(g)).toEqual(await direction(g.reshape([6, 2])));
});

test('a gradient of NaN is refused', async () => {
  const w = parameter(matrix);
  const step = new Muon([w]).minimize(w.mul(Number.NaN).sum());
  await expect(step).rejects.toThrow('NaN');
});

test.each<[object, string]>([
  [{ momentum: 1 }, '[Muon] got momentum 1, wanted'],
  [{ weightDecay: -1 }, '[Muon] got weightDecay -1, wanted'],
  [{ iterations: 0 }, '[Muon] got iterations 0, wanted a whole number from 1 up.'],
  [{ nesterov: 1 }, '[Muon] got nesterov 1, wanted true or false.'],
])('options %j', (options, message) => {
  expect(() => new Muon([parameter(matrix)], options)).toThrow(ValueError);
  expect(() => new Muon([parameter(matrix)], options)).toThrow(message);
});

test('vectors belong to another optimizer', () => {
  expect(() => new Muon([parameter(matrix), parameter(tensor([1]))])).toThrow(ShapeError);
  expect(() => new Muon([parameter(tensor([1]))])).toThrow(
    "[Muon] got Parameter 'w' [1], wanted two axes or more. Give it to another optimizer, and both to MultiOptimizer.",
  );
});

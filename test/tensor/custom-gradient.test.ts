import { afterEach, describe, expect, test } from 'vitest';
import {
  backendInfo,
  type CustomGradient,
  clip,
  customGradient,
  exp,
  Generator,
  gradients,
  Parameter,
  remat,
  ShapeError,
  setBackend,
  type Tensor,
  tensor,
  ValueError,
} from '../../src/index.ts';
import { gradcheck } from '../../src/testing.ts';

afterEach(() => setBackend('wasm'));

const x = tensor([0.5, -1, 2]);
const y = tensor([3, 4, -0.25]);

describe.each(['js', 'wasm'] as const)('customGradient on %s', (backend) => {
  test('gives the value of the function and the gradient of its backward function', async () => {
    await setBackend(backend);
    expect(backendInfo().name).toBe(backend);
    const limited = customGradient((x: Tensor) => ({
      value: x.mul(10),
      backward: (g) => clip(g, -1, 1).add(x),
    }));
    const result = limited(x);
    expect([...result.dataSync()]).toEqual([5, -10, 20]);
    const [dx] = gradients(result.mul(tensor([3, 0.5, -7])).sum(), [x]);
    expect([...dx!.dataSync()]).toEqual([1.5, -0.5, 1]);
  });

  test('has one gradient for each argument; null is none', async () => {
    await setBackend(backend);
    const f = customGradient((a: Tensor, b: Tensor) => ({
      value: a.mul(b),
      backward: (g) => [g.mul(7), null],
    }));
    const [da, db] = gradients(f(x, y).sum(), [x, y]);
    expect([...da!.dataSync()]).toEqual([7, 7, 7]);
    expect([...db!.dataSync()]).toEqual([0, 0, 0]);
  });
});

/** e^x / (1 + e^x) with the gradient that its result gives. */
const logistic = customGradient((x: Tensor) => {
  const e = exp(x);
  const value = e.div(e.add(1));
  return { value, backward: (g) => g.mul(value).mul(value.neg().add(1)) };
});

test('gradients of both orders agree with finite differences', async () => {
  for (const order of [1, 2] as const) {
    await gradcheck((x) => logistic(x), [x], { order });
    await gradcheck((x) => logistic(logistic(x).mul(x)), [x], { order });
    await gradcheck((x, y) => remat((a: Tensor) => logistic(a.mul(y!)).mul(logistic(a)))(x!), [x, y], {
      order,
    });
  }
});

test('an inner function has a gradient of its own', () => {
  const inner = customGradient((x: Tensor) => ({ value: x, backward: (g) => g.mul(3) }));
  const outer = customGradient((x: Tensor) => {
    const value = x.square();
    // Its own gradient is that of x * inner(x), where inner(x) = x has the gradient 3.
    return { value, backward: (g) => g.mul(inner(x)).mul(2) };
  });
  const [first] = gradients(outer(x).sum(), [x]);
  const [second] = gradients(first!.sum(), [x]);
  expect([...first!.dataSync()]).toEqual([1, -2, 4]);
  expect([...second!.dataSync()]).toEqual([6, 6, 6]);
});

test('every call finds the same plan', () => {
  const step = (x: Tensor): void => void gradients(logistic(x).sum(), [x])[0]!.dataSync();
  step(x);
  const { planMisses } = backendInfo();
  step(y);
  expect(backendInfo().planMisses).toBe(planMisses);
});

test('a Parameter is an argument or detached', () => {
  const w = new Parameter(new Generator(1).normal([3]), { name: 'weight' });
  const scale = customGradient((x: Tensor, w: Tensor) => ({
    value: x.mul(w),
    backward: (g) => [g.mul(w), g.mul(x)],
  }));
  const [dw] = gradients(scale(x, w).sum(), [w]);
  expect(dw!.dataSync()).toEqual(x.dataSync());
  const closed = (w: Tensor) =>
    customGradient((x: Tensor) => ({ value: x.mul(w), backward: (g) => g.mul(w) }));
  expect(() => closed(w)(x)).toThrow(/^\[customGradient\] .*Parameter 'weight'.*argument/);
  expect(() => closed(w.square())(x)).toThrow(ValueError);
  expect([...gradients(closed(w.detach())(x).sum(), [x])[0]!.dataSync()]).toEqual([...w.dataSync()]);
  w.trainable = false;
  expect(() => closed(w)(x)).not.toThrow();
});

test('says what is wrong with the function', () => {
  const call = (f: unknown): Tensor => customGradient(f as (x: Tensor) => CustomGradient)(x);
  expect(() => call(7)).toThrow('[customGradient] got f 7, wanted a function');
  expect(() => call((x: Tensor) => x)).toThrow(
    /\[customGradient\] got a tensor from f, wanted \{ value, backward \}/,
  );
  expect(() => call(() => ({ value: x }))).toThrow(ValueError);
  expect(() => Reflect.apply(logistic, undefined, [3])).toThrow('[customGradient] got 3, wanted a Tensor');
  const gradientOf = (backward: () => unknown) => () =>
    gradients(call((x: Tensor) => ({ value: x.mul(2), backward })).sum(), [x]);
  expect(gradientOf(() => [x, x])).toThrow('[customGradient] got 2 gradients from backward, wanted 1');
  expect(gradientOf(() => tensor([1, 2]))).toThrow(ShapeError);
  expect(gradientOf(() => tensor([1, 2]))).toThrow(
    /shape \[2\] from backward for argument 0, wanted float32 \[3\]/,
  );
  expect(gradientOf(() => 1)).toThrow('[customGradient] got 1, wanted a Tensor');
});

import { describe, expect, test } from 'vitest';
import * as layers from '../../src/layers/index.ts';
import { Layer, training } from '../../src/layers/index.ts';
import { SGD } from '../../src/optim/index.ts';
import { gradients } from '../../src/tensor/gradients.ts';
import type { Parameter } from '../../src/tensor/parameter.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { computeDouble } from '../../src/testing/double.ts';
import { assertClose } from '../../src/testing.ts';
import { load, type ReferenceTensor } from '../reference/load.ts';
import { toTensor } from '../tensor/invoke.ts';

// Values and gradients of layers against PyTorch, in single and in double precision.

const { layers: cases, batchNorm } = load('layers');

const table = new Map(Object.entries<unknown>({ ...layers }));

function make(name: string, args: readonly unknown[]): Layer {
  const layer: unknown = Reflect.construct(table.get(name) as new () => Layer, args);
  if (!(layer instanceof Layer)) throw new Error(`${name} is no layer`);
  return layer;
}

function expectBoth(got: Tensor, wanted: ReferenceTensor): void {
  expect(got.shape).toEqual(wanted.shape);
  assertClose(computeDouble([got.node], new Map())[0]!, Float64Array.from(wanted.data), {
    relative: 1e-12,
    absolute: 1e-13,
  });
  expectSingle(got, wanted);
}

function expectSingle(got: Tensor, wanted: ReferenceTensor): void {
  expect(got.dtype).toBe('float32');
  const values = Float64Array.from(wanted.data);
  // Sums of large terms have their rounding errors.
  const largest = values.reduce((most, x) => Math.max(most, Math.abs(x)), 1);
  assertClose(got.dataSync(), values, { relative: 1e-5, absolute: 2e-6 * largest });
}

test('every layer whose values are worth it has a case', () => {
  const recurrent = load('recurrent').cases.map((c) => c.layer);
  const known = new Set([...cases.map((c) => c.layer), ...recurrent, 'BatchNorm', 'Bidirectional']);
  const own = ['Activation', 'Dropout', 'Embedding', 'Flatten', 'Layer', 'Reshape', 'Residual', 'Sequential'];
  const missing = [...table]
    .filter(([, value]) => typeof value === 'function' && value.prototype instanceof Layer)
    .filter(([name]) => !known.has(name) && ![...own, 'SpatialDropout'].includes(name));
  expect(missing.map(([name]) => name)).toEqual([]);
});

describe.each(cases.map((c) => [`${c.layer}, ${c.name}`, c] as const))('%s', (_, c) => {
  const build = async (): Promise<{ layer: Layer; x: Tensor; y: Tensor; leaves: [string, Tensor][] }> => {
    const layer = make(c.layer, c.args);
    const parameters = layer.namedParameters();
    expect(parameters.map(([name]) => name)).toEqual(Object.keys(c.parameters));
    for (const [name, p] of parameters) await p.assign(toTensor(c.parameters[name]!));
    const x = toTensor(c.x);
    return { layer, x, y: layer.call(x), leaves: [['x', x], ...parameters] };
  };

  test('values', async () => {
    const { y } = await build();
    expectBoth(y, c.out);
  });

  test('gradients', async () => {
    const { y, leaves } = await build();
    const by = gradients(
      y.mul(toTensor(c.weights)).sum(),
      leaves.map(([, t]) => t),
    );
    leaves.forEach(([name], i) => {
      expectBoth(by[i]!, c.gradients[name]!);
    });
  });

  test.skipIf(c.trained === undefined)('three steps', async () => {
    const { layer, x } = await build();
    const optimizer = new SGD(layer.parameters(), { learningRate: 0.1 });
    for (let step = 0; step < 3; step++) {
      const y = layer.call(x, training());
      await optimizer.minimize(y.square().mul(toTensor(c.weights)).mean());
    }
    for (const [name, p] of layer.namedParameters()) expectSingle(p, c.trained![name]!);
  });

  test('the shape is known beforehand, in part or whole', async () => {
    const layer = make(c.layer, c.args);
    const { shape } = toTensor(c.x);
    expect(layer.outputShape(shape)).toEqual(c.out.shape);
    for (const known of [shape, [null, ...shape.slice(1)], shape.map(() => null), null]) {
      const inferred = layer.inferShape(known);
      if (inferred === null) continue;
      expect(inferred.length).toBe(c.out.shape.length);
      inferred.forEach((d, i) => {
        if (d !== null) expect(d).toBe(c.out.shape[i]);
      });
    }
    expect(layer.inferShape(shape)?.at(-1)).toBe(c.out.shape.at(-1));
  });
});

describe.each(batchNorm.map((c) => [c.name, c] as const))('BatchNorm, %s', (_, c) => {
  test('three steps, then inference', async () => {
    const layer = new layers.BatchNorm(c.features, c.options);
    await layer.gamma!.assign(toTensor(c.gamma));
    await layer.beta!.assign(toTensor(c.beta));
    const optimizer = new SGD(layer.parameters(), { learningRate: c.learningRate });
    const context = training();
    for (const step of c.steps) {
      const x = toTensor(step.x);
      const y = layer.call(x, context);
      const loss = y.mul(toTensor(step.weights)).sum();
      const by = gradients(loss, [x, layer.gamma!, layer.beta!]);
      if (step === c.steps[0]) expectBoth(y, step.out);
      else expectSingle(y, step.out);
      ['x', 'gamma', 'beta'].forEach((name, i) => {
        const wanted = step.gradients[name as 'x'];
        if (step === c.steps[0]) expectBoth(by[i]!, wanted);
        else expectSingle(by[i]!, wanted);
      });
      await optimizer.minimize(loss, { context });
      for (const name of ['gamma', 'beta', 'runningMean', 'runningVariance'] as const) {
        expectSingle(layer[name] as Parameter, step[name]);
      }
    }
    const x = toTensor(c.inference.x);
    const y = layer.call(x);
    expectSingle(y, c.inference.out);
    const [dx] = gradients(y.mul(toTensor(c.inference.weights)).sum(), [x]);
    expectSingle(dx!, c.inference.gradient);
  });
});

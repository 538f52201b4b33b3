import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import {
  Activation,
  Adam,
  Dense,
  Layer,
  Parameter,
  Sequential,
  scalar,
  type Tensor,
  tensor,
  ValueError,
  zeros,
} from '../../src/index.ts';

describe('JSON.stringify', () => {
  test('gives the values of a tensor, computed or not', () => {
    const x = tensor([
      [1, 2.5],
      [-3, 0],
    ]);
    expect(JSON.parse(JSON.stringify(x))).toEqual({ shape: [2, 2], dtype: 'float32', data: [1, 2.5, -3, 0] });
    expect(JSON.parse(JSON.stringify({ y: x.greater(1) }))).toEqual({
      y: { shape: [2, 2], dtype: 'bool', data: [0, 1, 0, 0] },
    });
    expect(JSON.stringify(scalar(0.1))).toBe('{"shape":[],"dtype":"float32","data":[0.10000000149011612]}');
  });

  test.each([
    tensor([0.1, -3e38, 1e-45, 16777217]),
    tensor([[1, -2]], { dtype: 'int32' }),
    tensor([true, false]),
    zeros([0, 3], 'uint8'),
  ])('%o comes back', (x: Tensor) => {
    const { data, ...options } = JSON.parse(JSON.stringify(x));
    const y = tensor(data, options);
    expect([y.shape, y.dtype, y.dataSync()]).toEqual([x.shape, x.dtype, x.dataSync()]);
  });

  test('takes linear time in a graph with many paths', () => {
    let y = tensor([1]);
    for (let i = 0; i < 100; i++) y = y.add(y);
    expect(JSON.parse(JSON.stringify(y)).data).toEqual([2 ** 100]);
  });

  test('refuses values that JSON does not have', () => {
    expect(() => JSON.stringify(tensor([1, Number.NaN]))).toThrow(ValueError);
    expect(() => JSON.stringify(tensor([-Infinity]))).toThrow('[toJSON] got -Infinity in Tensor [1]');
  });

  test('gives the Parameters of a model by path', () => {
    const model = new Sequential([new Dense(2, 1, { name: 'hidden' }), new Activation('relu')]);
    const json = JSON.parse(JSON.stringify(model));
    expect(json).toMatchObject({ type: 'Sequential', parameters: { 'hidden.bias': { data: [0] } } });
    expect(json.parameters['hidden.kernel'].data).toEqual([...model.layers[0].kernel.dataSync()]);
  });
});

test('structuredClone and postMessage say what to send instead', () => {
  const model = new Sequential([new Dense(2, 1, { activation: 'relu' })]);
  const optimizer = new Adam(model.parameters());
  const x = tensor([1]);
  for (const value of [x, x.add(1), { list: [x] }, model.parameters()[0], model, optimizer]) {
    expect(() => structuredClone(value)).toThrow(
      /\[structuredClone\] got a tensor or a layer, wanted plain data. Send `await t.data\(\)` and `t.shape`/,
    );
    const { port1 } = new MessageChannel();
    expect(() => port1.postMessage(value)).toThrow(/Send `await t.data\(\)`/);
    port1.close();
  }
});

describe('printing many axes', () => {
  const lines = (text: string): number => text.split('\n').length;

  test('at most 1000 elements are printed', () => {
    for (const shape of [[10, 10, 10, 10], [9, 8, 7, 6, 5], new Array(10).fill(3), new Array(12).fill(2)]) {
      const text = inspect(zeros(shape).add(7));
      expect(text.match(/\b7\b/g)!.length).toBeLessThanOrEqual(1000);
      expect(lines(text)).toBeLessThan(150);
    }
  });

  test('the edges are those of the tensor', () => {
    const text = String(
      tensor(
        Int32Array.from({ length: 10 ** 4 }, (_, i) => i),
        { shape: [10, 10, 10, 10] },
      ),
    );
    expect(text).toContain('[[[[   0,    1, ...,    8,    9],');
    expect(text).toContain('[9990, 9991, ..., 9998, 9999]]]]');
    const matrix = String(
      tensor(
        Int32Array.from({ length: 10 ** 4 }, (_, i) => i),
        { shape: [100, 100] },
      ),
    );
    expect(matrix).toContain('[   0,    1,    2, ...,   97,   98,   99]');
  });
});

/** Rows of a table, chosen by integers. */
class Embedding extends Layer {
  static override readonly kind = 'Embedding';
  readonly table = new Parameter(zeros([5, 3]));
  forward(x: Tensor): Tensor {
    return this.table.take(x);
  }
}

class Mask extends Layer {
  static override readonly kind = 'Mask';
  forward(x: Tensor): Tensor {
    return zeros([1]).add(1).mul(x.logicalNot().cast('float32'));
  }
}

describe('shapes of models with integer input', () => {
  test('summary', () => {
    const model = new Sequential([new Embedding(), new Dense(3, 2)], { inputShape: [] });
    expect(model.summary()).toContain('0 Embedding  [N, 3]          15');
    expect(model.summary()).toContain('1 Dense      [N, 2]           8');
    expect(new Embedding().summary({ inputShape: [7] })).toContain('[N, 7, 3]');
  });

  test('outputShape', () => {
    expect(new Embedding().outputShape([4, 7])).toEqual([4, 7, 3]);
    expect(new Mask().outputShape([4, 7])).toEqual([4, 7]);
  });

  test('an error is that of the data type that fits', () => {
    expect(() => new Sequential([new Embedding(), new Dense(4, 2)], { inputShape: [] })).toThrow(
      /Sequential.1 Dense/,
    );
  });
});

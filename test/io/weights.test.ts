import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  BatchNorm,
  Dense,
  Layer,
  type LoadWeightsOptions,
  loadWeights,
  NonFiniteError,
  Parameter,
  SGD,
  saveWeights,
  type Tensor,
  tensor,
  ValueError,
  type WeightMap,
} from '../../src/index.ts';
import { readSafetensors, writeSafetensors } from '../../src/io.ts';
import { version } from '../../src/util/version.ts';
import { CountingSource, comparable, errorOf } from './support.ts';

class Model extends Layer {
  readonly hidden = new Dense(2, 3, { activation: 'tanh' });
  readonly norm = new BatchNorm(3);
  readonly counts = new Parameter(tensor([1, -2, 3], { dtype: 'int32' }), { trainable: false });
  readonly mask = new Parameter(tensor([true, false]), { trainable: false });

  override forward(x: Tensor): Tensor {
    return this.norm.call(this.hidden.call(x));
  }
}

const values = (model: Layer): Record<string, number[]> =>
  Object.fromEntries(model.namedParameters().map(([path, p]) => [path, Array.from<number>(p.dataSync())]));

/** A model with values that are binary fractions. */
async function filled(scale = 1): Promise<Model> {
  const model = new Model();
  for (const [i, p] of model.parameters().entries()) {
    if (p.dtype !== 'float32') continue;
    const numbers = Float32Array.from({ length: p.size }, (_, j) => (scale * (i + 1) * (j - 2)) / 8);
    await p.assign(tensor(numbers, { shape: p.shape }));
  }
  return model;
}

describe('saveWeights', () => {
  it('writes the file of version 1', async () => {
    const golden = new Uint8Array(readFileSync(new URL('golden/weights-1.safetensors', import.meta.url)));
    expect(comparable(await saveWeights(await filled()))).toEqual(comparable(golden));
    const model = new Model();
    expect(await loadWeights(model, golden)).toEqual({ missing: [], unexpected: [] });
    expect(values(model)).toEqual(values(await filled()));
  });

  it('writes Parameters under their paths', async () => {
    const { metadata, entries } = await readSafetensors(await saveWeights(new Model()));
    expect(metadata).toEqual({ format: 'ndgrad', version: '1', producer: `ndgrad ${version}` });
    expect([...entries].map(([name, { dtype, shape }]) => [name, dtype, shape])).toEqual([
      ['counts', 'I32', [3]],
      ['hidden.bias', 'F32', [3]],
      ['hidden.kernel', 'F32', [2, 3]],
      ['norm.beta', 'F32', [3]],
      ['norm.gamma', 'F32', [3]],
      ['norm.runningMean', 'F32', [3]],
      ['norm.runningVariance', 'F32', [3]],
      ['mask', 'BOOL', [2]],
    ]);
  });

  it.each(['float16', 'bfloat16'] as const)('in %s', async (dtype) => {
    const model = await filled();
    const file = await saveWeights(model, { dtype });
    expect((await readSafetensors(file)).entries.get('hidden.kernel')!.dtype).toBe(
      dtype === 'float16' ? 'F16' : 'BF16',
    );
    const again = new Model();
    await loadWeights(again, file);
    expect(values(again)).toEqual(values(model));
  });

  it('writes the values at the time of the call', async () => {
    const model = await filled();
    const before = values(model);
    const saving = saveWeights(model);
    const optimizer = new SGD([model.hidden.kernel], { learningRate: 1 });
    await optimizer.minimize(model.hidden.kernel.sum());
    expect(values(model)).not.toEqual(before);
    await loadWeights(model, await saving);
    expect(values(model)).toEqual(before);
  });

  it('refuses NaN, and names that a file can not hold', async () => {
    const model = await filled();
    await model.norm.beta!.assign([0, Number.NaN, 1]);
    const error = await errorOf(() => saveWeights(model));
    expect(error).toBeInstanceOf(NonFiniteError);
    expect(error.message).toBe("[saveWeights] got NaN at index 1 of 'norm.beta', wanted finite numbers.");

    class Named extends Layer {
      readonly table: Record<string, Layer>;
      constructor(table: Record<string, Layer>) {
        super();
        this.table = table;
      }
      override forward(x: Tensor): Tensor {
        return x;
      }
    }
    const colon = new Named({ 'a:b': new Dense(1, 1) });
    expect((await errorOf(() => saveWeights(colon))).message).toContain("the path 'table.a:b.kernel'");
    const twice = new Named({ 'a.b': new Dense(1, 1), a: new Named({}) });
    Object.assign(twice.table.a!, { b: new Dense(1, 1) });
    expect((await errorOf(() => saveWeights(twice))).message).toContain(
      'wanted paths without colons, each once',
    );
  });
});

describe('loadWeights', () => {
  it('names everything that does not fit, and changes nothing', async () => {
    const model = await filled();
    const before = values(model);
    const file = await writeSafetensors({
      'hidden.kernel': tensor([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
      'hidden.bias': tensor([1, 2, 3], { dtype: 'int32' }),
      'norm.gamma': tensor([1, 1, 1]),
      other: tensor(1),
      counts: tensor([1, 2, 3], { dtype: 'int32' }),
    });
    const strict = await errorOf(() => loadWeights(model, file));
    expect(strict).toBeInstanceOf(ValueError);
    expect(strict.message).toBe(
      "[loadWeights] got a file that does not fit the model: unexpected: 'other'; " +
        "missing: 'norm.beta', 'norm.runningMean', 'norm.runningVariance', 'mask'; " +
        "'hidden.bias' is I32 [3], 'hidden.bias' is float32 [3]; " +
        "'hidden.kernel' is F32 [3, 2], 'hidden.kernel' is float32 [2, 3]. " +
        'Give a map, or strict: false to leave out what is missing or unexpected.',
    );
    const lax = await errorOf(() => loadWeights(model, file, { strict: false }));
    expect(lax.message).toContain("'hidden.kernel' is F32 [3, 2]");
    expect(lax.message).not.toContain('missing:');
    expect(values(model)).toEqual(before);
  });

  it('reports what it left out if it is not strict', async () => {
    const model = await filled();
    const before = values(model);
    const file = await writeSafetensors({ 'hidden.bias': tensor([7, 8, 9]), other: tensor(1) });
    const report = await loadWeights(model, file, { strict: false });
    expect(report.unexpected).toEqual(['other']);
    expect(report.missing).toEqual(Object.keys(before).filter((path) => path !== 'hidden.bias'));
    expect(values(model)).toEqual({ ...before, 'hidden.bias': [7, 8, 9] });
  });

  it('refuses NaN and changes nothing', async () => {
    const model = new Dense(1, 2);
    const before = values(model);
    const file = await writeSafetensors({ kernel: tensor([[1, 2]]), bias: tensor([Number.NaN, 1]) });
    const error = await errorOf(() => loadWeights(model, file));
    expect(error).toBeInstanceOf(NonFiniteError);
    expect(error.message).toContain("NaN or infinite values for 'bias'");
    expect(values(model)).toEqual(before);
  });

  it('reads a source only where its tensors are', async () => {
    const model = new Dense(1, 2);
    const file = await writeSafetensors({
      kernel: tensor([[1, 2]]),
      bias: tensor([3, 4]),
      large: tensor(new Float32Array(10_000)),
    });
    const source = new CountingSource(file);
    await loadWeights(model, source, { strict: false });
    expect(values(model)).toEqual({ kernel: [1, 2], bias: [3, 4] });
    expect(source.count).toBeLessThan(1000);
  });

  it('leaves out what else a file of ndgrad holds, and refuses newer versions', async () => {
    const tensors = { kernel: tensor([[1]]), bias: tensor([2]), 'optimizer:m/bias': tensor([3]) };
    const file = (version: string, format = 'ndgrad') =>
      writeSafetensors(tensors, { metadata: { format, version } });
    expect(await loadWeights(new Dense(1, 1), await file('1'))).toEqual({ missing: [], unexpected: [] });
    const newer = await errorOf(async () => loadWeights(new Dense(1, 1), await file('2')));
    expect(newer.message).toBe("[loadWeights] got a file of version '2', wanted at most 1. Update ndgrad.");
    const foreign = await errorOf(async () => loadWeights(new Dense(1, 1), await file('2', 'pt')));
    expect(foreign.message).toContain("unexpected: 'optimizer:m/bias'");
  });

  it('bytes that were transferred elsewhere are an empty file', async () => {
    for (const view of [true, false]) {
      const file = await saveWeights(new Dense(1, 1));
      const given = view ? file : (file.buffer as ArrayBuffer);
      structuredClone(file.buffer, { transfer: [file.buffer as ArrayBuffer] });
      const { message } = await errorOf(() => loadWeights(new Dense(1, 1), given));
      expect(message).toContain('[loadWeights] got a file of 0 bytes, wanted at least 8.');
    }
  });

  it('a damaged file is an error of loadWeights', async () => {
    const file = await saveWeights(new Dense(1, 1));
    const error = await errorOf(() => loadWeights(new Dense(1, 1), file.subarray(0, file.length - 1)));
    expect(error.message).toMatch(/^\[loadWeights\] got a file of \d+ bytes/);
  });
});

describe('map', () => {
  const file = writeSafetensors({
    'fc.weight': tensor([
      [1, 2],
      [3, 4],
      [5, 6],
    ]),
    bias: tensor([7, 8, 9]),
    steps: tensor(5, { dtype: 'int32' }),
  });
  const loaded = { kernel: [1, 3, 5, 2, 4, 6], bias: [7, 8, 9] };
  const weight = { path: 'kernel', transpose: [1, 0] };

  it.each<[string, WeightMap]>([
    ['a table', { 'fc.weight': weight, steps: null }],
    ['a function', (name) => (name === 'fc.weight' ? weight : name === 'steps' ? null : name)],
  ])('%s', async (_name, map) => {
    const model = new Dense(2, 3);
    await loadWeights(model, await file, { map });
    expect(values(model)).toEqual(loaded);
  });

  it.each<[string, unknown, RegExp]>([
    [
      'wrong axes',
      { 'fc.weight': { path: 'kernel', transpose: [0, 1] }, steps: null },
      /F32 \[3, 2\] as \[3, 2\]/,
    ],
    ['an axis twice', { 'fc.weight': { path: 'kernel', transpose: [1, 1] }, steps: null }, /as \[2, 2\]/],
    [
      'axes that do not exist',
      { 'fc.weight': { path: 'kernel', transpose: [1, 2] }, steps: null },
      /as \[2, \]/,
    ],
    ['a view of another size', { 'fc.weight': { path: 'kernel', view: [7] }, steps: null }, /as \[7\]/],
    [
      'two tensors for one Parameter',
      { 'fc.weight': 'kernel', steps: 'bias' },
      /'bias' and 'steps' are both for 'bias'|'steps' and 'bias'/,
    ],
    [
      'names that the file does not have',
      { 'fc.weight': weight, steps: null, nothing: 'bias' },
      /the map names 'nothing'/,
    ],
    ['an unknown setting', { 'fc.weight': { path: 'kernel', axes: [1, 0] } }, /unknown option 'axes'/],
    ['a number', 5, /map 5, wanted a function or a table/],
    [
      'a path that is a number',
      { 'fc.weight': { path: 5 } },
      /the target of 'fc.weight' an object, wanted a path, { path, transpose, view } or null/,
    ],
    [
      'a function that returns a promise',
      async () => 'kernel',
      /the target of '[\w.]+' a Promise \(await it first\)/,
    ],
    ['a function that returns nothing', () => undefined, /the target of '[\w.]+' undefined/],
  ])('refuses %s', async (_name, map, message) => {
    const model = new Dense(2, 3);
    const before = values(model);
    const error = await errorOf(async () => loadWeights(model, await file, { map } as LoadWeightsOptions));
    expect(error).toBeInstanceOf(ValueError);
    expect(error.message).toMatch(/^\[loadWeights\] /);
    expect(error.message).toMatch(message);
    expect(values(model)).toEqual(before);
  });
});

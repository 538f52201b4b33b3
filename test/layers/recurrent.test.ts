import { afterAll, describe, expect, test } from 'vitest';
import { WasmBackend, wasmBackend } from '../../src/backends/wasm/index.ts';
import { explainPlan } from '../../src/compiler/explain.ts';
import {
  Adam,
  Bidirectional,
  checkpoint,
  Dense,
  DTypeError,
  Embedding,
  eye,
  fit,
  Generator,
  GRU,
  generate,
  gradients,
  type Layer,
  LSTM,
  meanSquaredError,
  Sequential,
  ShapeError,
  SimpleRNN,
  StateError,
  setBackend,
  type Tensor,
  tensor,
  training,
  ValueError,
  zeros,
} from '../../src/index.ts';
import { assertClose } from '../../src/testing.ts';
import { compilePlan } from '../compiler/plans.ts';
import { firstDifference } from '../tensor/bits.ts';
import { MemoryStore } from '../train/checkpoint/memory-store.ts';

// Values and gradients against PyTorch stand in recurrent-reference.test.ts.

const close = { relative: 1e-5, absolute: 1e-6 };
const normal = (...shape: number[]): Tensor => new Generator(shape.length).normal(shape).detach();
const options = { biasInitializer: 'normal', returnSequences: true } as const;

type Matrix = readonly (readonly number[])[];
type Vector = readonly number[];

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const hardSigmoid = (x: number): number => Math.min(1, Math.max(0, x / 6 + 0.5));
const times = (x: Vector, w: Matrix): number[] =>
  w[0]!.map((_, j) => x.reduce((sum, value, i) => sum + value * w[i]![j]!, 0));
const plus = (...vectors: readonly Vector[]): number[] =>
  vectors[0]!.map((_, i) => vectors.reduce((sum, v) => sum + v[i]!, 0));
/** The part of a gate of vectors [gates * size]. */
const gate = (v: Vector, k: number, size: number): Vector => v.slice(k * size, (k + 1) * size);
const columns = (w: Matrix, k: number, size: number): Matrix => w.map((row) => gate(row, k, size));
const matrix = (t: Tensor | null): Matrix => t!.toArray() as number[][];
const vector = (t: Tensor | null): Vector => t!.toArray() as number[];

/** A layer's definition, one row at a time: its states after each step. */
function run(x: Tensor, size: number, step: (x: Vector, state: readonly Vector[]) => Vector[]): number[][][] {
  return (x.toArray() as number[][][]).map((steps) => {
    let state: Vector[] = [new Array<number>(size).fill(0), new Array<number>(size).fill(0)];
    return steps.map((row) => {
      state = step(row, state);
      return [...state[0]!];
    });
  });
}

describe("Keras's conventions, as loops over numbers", () => {
  const x = normal(2, 4, 3);

  test('GRU with resetAfter: false', () => {
    const layer = new GRU(3, 2, { ...options, resetAfter: false, rng: new Generator(1) });
    expect(layer.recurrentBias).toBeNull();
    const [w, u, b] = [matrix(layer.kernel), matrix(layer.recurrentKernel), vector(layer.bias)];
    const wanted = run(x, 2, (row, [h]) => {
      const input = plus(times(row, w), b);
      const of = (k: number, state: Vector): number[] =>
        plus(gate(input, k, 2), times(state, columns(u, k, 2)));
      const [z, r] = [of(0, h!).map(sigmoid), of(1, h!).map(sigmoid)];
      const reset = h!.map((value, i) => value * r[i]!);
      const n = of(2, reset).map(Math.tanh);
      return [h!.map((value, i) => z[i]! * value + (1 - z[i]!) * n[i]!)];
    });
    assertClose(layer.call(x), tensor(wanted) as Tensor, close);
  });

  test('LSTM with other activations, and no bias', () => {
    const layer = new LSTM(3, 2, {
      returnSequences: true,
      bias: false,
      activation: 'relu',
      recurrentActivation: 'hardSigmoid',
      rng: new Generator(1),
    });
    const [w, u] = [matrix(layer.kernel), matrix(layer.recurrentKernel)];
    const wanted = run(x, 2, (row, [h, c]) => {
      const sum = plus(times(row, w), times(h!, u));
      const [i, f, o] = [0, 1, 3].map((k) => gate(sum, k, 2).map(hardSigmoid)) as [
        number[],
        number[],
        number[],
      ];
      const g = gate(sum, 2, 2).map((value) => Math.max(0, value));
      const cell = c!.map((value, k) => f[k]! * value + i[k]! * g[k]!);
      return [cell.map((value, k) => o[k]! * Math.max(0, value)), cell];
    });
    assertClose(layer.call(x), tensor(wanted) as Tensor, close);
  });

  test('goBackwards gives the outputs in the order of the steps that were made', () => {
    const layer = new SimpleRNN(3, 2, { ...options, goBackwards: true, rng: new Generator(1) });
    const [w, u, b] = [matrix(layer.kernel), matrix(layer.recurrentKernel), vector(layer.bias)];
    const reversed = tensor((x.toArray() as number[][][]).map((steps) => steps.toReversed())) as Tensor;
    const wanted = run(reversed, 2, (row, [h]) => [plus(times(row, w), b, times(h!, u)).map(Math.tanh)]);
    assertClose(layer.call(x), tensor(wanted) as Tensor, close);
    const last = new SimpleRNN(3, 2, { biasInitializer: 'normal', goBackwards: true, rng: new Generator(1) });
    assertClose(last.call(x), tensor(wanted.map((steps) => steps.at(-1)!)) as Tensor, close);
  });

  test('dropout has one mask for all steps of a sequence, of the inputs and of the state', () => {
    const layer = new SimpleRNN(3, 3, {
      returnSequences: true,
      activation: 'linear',
      dropout: 0.5,
      recurrentDropout: 0.25,
      kernelInitializer: () =>
        tensor([
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, 1],
        ]) as Tensor,
      recurrentInitializer: () =>
        tensor([
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, 1],
        ]) as Tensor,
    });
    const ones: Tensor = zeros([8, 3, 3]).add(1);
    const rng = new Generator(5);
    const got = layer.call(ones, training({ rng })).toArray() as number[][][];
    const scales = [2, 4 / 3];
    const seen = new Set<string>();
    for (const steps of got) {
      for (let k = 0; k < 3; k++) {
        const input = steps[0]![k]! === 0 ? 0 : scales[0]!;
        const state = Math.abs(steps[1]![k]! - input) < 1e-6 ? 0 : scales[1]!;
        let h = 0;
        for (const row of steps) {
          h = h * state + input;
          expect(row[k]).toBeCloseTo(h, 4);
        }
        if (input > 0) seen.add(`${state > 0}`);
        seen.add(`input ${input > 0}`);
      }
    }
    expect([...seen].sort()).toEqual(['false', 'input false', 'input true', 'true']);
    expect(layer.call(ones).toArray()).toEqual(
      Array.from({ length: 8 }, () => [1, 2, 3].map((t) => [t, t, t])),
    );
  });
});

describe('states', () => {
  const layers: [string, () => LSTM<4, 3, true> | GRU<4, 3, true> | SimpleRNN<4, 3, true>][] = [
    ['SimpleRNN', () => new SimpleRNN(4, 3, { ...options, rng: new Generator(1) })],
    ['LSTM', () => new LSTM(4, 3, { ...options, rng: new Generator(1) })],
    ['GRU', () => new GRU(4, 3, { ...options, rng: new Generator(1) })],
  ];
  const x = normal(2, 6, 4);

  test.each(layers)('%s goes on where it stopped', (_, make) => {
    const layer = make();
    const all = layer.callWithState(x);
    const first = layer.callWithState(x.slice(null, [0, 2]));
    const rest = layer.callWithState(x.slice(null, [2, 6]), { initialState: first.state });
    assertClose(rest.output, all.output.slice(null, [2, 6]), close);
    rest.state.forEach((t, i) => {
      assertClose(t, all.state[i]!, close);
    });
    expect(layer.call(x).dataSync()).toEqual(all.output.dataSync());
  });

  test.each(layers)('%s skips the steps that a mask excludes', (_, make) => {
    const layer = make();
    const mask = tensor([
      [false, true, true, false, true, false],
      [true, false, false, false, false, true],
    ]);
    const { output, state } = layer.callWithState(x, { mask });
    const rows = mask.toArray() as unknown as boolean[][];
    rows.forEach((real, n) => {
      const kept = real.flatMap((isReal, t) => (isReal ? [t] : []));
      const values = (x.slice([n, n + 1]).toArray() as number[][][])[0]!;
      const alone = layer.callWithState(tensor([kept.map((t) => values[t]!)]) as Tensor);
      state.forEach((t, k) => {
        assertClose(t.slice([n, n + 1]), alone.state[k]!, close);
      });
      real.forEach((isReal, t) => {
        const got = output.slice(n, t) as Tensor;
        if (isReal) assertClose(got, alone.output.slice(0, kept.indexOf(t)) as Tensor, close);
        else expect(got.toArray()).toEqual([0, 0, 0]);
      });
    });
    const ends = tensor([[3], [5]]) as Tensor;
    const asMask = (tensor([0, 1, 2, 3, 4, 5]) as Tensor).less(ends);
    const byLengths = layer.callWithState(x, { lengths: [3, 5] });
    expect(layer.callWithState(x, { mask: asMask }).output.dataSync()).toEqual(byLengths.output.dataSync());
    const counts = tensor([3, 5], { dtype: 'int32' });
    expect(layer.callWithState(x, { lengths: counts }).output.dataSync()).toEqual(
      byLengths.output.dataSync(),
    );
  });

  test.each(layers)('%s generates with a cache what it generates without one', async (_, make) => {
    const rng = new Generator(2);
    const spread = { kernelInitializer: 'normal' as const, rng };
    const model = new Sequential([new Embedding(9, 4, spread), make(), new Dense(3, 9, { rng })]);
    const prompt = [
      [1, 5, 2],
      [0, 7, 7],
    ];
    const drawn = (cache: boolean) =>
      generate(model, prompt, { maxTokens: 12, temperature: 2, cache, rng: new Generator(4) });
    expect((await drawn(true)).toArray()).toEqual((await drawn(false)).toArray());
  });

  test('going backwards needs the whole sequence', async () => {
    const model = new Sequential([
      new Embedding(9, 4),
      new Bidirectional(new GRU(4, 3, { returnSequences: true })),
      new Dense(6, 9),
    ]);
    const run = generate(model, [[1]], { maxTokens: 2, cache: true });
    await expect(run).rejects.toThrow(StateError);
    await expect(run).rejects.toThrow('got goBackwards while earlier steps are cached');
  });
});

test('initial values: orthonormal rows of the recurrent kernel, ones for the forget gates', () => {
  const layer = new LSTM(3, 4, { rng: new Generator(1) });
  expect(vector(layer.bias)).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  expect(vector(new LSTM(3, 2, { unitForgetBias: false }).bias)).toEqual(new Array(8).fill(0));
  const u = layer.recurrentKernel as Tensor;
  assertClose(u.matmul(u.transpose()), eye(4), close);
  const limit = Math.sqrt(6 / (3 + 16));
  const kernel = layer.kernel.dataSync();
  expect(kernel.every((w) => Math.abs(w) <= limit)).toBe(true);
  expect(kernel.some((w) => Math.abs(w) > 0.9 * limit)).toBe(true);
});

test('the layers of the two directions have initial values of one generator', () => {
  const make = (): Bidirectional => new Bidirectional(new LSTM(3, 2, { rng: new Generator(7) }));
  const [a, b] = [make(), make()];
  expect(a.forwardLayer.kernel.dataSync()).not.toEqual(a.backwardLayer.kernel.dataSync());
  for (const [i, p] of a.parameters().entries()) expect(p.dataSync()).toEqual(b.parameters()[i]!.dataSync());
  expect(a.namedParameters().map(([name]) => name)).toEqual(
    ['forwardLayer', 'backwardLayer'].flatMap((layer) =>
      ['kernel', 'recurrentKernel', 'bias'].map((p) => `${layer}.${p}`),
    ),
  );
});

test.each([
  ['SimpleRNN', new SimpleRNN(4, 8, options)],
  ['LSTM', new LSTM(4, 8, options)],
  ['LSTM with dropout', new LSTM(4, 8, { ...options, dropout: 0.5, recurrentDropout: 0.5 })],
  ['GRU', new GRU(4, 8, options)],
] as const)('%s multiplies all inputs at once, and has one product in the loop', (_, layer) => {
  const { output } = layer.callWithState(normal(2, 5, 4), {}, training());
  const { plan } = compilePlan([output.node]);
  const [before, inside] = explainPlan(plan).split('loop scan') as [string, string];
  expect(before.match(/contract/g)).toHaveLength(1);
  expect(before).toMatch(/matmul: for \[5,2,\d+\]/);
  expect(inside.match(/contract/g)).toHaveLength(1);
});

/** A stack of recurrent layers, with dropout, that learns a sum over time. */
function stackOfLayers(rng: Generator): Layer {
  return new Sequential([
    new Bidirectional(new GRU(3, 5, { returnSequences: true, recurrentDropout: 0.1, rng })),
    new LSTM(10, 7, { returnSequences: true, dropout: 0.1, rng }),
    new SimpleRNN(7, 6, { rng }),
    new Dense(6, 2, { rng }),
  ]);
}

const samples = { x: normal(24, 6, 3), y: normal(24, 6, 3).sum(1).slice(null, [0, 2]).tanh().detach() };

describe('training', () => {
  const wasm = wasmBackend();
  afterAll(async () => {
    await setBackend('wasm');
    if (wasm instanceof WasmBackend) await wasm.forceThreads(null);
  });

  async function train(): Promise<Float32Array[]> {
    const model = stackOfLayers(new Generator(3));
    const optimizer = new Adam(model.parameters(), { learningRate: 1e-2 });
    const context = training({ rng: new Generator(11) });
    const losses: number[] = [];
    for (let i = 0; i < 4; i++) {
      const loss = meanSquaredError(model.call(samples.x, context), samples.y);
      await optimizer.minimize(loss, { context });
      losses.push(loss.item());
    }
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
    return [...model.parameters().map((p) => Float32Array.from(p.dataSync())), Float32Array.from(losses)];
  }

  test('has the same bits on js and on 1, 2 and 5 threads', async () => {
    if (!(wasm instanceof WasmBackend)) throw new Error(wasm);
    await setBackend('js');
    const wanted = await train();
    await setBackend('wasm');
    for (const threads of [1, 2, 5]) {
      await wasm.forceThreads(threads);
      const got = await train();
      got.forEach((array, i) => {
        expect(firstDifference(array, wanted[i]!)).toBeNull();
      });
    }
  });

  test('goes on from a checkpoint with the same bits', async () => {
    const trained = async (store?: MemoryStore): Promise<Float32Array[]> => {
      const model = stackOfLayers(new Generator(3));
      await fit(model, samples, {
        loss: meanSquaredError,
        optimizer: new Adam(model.parameters(), { learningRate: 1e-2 }),
        epochs: 2,
        batchSize: 8,
        seed: 5,
        progress: false,
        ...(store && { checkpoint: checkpoint(store, { every: { steps: 1 }, keep: 100 }), resume: 'auto' }),
      });
      return model.parameters().map((p) => Float32Array.from(p.dataSync()));
    };
    const store = new MemoryStore();
    await trained(store);
    const [files, wanted] = [[...store.files], await trained()];
    expect(files.length).toBeGreaterThan(4);
    for (const n of [1, 4]) {
      const got = await trained(MemoryStore.of(files.slice(0, n)));
      got.forEach((array, i) => {
        expect(firstDifference(array, wanted[i]!)).toBeNull();
      });
    }
  });

  test('gradients go through a stack of layers to the input', () => {
    const model = stackOfLayers(new Generator(3));
    const [g] = gradients(model.call(samples.x).square().sum(), [samples.x]);
    expect(g!.shape).toEqual([24, 6, 3]);
    expect(g!.abs().min(2).sum(0).toArray()).toEqual(
      expect.arrayContaining([expect.any(Number)]) as number[],
    );
    expect((g!.abs().sum([0, 2]).toArray() as number[]).every((s) => s > 0)).toBe(true);
  });
});

describe('what does not fit', () => {
  const lstm = new LSTM(4, 3, { returnSequences: true });
  const call = (...shape: number[]) => lstm.call(zeros(shape));
  test.each([
    [() => call(2, 4), 'input [2, 4] does not fit inFeatures 4. Give sequences [N, T, 4]: a Reshape layer'],
    [() => call(2, 3, 5), 'Give [N, T, 4], or create the layer with inFeatures 5.'],
    [() => lstm.callWithState(zeros([2, 4])), '[LSTM] input [2, 4] does not fit inFeatures 4.'],
    [() => new GRU(4, 3, { activation: (x) => x.sum(1) }).call(zeros([2, 3, 4])), '[GRU] '],
    [() => call(2, 0, 4), 'input [2, 0, 4] has no steps, wanted one at least.'],
    [
      () => new Sequential([new LSTM(4, 3) as Layer, new LSTM(3, 2) as Layer]),
      'input [N, 3] does not fit inFeatures 3. Give sequences [N, T, 3]: a Reshape layer or expandDims adds the axis of ' +
        'steps. After a recurrent layer set its returnSequences: true.',
    ],
    [
      () => new Sequential([new Bidirectional(lstm), new GRU(3, 2)]),
      '[Sequential.1 GRU] input [N, ?, 6] does not fit inFeatures 3.',
    ],
    [
      () => new Bidirectional(lstm).call(zeros([2, 3, 5]) as never),
      '[Bidirectional.forwardLayer LSTM] input [2, 3, 5] does not fit inFeatures 4.',
    ],
    [
      () => lstm.callWithState(zeros([2, 3, 4]), { initialState: [zeros([2, 3]), zeros([2, 4])] }),
      '[callWithState] got initialState float32 [2, 4], wanted float32 [2, 3].',
    ],
    [
      () => lstm.callWithState(zeros([2, 3, 4]), { mask: zeros([2, 3]) }),
      '[callWithState] got mask float32 [2, 3], wanted bool [2, 3].',
    ],
    [
      () => lstm.callWithState(zeros([2, 3, 4]), { lengths: [1] }),
      '[callWithState] got 1 lengths for 2 sequences, wanted one for each.',
    ],
    [
      () => lstm.callWithState(zeros([2, 3, 4]), { lengths: zeros([2]) }),
      '[callWithState] got lengths float32 [2], wanted int32 [2].',
    ],
  ])('shapes: %#', (run, text) => {
    expect(run).toThrow(ShapeError);
    expect(run).toThrow(text);
  });

  test.each([
    [() => new LSTM(0, 3), '[LSTM] got inFeatures 0, wanted a whole number from 1 up.'],
    [() => new GRU(3, 2.5), '[GRU] got outFeatures 2.5, wanted a whole number from 1 up.'],
    [() => new SimpleRNN(3, 2, { dropout: 1 }), '[SimpleRNN] got dropout 1, wanted a probability'],
    [
      () => new LSTM(3, 2, { activation: 'tanhh' as 'tanh' }),
      "[LSTM] got activation 'tanhh', wanted one of celu",
    ],
    [
      () => new LSTM(3, 2, { bias: false, unitForgetBias: true }),
      '[LSTM] got unitForgetBias with bias: false, without effect. Leave one out.',
    ],
    [() => new SimpleRNN(3, 2, { resetAfter: true } as object), "got the unknown option 'resetAfter'"],
    [
      () => new GRU(3, 2, { recurrentPenalty: { l2: -1 } }),
      '[GRU] got recurrentPenalty.l2 -1, wanted a finite number from 0 up.',
    ],
    [
      () => new Bidirectional(new Dense(3, 2) as never),
      '[Bidirectional] got layer an object, wanted a recurrent layer: SimpleRNN, LSTM or GRU.',
    ],
    [
      () => new Bidirectional(new GRU(3, 2, { goBackwards: true })),
      '[Bidirectional] got a layer with goBackwards, wanted one that goes forward.',
    ],
    [
      () => new Bidirectional(lstm, { merge: 'max' as 'sum' }),
      "[Bidirectional] got merge 'max', wanted one of concat, sum, mul, average, none.",
    ],
    [
      () => lstm.callWithState(zeros([2, 3, 4]), { initialState: [zeros([2, 3])] }),
      '[callWithState] got 1 tensors as initialState, wanted 2.',
    ],
    [
      () => lstm.callWithState(zeros([2, 3, 4]), { lengths: [1, 4] }),
      '[callWithState] got the length 4, wanted a whole number from 0 to 3.',
    ],
    [
      () => lstm.callWithState(zeros([2, 3, 4]), { lengths: [1, 2], mask: zeros([2, 3], 'bool') }),
      '[callWithState] got lengths and a mask, wanted one of them.',
    ],
  ])('values: %#', (run, text) => {
    expect(run).toThrow(ValueError);
    expect(run).toThrow(text);
  });

  test('data types', () => {
    expect(() => lstm.call([[[1]]] as never)).toThrow(DTypeError);
    expect(lstm.call(zeros([2, 3, 4], 'int32')).dtype).toBe('float32');
  });

  test('no samples give no outputs', () => {
    expect(call(0, 3, 4).toArray()).toEqual([]);
    expect(new Bidirectional(lstm).call(zeros([0, 3, 4])).shape).toEqual([0, 3, 6]);
  });
});

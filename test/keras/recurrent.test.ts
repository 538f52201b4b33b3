import { Bidirectional, GRU, type Layer, LSTM, loadModel, Sequential, saveModel, tensor } from 'ndgrad';
import { kerasLayers, loadKeras } from 'ndgrad/keras';
import { expect, test } from 'vitest';
import { filled, fixture, layer, load, messageOf, type Numbers, sequential } from './support.ts';

// The predictions of recurrent.keras and recurrent.h5 stand in keras.test.ts.

test('recurrent layers have the settings of Keras, and are saved like others', async () => {
  const model = (await loadKeras(fixture('recurrent.keras'))) as Sequential;
  expect(model).toBeInstanceOf(Sequential);
  const [, lstm, both, old] = model.layers as readonly Layer[];
  expect(lstm).toBeInstanceOf(LSTM);
  expect(lstm).toMatchObject({ returnSequences: true, recurrentActivationName: 'hardSigmoid' });
  expect(both).toBeInstanceOf(Bidirectional);
  expect(both).toMatchObject({ merge: 'concat', name: 'both' });
  expect(old).toBeInstanceOf(GRU);
  expect(old).toMatchObject({ resetAfter: false, goBackwards: true, recurrentBias: null });
  const { model: again } = await loadModel(await saveModel(model), { layers: kerasLayers });
  for (const [i, p] of model.parameters().entries())
    expect(again.parameters()[i]!.dataSync()).toEqual(p.dataSync());
});

/** Weights of TensorFlow.js, by layer and weight. */
const weights = (entries: Record<string, number[]>): Record<string, Numbers> =>
  Object.fromEntries(Object.entries(entries).map(([name, shape]) => [name, filled(...shape)]));

test('weights of TensorFlow.js have the path of the layer, with or without the cell', async () => {
  const config = sequential(
    layer('GRU', 'a', {
      units: 2,
      return_sequences: true,
      recurrent_activation: 'sigmoid',
      batch_input_shape: [null, 4, 3],
    }),
    layer('Bidirectional', 'b', {
      merge_mode: 'sum',
      layer: layer('LSTM', 'inner', { units: 2, recurrent_activation: 'sigmoid' }),
    }),
  );
  const cell = (path: string, inputs: number, gates: number) => ({
    [`${path}/kernel`]: [inputs, 2 * gates],
    [`${path}/recurrent_kernel`]: [2, 2 * gates],
    [`${path}/bias`]: [2 * gates],
  });
  const given = weights({
    ...cell('b/backward_inner/lstm_cell_1', 2, 4),
    ...cell('a/gru_cell', 3, 3),
    ...cell('b/forward_inner', 2, 4),
  });
  given['b/backward_inner/lstm_cell_1/bias']!.data[0] = 9;
  const model = (await load(config, given)) as Sequential;
  const [gru, both] = model.layers as unknown as [GRU, Bidirectional];
  expect(gru.resetAfter).toBe(false);
  expect(both.backwardLayer.bias!.dataSync()[0]).toBe(9);
  expect(both.forwardLayer.bias!.dataSync()[0]).toBeCloseTo(-0.4, 6);
  expect(model.outputShape([5, 4, 3])).toEqual([5, 2]);
});

test('an activation that is linear stays so', async () => {
  const config = sequential(
    layer('SimpleRNN', 'a', { units: 2, activation: 'linear', batch_input_shape: [null, 4, 3] }),
  );
  const given = weights({ 'a/kernel': [3, 2], 'a/recurrent_kernel': [2, 2], 'a/bias': [2] });
  expect(((await load(config, given)) as Sequential).layers[0]).toMatchObject({ activationName: 'linear' });
});

test.each([
  ['LSTM', { units: 2, return_state: true }, "'a' (LSTM: return_state true)"],
  ['GRU', { units: 2, stateful: true }, "'a' (GRU: stateful true)"],
  ['SimpleRNN', { units: 2, dropout: 1 }, "'a' (SimpleRNN: dropout 1)"],
  ['Embedding', { input_dim: 5, output_dim: 2, mask_zero: true }, "'a' (Embedding: mask_zero true)"],
  ['Bidirectional', { merge_mode: 'sum' }, "'a' (Bidirectional: no layer)"],
  [
    'Bidirectional',
    { merge_mode: 'sum', layer: layer('Dense', 'b', { units: 2 }) },
    "'a' (Bidirectional: of Dense)",
  ],
  [
    'Bidirectional',
    { merge_mode: null, layer: layer('GRU', 'b', { units: 2 }) },
    "'a' (Bidirectional: merge_mode null)",
  ],
  [
    'Bidirectional',
    {
      merge_mode: 'sum',
      layer: layer('GRU', 'b', { units: 2 }),
      backward_layer: layer('GRU', 'c', { units: 2, activation: 'relu', go_backwards: true }),
    },
    "'a' (Bidirectional: a backward_layer with other settings)",
  ],
])('%s: settings that do not exist here', async (className, settings, wanted) => {
  expect(await messageOf(() => load(sequential(layer(className, 'a', settings))))).toContain(wanted);
});

test('an activation without a name here is a function', async () => {
  const config = sequential(
    layer('LSTM', 'a', { units: 1, recurrent_activation: 'hard_sigmoid', batch_input_shape: [null, 1, 1] }),
  );
  const model = await load(config, {
    'a/kernel': { shape: [1, 4], data: [1, 0, 1, 2] },
    'a/recurrent_kernel': { shape: [1, 4], data: [0, 0, 0, 0] },
    'a/bias': { shape: [4], data: [0, 0, 0, 0] },
  });
  // hard_sigmoid of Keras 2: 0.2 x + 0.5.
  const cell = 0.7 * Math.tanh(1);
  expect(model.call(tensor([[[1]]])).item()).toBeCloseTo(0.9 * Math.tanh(cell), 6);
  expect(await messageOf(() => saveModel(model))).toContain('function');
});

test('weights that do not fit', async () => {
  const config = sequential(layer('GRU', 'a', { units: 2, batch_input_shape: [null, 4, 3] }));
  const given = weights({ 'a/kernel': [3, 6], 'a/recurrent_kernel': [2, 5], 'a/bias': [6] });
  expect(await messageOf(() => load(config, given))).toContain(
    "'a' has recurrent_kernel [2, 5], its settings want [2, 6]",
  );
  // Sizes that the file does not back.
  const huge = sequential(layer('GRU', 'a', { units: 2 ** 30, batch_input_shape: [null, 4, 3] }));
  expect(await messageOf(() => load(huge, given))).toContain("'a' has kernel [3, 6], its settings want");
});

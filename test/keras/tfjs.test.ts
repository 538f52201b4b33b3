import { type Layer, Sequential } from 'ndgrad';
import { loadTfjs } from 'ndgrad/keras';
import { assertClose } from 'ndgrad/testing';
import { expect, test } from 'vitest';
import {
  filled,
  functional,
  jsonFixture,
  layer,
  load,
  messageOf,
  type Numbers,
  sequential,
  tensorOf,
} from './support.ts';

interface Case {
  readonly name: string;
  readonly modelJson: {
    format?: string;
    modelTopology: unknown;
    weightsManifest: { paths: string[]; weights: { quantization?: unknown }[] }[];
  };
  readonly shards: Record<string, string>;
  readonly input: Numbers;
  readonly output: Numbers;
}

const { cases } = jsonFixture<{ cases: Case[] }>('tfjs.json');
const caseOf = (name: string): Case => structuredClone(cases.find((c) => c.name === name)!);
const shard =
  ({ shards }: Case) =>
  async (path: string): Promise<Uint8Array> =>
    Buffer.from(shards[path]!, 'base64');
const loadCase = (given: Case): Promise<Layer> => loadTfjs(given.modelJson, shard(given));

test.each(cases)('the model $name has the predictions of TensorFlow.js', async (given) => {
  const model = await loadCase(given);
  const y = model.call(tensorOf(given.input));
  expect(y.shape).toEqual(given.output.shape);
  assertClose(y, tensorOf(given.output), { relative: 2e-5, absolute: 2e-6 });
});

test('model.json may be text, bytes or parsed', async () => {
  const given = caseOf('quantized');
  const text = JSON.stringify(given.modelJson);
  for (const modelJson of [text, new TextEncoder().encode(text), given.modelJson]) {
    const y = (await loadTfjs(modelJson, shard(given))).call(tensorOf(given.input));
    assertClose(y, tensorOf(given.output), { relative: 2e-5, absolute: 2e-6 });
  }
});

test('shards with other data than the manifest says are refused', async () => {
  const given = caseOf('skip');
  const [first, second] = given.modelJson.weightsManifest[0]!.paths as [string, string];
  const cut: Case = { ...given, shards: { ...given.shards, [second]: given.shards[second]!.slice(0, -8) } };
  expect(await messageOf(() => loadCase(cut))).toMatch(`in '${first}', '${second}', wanted at least`);
  const long: Case = {
    ...given,
    shards: { ...given.shards, [second]: given.shards[second]!.replaceAll('=', '') + 'AAAA'.repeat(9) },
  };
  expect(await messageOf(() => loadCase(long))).toMatch(/^\[loadTfjs\] got \d+ bytes in .*wanted/);
  expect(await messageOf(() => loadTfjs(given.modelJson, async () => 'text' as never))).toBe(
    `[loadTfjs] got no bytes from readShard('${first}'), wanted a Uint8Array or an ArrayBuffer.`,
  );
});

test('graph models and files that are something else are refused', async () => {
  const given = caseOf('quantized');
  for (const change of [{ format: 'graph-model' }, { modelTopology: undefined }, { weightsManifest: {} }]) {
    const modelJson = { ...given.modelJson, ...change } as Case['modelJson'];
    expect(await messageOf(() => loadCase({ ...given, modelJson }))).toMatch(
      '[loadTfjs] got no layers model, wanted model.json with modelTopology and weightsManifest.',
    );
  }
  expect(await messageOf(() => loadTfjs('{', shard(given)))).toMatch(
    '[loadTfjs] got modelJson that is no JSON',
  );
  const { weights } = given.modelJson.weightsManifest[0]!;
  for (const quantization of [7, { dtype: 'int4' }, { dtype: 'uint8', scale: 'x', min: 0 }]) {
    weights[0]!.quantization = quantization;
    expect(await messageOf(() => loadCase(given))).toMatch('in weightsManifest, wanted { paths, weights }');
  }
});

const dense = (name: string, inputs?: unknown): object => layer('Dense', name, { units: 2 }, inputs);
const weights = (name: string): Record<string, Numbers> => ({
  [`${name}/kernel`]: filled(2, 2),
  [`${name}/bias`]: filled(2),
});

test('a functional model without branches is a Sequential', async () => {
  const model = functional(
    [
      layer('InputLayer', 'x', { batch_input_shape: [null, 2] }, []),
      // The order of the list says nothing.
      dense('b', [[['a', 0, 0, {}]]]),
      dense('a', [[['x', 0, 0, {}]]]),
    ],
    [['x', 0, 0]],
    [['b', 0, 0]],
  );
  const loaded = (await load(model, { ...weights('a'), ...weights('b') })) as Sequential;
  expect(loaded).toBeInstanceOf(Sequential);
  expect(loaded.layers.map(({ name }) => name)).toEqual(['a', 'b']);
});

test('weights that are missing, unexpected or of another shape are listed', async () => {
  const model = sequential(dense('a'), dense('b'));
  expect(
    await messageOf(() => load(model, { ...weights('a'), 'b/kernel': filled(2, 2), 'c/bias': filled(2) })),
  ).toBe(
    "[loadTfjs] got weights that don't fit the layers: the file has a/kernel, a/bias, b/kernel, c/bias, wanted a/kernel, a/bias, " +
      'b/kernel, b/bias. Save the model and its weights together.',
  );
  const all = { ...weights('a'), 'b/kernel': filled(2, 3), 'b/bias': filled(1, 2) };
  expect(await messageOf(() => load(model, all))).toMatch("'b/bias' has 2 axes instead of 1");
  expect(await messageOf(() => load(model, { ...all, 'b/bias': filled(2) }))).toMatch(
    "'b' has kernel [2, 3], its settings want [2, 2]",
  );
  const nan = { ...weights('a'), ...weights('b'), 'b/bias': { shape: [2], data: [1, Number.NaN] } };
  expect(await messageOf(() => load(model, nan))).toBe("[loadTfjs] got NaN or infinite values for 'b/bias'.");
});

test('a regularizer of a bias that the layer does not have is left out, as in Keras', async () => {
  const regularizer = { class_name: 'L2', config: { l2: 0.1 } };
  const config = { units: 2, use_bias: false, bias_regularizer: regularizer, batch_input_shape: [null, 2] };
  const loaded = await load(sequential(layer('Dense', 'a', config)), { 'a/kernel': filled(2, 2) });
  expect(loaded.penalty()).toBeNull();
});

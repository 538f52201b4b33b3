import { readFileSync } from 'node:fs';
import { type Layer, type Tensor, tensor } from 'ndgrad';
import { loadTfjs } from 'ndgrad/keras';
import { assertClose } from 'ndgrad/testing';
import { expect, test } from 'vitest';

interface Numbers {
  readonly shape: number[];
  readonly data: number[];
}

interface Case {
  readonly name: string;
  readonly modelJson: { modelTopology: object; weightsManifest: { paths: string[]; weights: object[] }[] };
  readonly shards: Record<string, string>;
  readonly input: Numbers;
  readonly output: Numbers;
}

const { cases } = JSON.parse(readFileSync(new URL('fixtures/tfjs.json', import.meta.url), 'utf8')) as {
  cases: Case[];
};
const caseOf = (name: string): Case => structuredClone(cases.find((c) => c.name === name)!);
const tensorOf = ({ shape, data }: Numbers): Tensor => tensor(data, { shape });
const load = ({ modelJson, shards }: Case): Promise<Layer> =>
  loadTfjs(modelJson, async (path) => Buffer.from(shards[path]!, 'base64'));

test.each(cases)('the model $name has the predictions of TensorFlow.js', async (given) => {
  const model = await load(given);
  const y = model.call(tensorOf(given.input));
  expect(y.shape).toEqual(given.output.shape);
  assertClose(y, tensorOf(given.output), { relative: 2e-5, absolute: 2e-6 });
});

import { readFileSync } from 'node:fs';
import { Sequential, type Tensor, tensor } from 'ndgrad';
import { loadKeras } from 'ndgrad/keras';
import { assertClose } from 'ndgrad/testing';
import { expect, test } from 'vitest';

interface Numbers {
  readonly shape: number[];
  readonly data: number[];
}

const fixture = (name: string): Buffer => readFileSync(new URL(`fixtures/${name}`, import.meta.url));
const answers = JSON.parse(fixture('keras.json').toString()) as Record<
  string,
  { readonly input: Numbers; readonly output: Numbers }
>;
const tensorOf = ({ shape, data }: Numbers): Tensor => tensor(data, { shape });

test.each(Object.keys(answers))('%s has the predictions of PyTorch', async (name) => {
  const model = await loadKeras(fixture(name));
  const { input, output } = answers[name]!;
  const y = model.call(tensorOf(input));
  expect(y.shape).toEqual(output.shape);
  assertClose(y, tensorOf(output), { relative: 2e-5, absolute: 5e-6 });
});

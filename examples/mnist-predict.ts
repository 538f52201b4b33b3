/**
 * Recognizes handwritten digits in PNG and JPEG files with a model that `npm run mnist -- --save DIR` has kept.
 *
 *     npm run mnist -- --models lenet --save mnist-models
 *     npx tsx examples/mnist-predict.ts --model mnist-models/mnist-lenet-1.safetensors digit.png photo.jpg
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { loadModel, NdgradError, predict, tensor } from 'ndgrad';
import { fileSource } from 'ndgrad/node';
import { centered } from './mnist-predict/centered.ts';
import { decodeImage } from './mnist-predict/decode-image.ts';

const usage = 'Usage: npx tsx examples/mnist-predict.ts --model FILE.safetensors IMAGE...';

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { model: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    allowPositionals: true,
  });
  if (values.help) return console.log(usage);
  if (values.model === undefined || positionals.length === 0) {
    console.error(usage);
    process.exitCode = 2;
    return;
  }
  const { model } = await loadModel(await fileSource(values.model));
  for (const path of positionals) {
    try {
      const x = tensor(centered(decodeImage(path, await readFile(path))), { shape: [1, 784] });
      const probabilities = [...(await (await predict(model, x)).softmax().data())];
      const best = probabilities.indexOf(Math.max(...probabilities));
      console.log(`${path}: ${best} (${(100 * probabilities[best]!).toFixed(1)} %)`);
    } catch (error) {
      console.error(`${path}: ${message(error)}`);
      process.exitCode = 1;
    }
  }
}

try {
  await main();
} catch (error) {
  const isExpected =
    error instanceof NdgradError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  if (!isExpected) throw error;
  console.error(message(error));
  process.exitCode = error instanceof NdgradError ? 1 : 2;
}

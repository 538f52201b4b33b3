import { BinaryAccuracy, Generator, realize, type Schedule, schedules, type Tensor, tensor } from 'ndgrad';
import { blobSource, opfsStore, type UrlSourceOptions } from 'ndgrad/browser';
import { bullmq } from 'ndgrad/bullmq';
import { type Data, decodeIdx, scalePixels } from 'ndgrad/data';
import { type GpuOptions, gpu } from 'ndgrad/gpu';
import { readSafetensors, type SafetensorsFile, writeSafetensors } from 'ndgrad/io';
import { loadKeras, loadTfjs } from 'ndgrad/keras';
import { precision, summarizeRuns } from 'ndgrad/metrics';
import { fileJournal, folderStore, inWorkers, type LoadedMnist } from 'ndgrad/node';
import { choice, randomSearch, search, type TrialFunction } from 'ndgrad/search';
import { assertClose } from 'ndgrad/testing';

// A tensor is nominal: an object with all of its public members is not one.
declare const lookalike: Pick<Tensor, keyof Tensor>;
// @ts-expect-error
const impostor = (): Tensor => lookalike;

const accept = (..._types: [Data?, GpuOptions?, LoadedMnist?, UrlSourceOptions?]): void => {};

async function main(): Promise<void> {
  accept();
  for (const value of [
    impostor,
    bullmq,
    fileJournal,
    inWorkers,
    gpu,
    loadKeras,
    loadTfjs,
    folderStore,
    opfsStore,
  ]) {
    if (typeof value !== 'function') throw new Error(`entries: ${String(value)} is not a function`);
  }
  const rate: Schedule = schedules.cosineDecay({ rate: 1, steps: 10 });
  if (rate(0) !== 1) throw new Error(`entries: the rate begins at ${rate(0)}`);

  const space = { width: choice([8, 16]) };
  const trial: TrialFunction<typeof space, 'score'> = ({ width }) => ({ score: width });
  const strategy = randomSearch({ trials: 2 });
  const { best } = await search({
    space,
    strategy,
    trial,
    objective: { maximize: 'score' },
    progress: false,
  });
  if (best.parameters.width !== 16) throw new Error(`entries: the best width is ${best.parameters.width}`);

  const idx = await decodeIdx(Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 255), { dtype: 'uint8' });
  const { data, shape } = scalePixels({ data: idx.data, shape: [1, 2] });
  const x = tensor(data, { shape });
  assertClose(x, [[0, 1]]);

  const saved = blobSource(new Blob([(await writeSafetensors({ x })).slice()]));
  const file: SafetensorsFile = await readSafetensors(saved);
  assertClose(await file.read('x'), [[0, 1]]);

  const noise = new Generator(1).normal([4]);
  await realize(noise);
  const accuracy = new BinaryAccuracy();
  await accuracy.update(noise, noise.greater(0));
  const share: number = precision([0, 1], [0, 1], { average: 'binary' });
  console.log(`every entry point works, ${summarizeRuns([accuracy.result(), share]).mean}`);
}

void main();

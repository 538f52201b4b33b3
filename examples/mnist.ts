/**
 * Trains a series of networks on the 60,000 training digits of MNIST, from softmax regression to an ensemble of
 * convolutional networks, and compares them on the 10,000 test digits.
 *
 *     npm run mnist
 *     npm run mnist -- --quick
 *     npm run mnist -- --models softmax,reference --epochs 3
 *     npm run mnist -- --backend gpu
 *     mpirun -n 2 npm run mnist -- --shards 8
 *     npm run mnist -- --help
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  Accuracy,
  checkpoint,
  fit,
  predict,
  seed,
  setThreads,
  softmaxCrossEntropy,
  type Tensor,
  WeightAverage,
  type World,
} from 'ndgrad';
import { augmentImages } from 'ndgrad/data';
import { folderStore } from 'ndgrad/node';
import { chooseBackend, describeBackend } from './mnist/backend.ts';
import { command } from './mnist/command.ts';
import { comparePairs, describePairs } from './mnist/compare.ts';
import { type Data, loadData, split } from './mnist/data.ts';
import { writeDrawingPage } from './mnist/drawing-page.ts';
import { models, type Network } from './mnist/models.ts';
import {
  type Configuration,
  configure,
  NetworkStore,
  type TrainedNetwork,
  version,
} from './mnist/network-store.ts';
import { writeAtomically } from './mnist/output.ts';
import { report } from './mnist/report/report.ts';
import { reportInput } from './mnist/report-input.ts';
import {
  ensembleOutcome,
  networkOutcome,
  type Outcome,
  parametersHash,
  writeResults,
} from './mnist/results.ts';
import { SavedModels } from './mnist/saved-models.ts';
import { describeImages, table } from './mnist/table.ts';
import { trainingTimer } from './mnist/training-timer.ts';

/**
 * Trains a network, and evaluates it on the test images, which the training does not use.
 *
 * @param folder for the checkpoints of the training.
 * @param resume whether it goes on from the newest one.
 * @param saved where the trained model is kept.
 * @param world the ranks that train it together.
 */
async function train(
  { build, recipe }: Network,
  configuration: Configuration,
  data: Data,
  folder: string,
  resume: boolean,
  saved: SavedModels | undefined,
  world: World,
): Promise<TrainedNetwork> {
  const { epochs, batchSize, shards = 1 } = configuration;
  const { augment, labelSmoothing = 0, averageDecay } = recipe;
  const { training, validation } = split(data.train, configuration);

  seed(configuration.seed); // for each network, so that none depends on earlier ones
  const model = build();
  const parameters = model.parameters();
  const timer = trainingTimer();
  const options = {
    loss: (logits: Tensor, labels: Tensor) => softmaxCrossEntropy(logits, labels, { labelSmoothing }),
    optimizer: recipe.optimizer(parameters, epochs * Math.ceil(configuration.training / batchSize)),
    ...(averageDecay && { average: new WeightAverage(parameters, { decay: averageDecay }) }),
    ...(validation && { validationData: validation }),
    metrics: [new Accuracy()],
    callbacks: [timer],
    checkpoint: checkpoint(folderStore(folder), { every: { steps: 100 } }),
    ...(resume && { resume: 'auto' as const }),
    epochs,
    seed: configuration.seed,
    accumulate: shards,
    world,
    progress: true,
  };
  const images = { ...training, x: training.x.reshape([-1, 28, 28]) };
  const { history } = augment
    ? await fit(model, augmentImages(images, { ...augment, batchSize, seed: configuration.seed }), options)
    : await fit(model, training, { ...options, batchSize });

  if (world.rank === 0) await saved?.save(configuration, model);

  const logits = await predict(model, data.test.x);
  const [testLoss] = await softmaxCrossEntropy(logits, data.test.y).data();
  const kernel = parameters[0]!;
  return {
    configuration,
    parameters: parameters.reduce((sum, { size, trainable }) => sum + (trainable ? size : 0), 0),
    seconds: timer.seconds,
    secondsTo99: timer.secondsTo99,
    date: new Date().toISOString(),
    history,
    testLoss: testLoss!,
    probabilities: await floats(logits.softmax()),
    firstLayer: { shape: kernel.shape, values: await floats(kernel) },
    parametersHash: await parametersHash(model.namedParameters()),
  };
}

const count = (n: number) => n.toLocaleString('en-US');
const floats = async (x: Tensor) => Float32Array.from(await x.data());

await command(models, async (flags, world) => {
  const isFirst = world.rank === 0;
  const print = (text: string): void => {
    if (isFirst) console.log(text);
  };
  await chooseBackend(flags);
  if (flags.threads !== undefined) setThreads(flags.threads);
  const data = await loadData(flags.dataset, flags.data);
  const { labels } = data.test;
  print(`${data.name} from ${data.source}`);
  const { backend, adapter } = describeBackend();
  if (adapter !== undefined) print(`Backend ${backend} on ${adapter}`);

  const store = new NetworkStore(join(flags.out, 'networks'));
  const saved = flags.save === undefined ? undefined : new SavedModels(flags.save);
  const trained = new Map<string, TrainedNetwork>();

  /** Trains a network, unless this run or the resumed run has trained it before. */
  async function obtain(name: string, network: Network, seed: number): Promise<TrainedNetwork> {
    const configuration = configure(name, network, seed, flags, data, describeBackend());
    const { training, validation } = configuration;
    const held = validation > 0 ? `, ${count(validation)} held out` : '';
    print(`seed ${seed}: ${count(training)} training images${held}`);
    const path = store.path(configuration);
    const inThisRun = trained.get(path);
    const stored = flags.resume && !inThisRun ? await store.load(configuration) : undefined;
    // Results of an earlier run do not contain the model.
    const earlier = inThisRun ?? (stored && saved && !(await saved.has(stored)) ? undefined : stored);
    if (earlier) print(`trained ${inThisRun ? 'above' : 'before'}, ${earlier.seconds.toFixed(1)} s: ${path}`);
    const checkpoints = store.checkpoints(configuration);
    const result =
      earlier ?? (await train(network, configuration, data, checkpoints, flags.resume, saved, world));
    if (!earlier && isFirst) await store.save(result);
    if (isFirst) await rm(checkpoints, { recursive: true, force: true });
    trained.set(path, result);
    return result;
  }

  const outcomes: Outcome[] = [];
  for (const [name, model] of flags.models) {
    print(`\n${name}: ${model.about}`);
    const ensemble = 'of' in model;
    const [networkName, network] = ensemble ? model.of : [name, model];
    const runs = (ensemble ? model.members : model.runs)[flags.mode];
    const networks: TrainedNetwork[] = [];
    for (let i = 0; i < runs; i++) networks.push(await obtain(networkName, network, flags.seed + i));
    outcomes.push(await (ensemble ? ensembleOutcome : networkOutcome)(name, model.about, networks, labels));
  }

  const results = outcomes.map(({ result }) => result);
  const pairs = comparePairs(results, labels);
  print(`\n${table(results, flags.dataset === 'mnist')}\n`);
  for (const line of [describeImages(results), describePairs(pairs)]) if (line) print(line);

  if (!isFirst) return;
  const { dataset, mode } = flags;
  const path = await writeResults(flags.out, {
    dataset,
    mode,
    seed: flags.seed,
    version,
    ...describeBackend(),
    models: results,
    mcnemar: pairs,
  });
  const page = join(flags.out, 'report.html');
  // One can draw digits, but hardly clothes.
  const canDraw = saved !== undefined && dataset === 'mnist';
  const drawingPage = canDraw ? await writeDrawingPage(flags.out, outcomes, saved) : undefined;
  await writeAtomically(page, report({ ...reportInput(flags, data, outcomes, pairs), drawingPage }));
  print(`\nWritten to ${path} and ${page}`);
});

/** The entry point `ndgrad/node`: files, and worker threads for hyper-parameter search. */

// Files

export { fileSource } from './node/file-source.ts';
export { folderStore } from './node/folder-store.ts';
export { saveFile } from './node/save-file.ts';
export { textFile } from './node/text-file.ts';

// Data sets in files

export { type LoadedMnist, type LoadMnistOptions, loadMnist } from './node/mnist.ts';

// Hyper-parameter search

export { fileJournal } from './node/search-journal.ts';
export { inWorkers, type TrialWorkerOptions } from './node/search-workers.ts';
export type { Url } from './util/host-types.ts';

// Training in a worker

export {
  serveTraining,
  trainInWorker,
  type WorkerThread,
} from './node/training-worker.ts';
export type { RemoteTraining, TrainInWorkerOptions } from './remote/remote-training.ts';
export type { SetUpTraining, TrainingSetup } from './remote/serve.ts';

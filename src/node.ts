/** What needs files: the entry point `ndgrad/node`. */

export type { Mnist, MnistSplit } from './data/mnist.ts';
export { type LoadedMnist, type LoadMnistOptions, loadMnist } from './node/mnist.ts';
export { fileJournal } from './node/search-journal.ts';
export { inWorkers, type TrialWorkerOptions } from './node/search-workers.ts';

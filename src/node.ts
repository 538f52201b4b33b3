/** The entry point `ndgrad/node`: files, and worker threads for hyper-parameter search. */

// Data sets in files

export { type LoadedMnist, type LoadMnistOptions, loadMnist } from './node/mnist.ts';

// Hyper-parameter search

export { fileJournal } from './node/search-journal.ts';
export { inWorkers, type TrialWorkerOptions } from './node/search-workers.ts';
export type { Url } from './util/host-types.ts';

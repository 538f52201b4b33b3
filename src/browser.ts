/** The entry point `ndgrad/browser`: where files live in browsers and on servers. */

// Files that can be read

export { type BlobLike, blobSource } from './browser/blob-source.ts';
export { type UrlSourceOptions, urlSource } from './browser/url-source.ts';

// Files that are kept

export { indexedDbStore } from './browser/indexed-db-store.ts';
export { opfsStore } from './browser/opfs-store.ts';

// Files for the user

export { download } from './browser/download.ts';

// Training in a worker

export {
  serveTraining,
  trainInWorker,
  type WorkerLike,
} from './browser/training-worker.ts';
export type { RemoteTraining, TrainInWorkerOptions } from './remote/remote-training.ts';
export type { SetUpTraining, TrainingSetup } from './remote/serve.ts';

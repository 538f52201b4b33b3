import { isRecord } from '../ir/arguments.ts';
import type { BatchLogs, EpochLogs, NaNLoss, ParameterValues } from '../train/callbacks/callback.ts';
import type { ErrorReport } from './error-report.ts';

// The messages between a page (or a program of Node) and its training worker. Both sides may come from different copies of
// this package, so each message has the version of this protocol.

const VERSION = 1;

/** What a page can ask a training for, with the answers. */
export interface Commands {
  pause(): void;
  resume(): void;
  step(batches: number): void;
  stop(reason: string): void;
  setLearningRate(rate: number): void;
  weights(): Uint8Array;
  values(): readonly ParameterValues[];
}

/** The columns of a `History`. */
export interface HistoryColumns {
  readonly epochs: readonly number[];
  readonly history: Readonly<Record<string, readonly number[]>>;
  readonly stopped?: string;
}

/** What happens in a training, by the hook that it calls. */
export type TrainingEvent =
  | { readonly hook: 'onTrainBegin'; readonly epochs: number }
  /** `history` comes with the first epoch, since training may go on from a checkpoint. */
  | { readonly hook: 'onEpochBegin'; readonly epoch: number; readonly history: HistoryColumns | null }
  | { readonly hook: 'onBatchEnd'; readonly logs: BatchLogs }
  | { readonly hook: 'onEpochEnd'; readonly logs: EpochLogs }
  | { readonly hook: 'onNaN'; readonly problem: NaNLoss };

/** A message to the worker. */
export type Request =
  /** Asks whether `serveTraining` was called; the answer is 'ready'. */
  | { readonly kind: 'hello' }
  | { readonly kind: 'start'; readonly message: unknown; readonly wantsBatches: boolean }
  | { readonly kind: 'abort' }
  /** The callbacks of an event have run. `results` are those of an epoch, to which they may have added some. */
  | { readonly kind: 'handled'; readonly results?: Readonly<Record<string, number>> }
  | {
      readonly kind: 'command';
      readonly id: number;
      readonly name: keyof Commands;
      readonly argument?: unknown;
    };

/** A message from the worker. */
export type Response =
  /** `serveTraining` was called. The worker holds the lock, if it has one, until it ends. */
  | { readonly kind: 'ready'; readonly lock: string | null }
  | { readonly kind: 'event'; readonly event: TrainingEvent }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'refusal'; readonly id: number; readonly error: ErrorReport }
  | { readonly kind: 'done'; readonly history: HistoryColumns }
  | { readonly kind: 'failed'; readonly error: ErrorReport };

/** A message as it is posted. `run` is the number of the training on this worker; 'ready' belongs to none. */
export interface Envelope<M extends Request | Response> {
  readonly ndgradTraining: number;
  readonly run: number;
  readonly content: M;
}

export const envelope = <M extends Request | Response>(run: number, content: M): Envelope<M> => ({
  ndgradTraining: VERSION,
  run,
  content,
});

type Kinds<M extends Request | Response> = Readonly<Record<M['kind'], true>>;

export const requests: Kinds<Request> = {
  hello: true,
  start: true,
  abort: true,
  handled: true,
  command: true,
};
export const responses: Kinds<Response> = {
  ready: true,
  event: true,
  answer: true,
  refusal: true,
  done: true,
  failed: true,
};

/** A message of one of these kinds; null if it is anything else, 'version' if it is from another version of this protocol. */
export function opened<M extends Request | Response>(
  data: unknown,
  kinds: Kinds<M>,
): Envelope<M> | 'version' | null {
  if (!isRecord(data) || typeof data.ndgradTraining !== 'number') return null;
  if (data.ndgradTraining !== VERSION) return 'version';
  const { content, run } = data;
  const known = typeof run === 'number' && isRecord(content) && Object.hasOwn(kinds, String(content.kind));
  return known ? (data as unknown as Envelope<M>) : null;
}

/** One end of the connection between a page and its worker. */
export interface Connection {
  post(data: unknown, transfer?: readonly ArrayBuffer[]): void;
  /**
   * Receives messages until the returned function is called.
   *
   * @param lost called when the other side has failed or ended, with the reason. May be called several times.
   */
  listen(receive: (data: unknown) => void, lost: (reason: string) => void): () => void;
  /** Resolves when the worker that holds a lock has ended. Where `lost` tells that, workers have no lock. */
  ended?(lock: string): Promise<unknown>;
}

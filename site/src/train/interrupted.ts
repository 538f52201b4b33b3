import { type Configuration, fromTexts, toTexts } from './configuration.ts';

// A training that was running when its tab was loaded again goes on from its newest checkpoint.

const KEY = 'playground-training';
const FOLDER = 'playground-training';

/** Notes in this tab that a training runs. */
export function noteTraining(configuration: Configuration): void {
  const texts = Object.entries(toTexts(configuration)).flatMap(([name, text]) =>
    text === null ? [] : [[name, text]],
  );
  sessionStorage.setItem(KEY, JSON.stringify(Object.fromEntries(texts)));
}

export const forgetTraining = (): void => sessionStorage.removeItem(KEY);

/** The training that was running in this tab; null without one. */
export function interruptedTraining(): Configuration | null {
  const text = sessionStorage.getItem(KEY);
  if (text === null) return null;
  const texts = JSON.parse(text) as Record<string, string>;
  return fromTexts((name) => texts[name] ?? null);
}

/** A folder for checkpoints that no other tab uses. */
export interface CheckpointFolder {
  /** Null if the browser has none, or another tab uses it. */
  readonly name: string | null;
  release(): void;
}

/** Takes the folder, as soon as the same tab from before it was loaded again has let it go. */
export function takeFolder(): Promise<CheckpointFolder> {
  const none: CheckpointFolder = { name: null, release() {} };
  if (navigator.storage?.getDirectory === undefined || navigator.locks === undefined)
    return Promise.resolve(none);
  return new Promise((resolve) => {
    const hold = (): Promise<void> => new Promise((release) => resolve({ name: FOLDER, release }));
    navigator.locks.request(FOLDER, { signal: AbortSignal.timeout(2000) }, hold).catch(() => resolve(none));
  });
}

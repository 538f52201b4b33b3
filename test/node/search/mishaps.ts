import { BroadcastChannel, parentPort, threadId } from 'node:worker_threads';
import { backendInfo } from '../../../src/index.ts';
import { choice, type TrialFunction } from '../../../src/search.ts';

export const space = {
  what: choice([
    'fine',
    'throw',
    'reject later',
    'exit',
    'heap',
    'loop',
    'nothing',
    'junk',
    'say and loop',
    'say and wait',
  ]),
};

const mishaps: Record<string, () => unknown> = {
  fine: () => ({ score: 1, threads: backendInfo().threads, thread: threadId }),
  throw: () => {
    throw new Error('out of luck');
  },
  'reject later': () => {
    setTimeout(() => void Promise.reject(new Error('nobody listens')), 5);
    return new Promise(() => {});
  },
  exit: () => process.exit(3),
  heap: () => {
    for (const all: unknown[] = []; ; ) all.push(new Array(10_000).fill({}));
  },
  loop: () => {
    for (;;);
  },
  'say and loop': () => {
    begun.postMessage('loop');
    for (;;);
  },
  nothing: () => undefined,
  junk: () => {
    const outcome = { metrics: { score: 9 }, seconds: 0 };
    for (const junk of [null, undefined, 'junk', {}, { kind: 'done', outcome }, { kind: 'failed' }]) {
      parentPort!.postMessage(junk);
    }
    parentPort!.close();
    return { score: 2 };
  },
  'say and wait': () => {
    begun.postMessage('wait');
    return new Promise(() => {});
  },
};

/** Tells the test that a trial is running. */
const begun = new BroadcastChannel('trials');
begun.unref();

const trial: TrialFunction<typeof space> = async ({ what }) => mishaps[what]!() as Record<string, number>;
export default trial;

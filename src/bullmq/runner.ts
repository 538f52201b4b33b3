import { checkCount } from '../ir/arguments.ts';
import { ValueError } from '../ir/errors.ts';
import { checkedUrl } from '../node/search-workers.ts';
import type { TrialRunner } from '../search/trial.ts';
import type { Url } from '../util/host-types.ts';
import { type BullmqOptions, checkBullmqOptions } from './options.ts';
import { QueueSession } from './session.ts';

/**
 * Runs the trials of a search on any number of machines, in the workers of a BullMQ queue in Redis. The trial function is
 * the default export of a module, as for `inWorkers`:
 *
 *     // search.ts
 *     await search({ ..., trial: bullmq(new URL('./trial.ts', import.meta.url), { connection: 'redis://host:6379' }) });
 *
 *     // on each machine
 *     npx ndgrad-search-worker trial.ts --redis redis://host:6379
 *
 * The results do not depend on the number of workers, nor on those that end: a trial whose worker is lost is run again by
 * another one, and each trial counts once. If Redis is restarted, even without its data, the search adds what it waits
 * for again. Workers whose ndgrad, module or files that it imports differ from those of the search take no trials. At its
 * end the search removes its keys.
 *
 * Needs the packages `bullmq` and `ioredis`, and Redis 6.2 or later.
 *
 * @param module the URL of the module, a file.
 * @throws ValueError for wrong options. The search rejects with a StateError if a package is missing, Redis does not
 *   answer within `redisTimeoutSeconds`, no worker comes within `workerTimeoutSeconds`, or a trial has lost
 *   `maxLostWorkers` workers.
 */
export function bullmq(module: Url | string, options: BullmqOptions = {}): TrialRunner {
  checkCount('bullmq', arguments.length, 2);
  checkBullmqOptions('bullmq', options);
  const url = checkedUrl('bullmq', module);
  if (url.protocol !== 'file:')
    throw new ValueError(
      `[bullmq] got the module ${url.href}, wanted a file, whose contents workers compare.`,
    );
  return { open: () => new QueueSession(url, options) };
}

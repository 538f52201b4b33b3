#!/usr/bin/env node
/** The program `ndgrad-search-worker`. It exports nothing. */
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { refusal } from '../ir/arguments.ts';
import { NdgradError, ValueError } from '../ir/errors.ts';
import { codeOf } from '../node/error-code.ts';
import { checkConnection, checkQueue, QUEUE, REDIS_TIMEOUT, redisUrl } from './options.ts';
import { PROGRAM, SearchWorker, type WorkerSettings } from './worker.ts';

const LEASE = 30;
const GRACE = 20;

const usage = `Usage: npx ${PROGRAM} MODULE [flags]

Runs trials of searches that use bullmq() of ndgrad/bullmq. MODULE is the file whose default export is the
trial function, the same as that of the search.

  --concurrency N    trials at the same time, one thread each (one per core)
  --redis URL        address of Redis (REDIS_URL, or redis://127.0.0.1:6379)
  --queue NAME       name of the queue (${QUEUE})
  --lease S          trials of a worker that is lost are given to others after so many seconds (${LEASE})
  --grace S          seconds that running trials may go on after SIGTERM or Ctrl-C; then they are given
                     back (${GRACE}). A second signal gives them back at once
  --redis-timeout S  ends if Redis does not answer for so many seconds (${REDIS_TIMEOUT})
  --help             prints this

Exit status: 0 after SIGTERM or Ctrl-C; 1 after an error, such as a search with other code.`;

/** null for --help. */
function readFlags(): WorkerSettings | null {
  const string = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    options: {
      ...{ concurrency: string, redis: string, queue: string, lease: string, grace: string },
      'redis-timeout': string,
      help: { type: 'boolean' },
    },
    allowPositionals: true,
  });
  if (values.help) return null;
  const [module] = positionals;
  if (module === undefined || positionals.length > 1)
    throw new ValueError(`[${PROGRAM}] got ${positionals.length} modules, wanted one. See --help.`);
  const { redis: connection = redisUrl(), queue = QUEUE } = values;
  checkConnection(PROGRAM, connection);
  checkQueue(PROGRAM, queue);
  const concurrency = readNumber('concurrency', values.concurrency, availableParallelism());
  if (!Number.isSafeInteger(concurrency))
    throw refusal(PROGRAM, '--concurrency', concurrency, 'a whole number of at least 1');
  return {
    module: URL.canParse(module) ? new URL(module) : pathToFileURL(resolve(module)),
    concurrency,
    connection,
    queue,
    leaseSeconds: readNumber('lease', values.lease, LEASE),
    graceSeconds: readNumber('grace', values.grace, GRACE, true),
    redisTimeoutSeconds: readNumber('redis-timeout', values['redis-timeout'], REDIS_TIMEOUT),
    log: (line) => console.log(`${PROGRAM}: ${line}`),
  };
}

function readNumber(name: string, text: string | undefined, otherwise: number, zero = false): number {
  if (text === undefined) return otherwise;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value) && (value > 0 || (zero && value === 0))) return value;
  throw refusal(PROGRAM, `--${name}`, text, `a number ${zero ? 'of at least' : 'above'} 0`);
}

try {
  const settings = readFlags();
  if (settings === null) {
    console.log(usage);
  } else {
    const worker = new SearchWorker(settings);
    for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => worker.stop());
    await worker.run();
  }
  process.exit(0);
} catch (error) {
  // Errors of ndgrad and of parseArgs need no stack trace.
  const expected = error instanceof NdgradError || String(codeOf(error)).startsWith('ERR_PARSE_ARGS');
  console.error(expected ? (error as Error).message : error);
  process.exit(1);
}

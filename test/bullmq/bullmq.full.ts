import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Redis } from 'ioredis';
import { type BullmqOptions, bullmq } from 'ndgrad/bullmq';
import { inWorkers } from 'ndgrad/node';
import { choice, gridSearch, randomSearch, type SearchOptions, search } from 'ndgrad/search';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { space as mishaps } from '../node/search/mishaps.ts';
import { Memory, untimed } from '../search/support.ts';
import heldTrial, { space } from './held.ts';
import { RedisServer } from './redis-server.ts';
import { WorkerProcess } from './worker-process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const held = new URL('./held.ts', import.meta.url);

let server: RedisServer;
let workers: WorkerProcess[] = [];
/** What trials of `held` tell and wait for. */
let trials: string;

beforeEach(() => {
  trials = mkdtempSync(join(tmpdir(), 'ndgrad-trials-'));
});

afterEach(async () => {
  const crashes = workers.flatMap(({ crash, output }) => (crash === null ? [] : [`${crash}:\n${output}`]));
  for (const worker of workers) worker.kill('SIGKILL');
  await Promise.all(workers.map((worker) => worker.ended()));
  workers = [];
  await server.stop();
  rmSync(trials, { recursive: true });
  expect(crashes).toEqual([]);
});

const hold = (trial: number) => writeFileSync(join(trials, `hold-${trial}`), '');
const release = (trial: number) => rmSync(join(trials, `hold-${trial}`));

/** The processes that have begun a trial, in order. */
function begun(trial?: number): number[] {
  if (!existsSync(join(trials, 'begun'))) return [];
  const lines = readFileSync(join(trials, 'begun'), 'utf8').split('\n').slice(0, -1);
  return lines
    .map((line) => line.split(' ').map(Number))
    .filter(([number]) => trial === undefined || number === trial)
    .map(([, pid]) => pid!);
}

/** Waits until a trial has begun so many times. */
async function untilBegun(trial: number, times = 1): Promise<number[]> {
  while (begun(trial).length < times) {
    await setTimeout(10);
    const crashed = workers.find(({ crash }) => crash !== null);
    if (crashed !== undefined) throw new Error(`${crashed.crash}:\n${crashed.output}`);
  }
  return begun(trial);
}

/** A worker that is waiting for trials. */
async function work(flags: readonly string[] = [], module = fileURLToPath(held)): Promise<WorkerProcess> {
  const worker = start(flags, module);
  await worker.printed('waits for trials');
  return worker;
}

function start(flags: readonly string[] = [], module = fileURLToPath(held)): WorkerProcess {
  const all = [module, '--redis', server.url, '--concurrency', '1', ...flags];
  const worker = new WorkerProcess(all, { TRIALS: trials });
  workers.push(worker);
  return worker;
}

const heldOptions: SearchOptions<typeof space, 'score' | 'none' | 'much' | 'zero'> = {
  space,
  strategy: randomSearch({ trials: 8, epochs: 3 }),
  objective: { minimize: 'score' },
  trial: heldTrial,
  seed: 3,
  progress: false,
};

const runner = (options: BullmqOptions = {}) => bullmq(held, { connection: server.url, ...options });

/** The runs of a search without their times, and how many runs its journal has. */
async function searched(options: Partial<typeof heldOptions> = {}) {
  const journal = new Memory();
  const results = await search({ ...heldOptions, trial: runner(), journal, ...options });
  expect(journal.lines).toHaveLength(9);
  return untimed(results);
}

const alone = async () => untimed(await search(heldOptions));

/** The keys that stay: without those that end by themselves, and those that BullMQ's workers write when they are idle. */
async function keys({ idle = true } = {}): Promise<string[]> {
  const client = new Redis(server.url);
  const all = await client.keys('*');
  const ends = await Promise.all(all.map((key) => client.ttl(key)));
  client.disconnect();
  return all.filter((key, i) => ends[i] === -1 && !(idle && key.endsWith(':meta')));
}

/** Short, for workers that are lost. */
const lease = ['--lease', '2'];

describe('a search over BullMQ', () => {
  it('gives the same results as others, with any number of workers, and removes its keys', async () => {
    server = await RedisServer.start();
    const wanted = await alone();
    expect(untimed(await search({ ...heldOptions, trial: inWorkers(held, { workers: 2 }) }))).toEqual(wanted);
    for (let count = 1; count <= 3; count++) {
      await work(count === 3 ? ['--concurrency', '3'] : []);
      expect(await searched()).toEqual(wanted);
      expect(await keys()).toEqual([]);
    }
    expect(begun()).toHaveLength(24);
    expect(new Set(begun()).size).toBeGreaterThan(1);
    const [worker] = workers;
    expect(worker!.output).toMatch(/ndgrad-search-worker: trial \d {2}epochs 3 {2}score [\d.]+ {2}none NaN/);
    expect(workers.map(({ output }) => output).join()).toContain('trial 2  epochs 3  failed: out of luck');
    for (const worker of workers) worker.kill('SIGTERM');
    expect(await Promise.all(workers.map((worker) => worker.ended()))).toEqual([0, 0, 0]);
    expect(await keys({ idle: false })).toEqual([]);
  });

  it('keeps numbers that JSON can not hold, in the journal too', async () => {
    server = await RedisServer.start();
    await work();
    const journal = new Memory();
    const first = await search({ ...heldOptions, trial: runner(), journal });
    expect(first.runs[0]!.metrics).toMatchObject({ none: Number.NaN, much: -Infinity });
    expect(first.runs[0]!.metrics.zero).toBe(-0);
    expect(first.runs[2]!.error).toBe('out of luck \ud800');
    const second = await search({ ...heldOptions, trial: runner(), journal });
    expect(second.resumed).toBe(8);
    expect(second.runs).toEqual(first.runs);
  });

  it('waits for workers that come later', async () => {
    server = await RedisServer.start();
    const running = searched();
    await work();
    expect(await running).toEqual(await alone());
  });

  it('runs beside another one', async () => {
    server = await RedisServer.start();
    await Promise.all([work(), work()]);
    const other = { seed: 4 };
    const wanted = [await alone(), untimed(await search({ ...heldOptions, ...other }))];
    expect(await Promise.all([searched(), searched(other)])).toEqual(wanted);
    expect(await keys()).toEqual([]);
  });

  it('rejects if no worker comes', async () => {
    server = await RedisServer.start();
    await expect(searched({ trial: runner({ workerTimeoutSeconds: 1 }) })).rejects.toThrow(
      `[bullmq] got no worker for 1 s, wanted one for the queue 'search' at 127.0.0.1:${server.port}. ` +
        'Start one: npx ndgrad-search-worker held.ts.',
    );
    expect(await keys()).toEqual([]);
  });

  it('is refused with a wrong password', async () => {
    server = await RedisServer.start('--requirepass', 'secret');
    const message = `[bullmq] Redis at 127.0.0.1:${server.port} refused: `;
    await expect(searched()).rejects.toThrow(message);
    const connection = { host: '127.0.0.1', port: server.port, password: 'wrong' };
    await expect(searched({ trial: runner({ connection }) })).rejects.toThrow(message);
    const worker = start();
    expect(await worker.ended()).toBe(1);
    expect(worker.output).toContain(`[ndgrad-search-worker] Redis at 127.0.0.1:${server.port} refused: `);
  });

  it('that is stopped stops its trials, and the workers serve others', async () => {
    server = await RedisServer.start();
    const [worker] = await Promise.all([work(), work()]);
    hold(0);
    hold(1);
    const controller = new AbortController();
    const running = search({ ...heldOptions, trial: runner(), signal: controller.signal });
    await Promise.all([untilBegun(0), untilBegun(1)]);
    controller.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    expect(await keys()).toEqual([]);
    await worker!.printed(/trial \d stopped: its search has ended/);
    release(0);
    release(1);
    expect(await searched()).toEqual(await alone());
    expect(await keys()).toEqual([]);
  });

  it('that is stopped leaves the jobs of another one alone', async () => {
    server = await RedisServer.start();
    await work();
    hold(0);
    const controller = new AbortController();
    const stopped = search({ ...heldOptions, trial: runner(), signal: controller.signal });
    await untilBegun(0);
    const other = searched({ seed: 4 });
    await setTimeout(500);
    controller.abort(new Error('enough'));
    await expect(stopped).rejects.toThrow('enough');
    await workers[0]!.printed('trial 0 stopped: its search has ended');
    release(0);
    expect(await other).toEqual(untimed(await search({ ...heldOptions, seed: 4 })));
    expect(await keys()).toEqual([]);
  });
});

describe('a trial', () => {
  type What = typeof mishaps extends { what: { at(u: number): infer T } } ? T : never;

  it('that ends in a mishap has failed, and the search goes on', async () => {
    server = await RedisServer.start();
    const module = new URL('../node/search/mishaps.ts', import.meta.url);
    await work(['--concurrency', '2'], fileURLToPath(module));
    const run = async (what: readonly What[], options: BullmqOptions) => {
      const { runs } = await search({
        space: { what: choice(what) },
        strategy: gridSearch(),
        objective: { maximize: 'score' },
        trial: bullmq(module, { connection: server.url, ...options }),
        progress: false,
      });
      return runs.map(({ error }) => error);
    };
    expect(await run(['throw', 'fine', 'exit', 'heap', 'nothing'], { maxHeapMegabytes: 40 })).toEqual([
      'out of luck',
      null,
      'the worker ended with exit code 3 before the trial had finished',
      expect.stringContaining('memory limit'),
      '[search] the trial returned undefined, wanted numbers by name: { accuracy: 0.97 }.',
    ]);
    expect(await run(['loop', 'fine'], { timeoutSeconds: 0.5, loadTimeoutSeconds: 600 })).toEqual([
      'the trial took longer than 0.5 s',
      null,
    ]);
  });

  it('whose worker is killed is run by another one', async () => {
    server = await RedisServer.start();
    await Promise.all([work(lease), work(lease)]);
    hold(5);
    const running = searched();
    const [pid] = await untilBegun(5);
    const victim = workers.find((worker) => worker.pid === pid)!;
    victim.kill('SIGKILL');
    expect(await victim.ended()).toBe('SIGKILL');
    release(5);
    expect(await running).toEqual(await alone());
    const [first, second] = await untilBegun(5, 2);
    expect(second).not.toBe(first);
    expect(await keys()).toEqual([]);
  });

  /** A search of two workers, of which the one with trial 5 stalls until the other one has that trial too. */
  async function searchThatStalls() {
    server = await RedisServer.start();
    await Promise.all([work(lease), work(lease)]);
    hold(5);
    const running = searched();
    const [pid] = await untilBegun(5);
    const stalled = workers.find((worker) => worker.pid === pid)!;
    stalled.kill('SIGSTOP');
    await untilBegun(5, 2);
    return { running, stalled };
  }

  it('that is delivered twice counts once', async () => {
    const { running, stalled } = await searchThatStalls();
    release(5);
    // Both have the trial now: the second worker gives its result, then the first one comes back.
    expect(await running).toEqual(await alone());
    stalled.kill('SIGCONT');
    await stalled.printed(/trial 5 .*(?:stopped|score)/);
    expect(await searched()).toEqual(await alone());
    expect(await keys()).toEqual([]);
  });

  it('that comes back while another worker runs it is stopped or ignored', async () => {
    const { running, stalled } = await searchThatStalls();
    stalled.kill('SIGCONT');
    await stalled.printed('trial 5 stopped: another worker has it');
    release(5);
    expect(await running).toEqual(await alone());
  });

  it('that kills its workers ends the search', async () => {
    server = await RedisServer.start();
    hold(0);
    const running = searched({ trial: runner({ maxLostWorkers: 2 }) });
    const message =
      '[bullmq] trial 0 has lost 2 workers, at most 1 are allowed. See whether it needs too much';
    const rejected = expect(running).rejects.toThrow(message);
    for (let times = 1; times <= 2; times++) {
      const worker = await work(lease);
      await untilBegun(0, times);
      worker.kill('SIGKILL');
    }
    await work(lease);
    await rejected;
    expect(await keys()).toEqual([]);
  });
});

describe('a restart of Redis', () => {
  it.each([
    ['with its data', ['--appendonly', 'yes', '--appendfsync', 'always']],
    ['without its data', []],
  ])('%s loses nothing', async (_, flags) => {
    server = await RedisServer.start(...flags);
    await Promise.all([work(), work()]);
    hold(3);
    hold(4);
    const running = searched();
    await Promise.all([untilBegun(3), untilBegun(4)]);
    await server.kill();
    await server.start();
    release(3);
    release(4);
    expect(await running).toEqual(await alone());
    expect(await keys()).toEqual([]);
    for (const worker of workers) worker.kill('SIGTERM');
    expect(await Promise.all(workers.map((worker) => worker.ended()))).toEqual([0, 0]);
  });

  it('that never comes ends the search and the worker', async () => {
    server = await RedisServer.start();
    const worker = await work(['--redis-timeout', '1']);
    hold(0);
    const running = searched({ trial: runner({ redisTimeoutSeconds: 1 }) });
    await untilBegun(0);
    await server.kill();
    await expect(running).rejects.toThrow(
      `[bullmq] got no answer from Redis at 127.0.0.1:${server.port} for 1 s`,
    );
    expect(await worker.ended()).toBe(1);
    expect(worker.output).toContain(
      `[ndgrad-search-worker] got no answer from Redis at 127.0.0.1:${server.port} for 1 s`,
    );
    await server.start();
  });
});

describe('a worker', () => {
  it('with other code takes no trials and says why', async () => {
    server = await RedisServer.start();
    const copy = join(trials, 'copy');
    cpSync(join(root, 'test/bullmq'), join(copy, 'test/bullmq'), { recursive: true });
    for (const name of ['src', 'node_modules', 'package.json', 'tsconfig.json'])
      symlinkSync(join(root, name), join(copy, name));
    const module = join(copy, 'test/bullmq/held.ts');
    writeFileSync(module, `${readFileSync(module, 'utf8')}\n// changed\n`);
    const waiting = await work([], module);
    const running = searched();
    expect(await waiting.ended()).toBe(1);
    const late = start([], module);
    expect(await late.ended()).toBe(1);
    for (const { output } of [waiting, late]) {
      expect(output).toContain(
        "[ndgrad-search-worker] the search of the queue 'search' has other contents of held.ts. " +
          'Start the worker with the same ndgrad and the same files, or pass another --queue to both.',
      );
    }
    expect(begun()).toEqual([]);
    await work();
    expect(await running).toEqual(await alone());
    expect(await keys()).toEqual([]);

    const other = await work(['--queue', 'lonely'], module);
    const lonely = searched({ trial: runner({ workerTimeoutSeconds: 15, queue: 'lonely' }) });
    await expect(lonely).rejects.toThrow(
      "One has refused: the search of the queue 'lonely' has other contents",
    );
    expect(await other.ended()).toBe(1);
  });

  it('of another queue takes no trials', async () => {
    server = await RedisServer.start();
    const other = await work(['--queue', 'other']);
    expect(await Promise.all([searched(), work()]).then(([runs]) => runs)).toEqual(await alone());
    expect(begun()).not.toContain(other.pid);
    expect(await searched({ trial: runner({ queue: 'other' }) })).toEqual(await alone());
    expect(begun()).toContain(other.pid);
  });

  it('whose files change takes no more trials', async () => {
    server = await RedisServer.start();
    const module = join(trials, 'trial.mjs');
    const text = `import { existsSync, writeFileSync } from 'node:fs';
      export default async ({ x }, { trial }) => {
        writeFileSync(${JSON.stringify(trials)} + '/begun', trial + ' 0\\n', { flag: 'a' });
        while (existsSync(${JSON.stringify(trials)} + '/hold-' + trial)) await new Promise((end) => setTimeout(end, 10));
        return { score: x };
      };`;
    writeFileSync(module, text);
    const worker = await work([], module);
    hold(0);
    const running = search({
      space: { x: choice([1, 2]) },
      strategy: gridSearch(),
      objective: { maximize: 'score' },
      trial: bullmq(pathToFileURL(module), { connection: server.url }),
      progress: false,
    });
    await untilBegun(0);
    writeFileSync(module, `${text}//`);
    release(0);
    expect(await worker.ended()).toBe(1);
    expect(worker.output).toContain('the files of the module have changed. Start the worker again.');
    writeFileSync(module, text);
    await work([], module);
    expect((await running).best.parameters).toEqual({ x: 2 });
    expect(begun()).toHaveLength(2);
  });

  it('whose module can not be loaded ends, and the search goes on', async () => {
    server = await RedisServer.start();
    const module = join(trials, 'broken.mjs');
    writeFileSync(
      module,
      `import { existsSync } from 'node:fs';
      if (existsSync(${JSON.stringify(join(trials, 'no data'))})) throw new Error('no data here');
      export default ({ x }) => ({ score: x });`,
    );
    writeFileSync(join(trials, 'no data'), '');
    const running = search({
      space: { x: choice([1, 2]) },
      strategy: gridSearch(),
      objective: { maximize: 'score' },
      trial: bullmq(pathToFileURL(module), { connection: server.url }),
      progress: false,
    });
    const worker = start([], module);
    expect(await worker.ended()).toBe(1);
    expect(worker.output).toContain(
      `[ndgrad-search-worker] ${pathToFileURL(module).href} can't be loaded: no data here.`,
    );
    rmSync(join(trials, 'no data'));
    await work([], module);
    expect((await running).runs.map(({ error }) => error)).toEqual([null, null]);
  });

  it('that is asked to end does so after its trial', async () => {
    server = await RedisServer.start();
    const worker = await work(['--grace', '1000']);
    hold(0);
    const running = searched();
    await untilBegun(0);
    worker.kill('SIGTERM');
    await worker.printed('ends after 1 trial, at most 1000 s');
    release(0);
    expect(await worker.ended()).toBe(0);
    expect(worker.output).toContain('trial 0  epochs 3  score');
    expect(begun()).toHaveLength(1);
    await work();
    expect(await running).toEqual(await alone());
    expect(begun(0)).toHaveLength(1);
  });

  it.each([
    ['after the time', ['--grace', '0'], ['SIGTERM']],
    ['at the second signal', ['--grace', '1000'], ['SIGINT', 'SIGINT']],
  ] as const)('that is asked to end gives its trial back %s', async (_, flags, signals) => {
    server = await RedisServer.start();
    const worker = await work(['--lease', '1000', ...flags]);
    hold(0);
    const running = searched();
    await untilBegun(0);
    for (const signal of signals) {
      worker.kill(signal);
      if (signals.length > 1 && signal === 'SIGINT')
        await worker.printed('ends after 1 trial').catch(() => {});
    }
    expect(await worker.ended()).toBe(0);
    expect(worker.output).toContain('trial 0 given back');
    release(0);
    // At once, not when the lease has ended.
    await work(['--lease', '1000']);
    expect(await running).toEqual(await alone());
  });

  it('is a program with clear errors', async () => {
    server = await RedisServer.start();
    const output = async (...args: string[]) => {
      const worker = new WorkerProcess(args);
      expect(await worker.ended()).toBe(1);
      return worker.output;
    };
    const file = fileURLToPath(held);
    expect(await output()).toBe('[ndgrad-search-worker] got 0 modules, wanted one. See --help.\n');
    expect(await output(file, '--concurrency', '1.5')).toBe(
      '[ndgrad-search-worker] got --concurrency 1.5, wanted a whole number of at least 1.\n',
    );
    expect(await output(file, '--grace', '-1')).toContain('--grace');
    expect(await output(file, '--speed', '1')).toContain("Unknown option '--speed'");
    expect(await output('missing.ts')).toMatch(/^\[ndgrad-search-worker\] file:.*missing.ts can't be read/);
    expect(await output(file, '--redis', 'redis://127.0.0.1:1', '--redis-timeout', '0.1')).toContain(
      '[ndgrad-search-worker] got no answer from Redis at 127.0.0.1:1 for 0.1 s',
    );
  });
});

describe('a program with a search', () => {
  it('that is killed goes on where it was', async () => {
    server = await RedisServer.start();
    await work();
    hold(4);
    const journal = join(trials, 'search.jsonl');
    const args = ['--import', 'tsx', 'test/bullmq/program.ts', journal, server.url];
    const killed = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
    const lines = () => (existsSync(journal) ? readFileSync(journal, 'utf8').split('\n').length - 1 : 0);
    // The head and four runs.
    while (lines() < 5) await setTimeout(10);
    await untilBegun(4);
    killed.kill('SIGKILL');
    await new Promise((resolve) => killed.on('exit', resolve));
    release(4);
    const { runs, resumed } = JSON.parse(
      execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' }),
    );
    expect(resumed).toBe(4);
    expect(runs).toEqual(JSON.parse(JSON.stringify(await alone())));
    expect(readFileSync(journal, 'utf8').split('\n')).toHaveLength(10);
  });
});

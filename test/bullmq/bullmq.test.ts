import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BullmqOptions, bullmq } from 'ndgrad/bullmq';
import { choice, gridSearch, search } from 'ndgrad/search';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { codeId, differences, readCode } from '../../src/bullmq/code.ts';
import { options } from '../search/support.ts';
import { freePort } from './redis-server.ts';
import { WorkerProcess } from './worker-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'ndgrad-bullmq-'));
afterAll(() => rmSync(folder, { recursive: true }));

const toy = new URL('../node/search/toy.ts', import.meta.url);

describe('a search without Redis', () => {
  it('rejects when the time limit is over', async () => {
    const port = await freePort();
    const trial = bullmq(toy, { connection: { host: '127.0.0.1', port }, redisTimeoutSeconds: 0.2 });
    await expect(search({ ...options, trial })).rejects.toThrow(
      `[bullmq] got no answer from Redis at 127.0.0.1:${port} for 0.2 s (connect ECONNREFUSED 127.0.0.1:${port}). ` +
        'Start Redis, or pass its address.',
    );
  });

  it('can be stopped before', async () => {
    const controller = new AbortController();
    const connection = `redis://user:secret@127.0.0.1:${await freePort()}/2`;
    const trial = bullmq(toy, { connection, redisTimeoutSeconds: 1e9 });
    const running = search({ ...options, trial, signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
  });

  it('does not need it if the journal has all runs', async () => {
    const { Memory } = await import('../search/support.ts');
    const journal = new Memory();
    const { runs } = await search({ ...options, journal });
    expect((await search({ ...options, journal, trial: bullmq(toy) })).runs).toEqual(runs);
  });

  it.each([
    ['-0', -0],
    ['NaN', Number.NaN],
    ['1', 1n],
  ])('refuses parameters that JSON can not hold: %s', async (text, value) => {
    const x = { ...choice([1]), grid: () => [value as number] };
    const objective = { minimize: 'score' };
    const running = search({ space: { x }, strategy: gridSearch(), objective, trial: bullmq(toy) });
    await expect(running).rejects.toThrow(
      `[bullmq] got ${text} as 'x' of trial 0, wanted a value that JSON can represent.`,
    );
  });
});

describe('missing packages', () => {
  afterEach(() => {
    vi.doUnmock('bullmq');
    vi.doUnmock('ioredis');
  });

  it.each(['bullmq', 'ioredis'])('are named: %s', async (name) => {
    vi.doMock(name, () => {
      throw new Error('not there');
    });
    await expect(search({ ...options, trial: bullmq(toy) })).rejects.toThrow(
      new RegExp(
        `^\\[bullmq\\] ${name} can't be loaded \\(.*\\)\\. Install it: npm i bullmq ioredis\\.$`,
        's',
      ),
    );
  });
});

describe('options', () => {
  it.each<[BullmqOptions, string]>([
    [{ connection: 'localhost' }, "got connection 'another string', wanted an address such as"],
    [{ connection: 6379 as never }, "got connection 6379, wanted 'redis://127.0.0.1:6379' or { host, port"],
    [{ connection: { keyPrefix: 'x' } }, "got keyPrefix 'x', wanted none. Use the option queue."],
    [{ queue: 'a:b' }, "got queue 'a:b', wanted a name of letters, digits, '-', '_' and '.'."],
    [{ timeoutSeconds: 0 }, 'got timeoutSeconds 0, wanted a finite number above 0.'],
    [{ redisTimeoutSeconds: Number.NaN }, 'got redisTimeoutSeconds NaN'],
    [{ workerTimeoutSeconds: -1 }, 'got workerTimeoutSeconds -1'],
    [{ maxLostWorkers: Number.POSITIVE_INFINITY }, 'got maxLostWorkers Infinity'],
    [{ redis: '' } as BullmqOptions, "got the unknown option 'redis', wanted one of connection, queue,"],
  ])('%o are refused', (wrong, message) => {
    expect(() => bullmq(toy, wrong)).toThrow(`[bullmq] ${message}`);
  });

  it('a module is a file that exists', async () => {
    expect(() => bullmq('./trial.ts')).toThrow("[bullmq] got './trial.ts', wanted a URL: for example");
    expect(() => bullmq('https://a.b/trial.js')).toThrow('wanted a file, whose contents workers compare');
    const trial = bullmq(pathToFileURL(join(folder, 'none.js')));
    await expect(search({ ...options, trial })).rejects.toThrow(
      /^\[bullmq\] file:.*none.js can't be read \(ENOENT/,
    );
  });
});

describe('the code of a trial', () => {
  /** Writes files and reads the code of the first one. */
  function code(name: string, files: Readonly<Record<string, string>>) {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(folder, name, path, '..'), { recursive: true });
      writeFileSync(join(folder, name, path), text);
    }
    return readCode('bullmq', pathToFileURL(join(folder, name, Object.keys(files)[0]!)));
  }

  const files = {
    'lib/trial.ts': `import { model } from './model.js';\nimport type { space } from './space.ts';
      import data from "../data.json" with { type: 'json' };\nimport 'ndgrad';\nexport * from './gone.ts';`,
    'lib/model.ts': "export const model = async () => import('./parts');",
    'lib/parts/index.ts': "import '../trial.ts';",
    'lib/space.ts': 'export const space = {};',
    'data.json': '[1]',
    'other.ts': '',
  };

  it('has the files that it imports, on any machine', () => {
    const first = code('one', files);
    expect(Object.keys(first.files)).toEqual(['../data.json', 'model.ts', 'parts/index.ts', 'trial.ts']);
    const copies = Object.entries(files).map(([path, text]) => [path, text.replaceAll('\n', '\r\n')]);
    expect(codeId(code('two', Object.fromEntries(copies)))).toBe(codeId(first));
    expect(codeId(code('two', { ...files, 'lib/space.ts': '', 'other.ts': 'x' }))).toBe(codeId(first));
  });

  it('differs with any of them', () => {
    const first = code('one', files);
    for (const path of ['lib/trial.ts', 'lib/model.ts', 'lib/parts/index.ts', 'data.json'] as const) {
      expect(codeId(code('two', { ...files, [path]: `${files[path]}\n` }))).not.toBe(codeId(first));
    }
    const other = code('two', { ...files, 'lib/model.ts': '' });
    expect(differences(first, other)).toBe('other contents of model.ts, parts/index.ts');
    expect(differences({ ...first, ndgrad: '9.0.0' }, { ...first, ndgrad: '1.0.0' })).toBe(
      'ndgrad 9.0.0 instead of 1.0.0',
    );
  });
});

describe('the program of a worker', () => {
  it('explains itself', async () => {
    const worker = new WorkerProcess(['--help']);
    expect(await worker.ended()).toBe(0);
    expect(worker.output).toMatch(/^Usage: npx ndgrad-search-worker MODULE \[flags\]\n/);
  });
});

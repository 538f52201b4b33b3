import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fileJournal, inWorkers } from 'ndgrad/node';
import { gridSearch, integer, search } from 'ndgrad/search';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { options, untimed } from '../search/support.ts';

const folder = mkdtempSync(join(tmpdir(), 'ndgrad-search-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The lock files of a journal. */
const locks = (path: string) =>
  readdirSync(dirname(path)).filter((name) => name.startsWith(`${basename(path)}.lock-`));

const module = (name: string) => new URL(`./search/${name}`, import.meta.url);

describe('trials in workers', () => {
  it('give the same results on three workers as in the calling thread', async () => {
    const alone = untimed(await search(options));
    const trial = inWorkers(module('toy.ts'), { workers: 3 });
    expect(untimed(await search({ ...options, trial }))).toEqual(alone);
  });

  it('may be plain JavaScript', async () => {
    const { best } = await search({
      space: { x: integer(-3, 2) },
      strategy: gridSearch(),
      objective: { maximize: 'y' },
      trial: inWorkers(module('built.mjs').href, { workers: 2 }),
      progress: false,
    });
    expect(best.parameters).toEqual({ x: -3 });
  });

  it('are refused with wrong options', () => {
    expect(() => inWorkers('./trial.ts')).toThrow(
      "[inWorkers] got './trial.ts', wanted a URL: for example new URL(",
    );
    expect(() => inWorkers(module('toy.ts'), { workers: 0 })).toThrow('[inWorkers] got workers 0');
    const wrong = { timeoutSeconds: Number.NaN };
    expect(() => inWorkers(module('toy.ts'), wrong)).toThrow('[inWorkers] got timeoutSeconds NaN');
    expect(() => inWorkers(module('toy.ts'), { loadTimeoutSeconds: 0 })).toThrow(
      '[inWorkers] got loadTimeoutSeconds 0',
    );
  });
});

describe('a journal in a file', () => {
  it('survives torn lines, in a folder that it makes', async () => {
    const path = join(folder, 'new/folder/search.jsonl');
    const first = await search({ ...options, journal: fileJournal(path) });
    const text = readFileSync(path, 'utf8');
    expect(text.split('\n')).toHaveLength(15);
    writeFileSync(path, text.split('\n').slice(0, 6).join('\n'));
    appendFileSync(path, '\n{"trial":7,"par');
    const again = await search({ ...options, journal: fileJournal(path) });
    expect(again.resumed).toBe(5);
    expect(untimed(again)).toEqual(untimed(first));
    const third = await search({ ...options, journal: fileJournal(path) });
    expect(third.resumed).toBe(13);
    expect(third.runs.slice(5)).toEqual(again.runs.slice(5));
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    expect(lines.map((line) => JSON.parse(line).trial)).toHaveLength(14);
  });

  it('serves one search at a time', async () => {
    const path = join(folder, 'shared.jsonl');
    const first = search({ ...options, journal: fileJournal(path) });
    await expect(search({ ...options, journal: fileJournal(path) })).rejects.toThrow(
      `[fileJournal] ${path} is in use by another search (this process). Wait until it has ended`,
    );
    const results = await first;
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(15);
    const again = await search({ ...options, journal: fileJournal(path) });
    expect(again.runs).toEqual(results.runs);
    expect(locks(path)).toEqual([]);
  });

  it('that another process uses is refused', async () => {
    const path = join(folder, 'other.jsonl');
    const release = await fileJournal(path).lock!();
    const own = locks(path).find((name) => !name.endsWith('-held'));
    await release();
    const start = own!.split('-').at(-2)!;
    const parent = `/proc/${process.ppid}/stat`;
    const parentStart = existsSync(parent)
      ? readFileSync(parent, 'utf8').split(') ')[1]!.split(' ')[19]
      : '0';
    const lock = (name: string) => join(folder, own!.replace(`${process.pid}-${start}`, name));
    const running = `${lock(`${process.ppid}-${parentStart}`)}-held`;
    writeFileSync(running, '');
    await expect(search({ ...options, journal: fileJournal(path) })).rejects.toThrow(
      `[fileJournal] ${path} is in use by another search (process ${process.ppid}).`,
    );
    rmSync(running);

    // Locks of processes that have ended: one whose number nobody has, one whose number has been given away.
    writeFileSync(lock('99999999-1'), '');
    if (start !== '0') writeFileSync(lock(`${process.pid}-1`), '');
    expect((await search({ ...options, journal: fileJournal(path) })).resumed).toBe(0);
    expect(locks(path)).toEqual([]);

    const far = join(folder, `other.jsonl.lock-0000abcd-1-1-1`);
    writeFileSync(far, '');
    await expect(search({ ...options, journal: fileJournal(path) })).rejects.toThrow(
      `(a process on another computer; delete ${far} if it has ended)`,
    );
  });

  it('goes to exactly one of several threads that start at the same time', async () => {
    const path = join(folder, 'race.jsonl');
    // Each thread has its own instance of the module.
    const threads: typeof import('../../src/node/file-lock.ts')[] = [];
    for (let i = 0; i < 3; i++) {
      vi.resetModules();
      threads.push(await import('../../src/node/file-lock.ts'));
    }
    for (let round = 0; round < 30; round++) {
      const attempts = await Promise.all(threads.map(({ lockFile }) => lockFile(path)));
      const held = attempts.filter((lock) => 'release' in lock);
      expect(held).toHaveLength(1);
      await held[0]!.release();
    }
    expect(locks(path)).toEqual([]);
  });

  it('that a link leads to is the same', async () => {
    const path = join(folder, 'linked.jsonl');
    await search({ ...options, journal: fileJournal(path) });
    symlinkSync(path, join(folder, 'link.jsonl'));
    const release = await fileJournal(path).lock!();
    const running = search({ ...options, journal: fileJournal(join(folder, 'link.jsonl')) });
    await expect(running).rejects.toThrow('is in use by another search');
    await release();
  });

  it('that can not be locked is an error', async () => {
    writeFileSync(join(folder, 'file'), '');
    const running = search({ ...options, journal: fileJournal(join(folder, 'file/search.jsonl')) });
    await expect(running).rejects.toThrow('wanted a file in a directory to write to. Check the path.');
  });

  it.skipIf(!existsSync('/proc/self'))('where no file can be is an error', async () => {
    const running = search({ ...options, journal: fileJournal('/proc/ndgrad/search.jsonl') });
    await expect(running).rejects.toThrow('[fileJournal] /proc/ndgrad/search.jsonl: got ENOENT, wanted');
  });

  it.skipIf(process.platform === 'win32')('that can not be written ends the search with one line', () => {
    const program = `
      import { fileJournal } from 'ndgrad/node';
      import { search } from 'ndgrad/search';
      import { options } from './test/search/support.ts';
      await search({ ...options, journal: fileJournal(process.argv[1]) }).catch(({ message }) => console.log(message));`;
    const path = join(folder, 'limited.jsonl');
    const command = `ulimit -f 1; "$0" --import tsx --input-type=module -e "$1" "$2"`;
    const { stdout } = spawnSync('bash', ['-c', command, process.execPath, program, path], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      encoding: 'utf8',
    });
    expect(stdout).toBe(
      `[fileJournal] ${path}: got EFBIG (larger than the disk or \`ulimit -f\` allows), wanted a file to write to. ` +
        'Raise the limit, or write several files.\n',
    );
  });

  it('that can not be read is an error', async () => {
    const running = search({ ...options, journal: fileJournal(folder) });
    await expect(running).rejects.toThrow(`[fileJournal] ${folder}: got EISDIR, wanted a readable file.`);
  });
});

describe('a file that is no journal', () => {
  it.each(['notes without a line break', '{"some":"json"}', '{'.repeat(40)])(
    '%s stays as it is',
    async (text) => {
      const path = join(mkdtempSync(join(tmpdir(), 'ndgrad-')), 'notes.txt');
      writeFileSync(path, text);
      await expect(search({ ...options, journal: fileJournal(path) })).rejects.toThrow(
        'is not the journal of a search',
      );
      expect(readFileSync(path, 'utf8')).toBe(text);
    },
  );

  it('the torn beginning of a journal is one', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'ndgrad-')), 'torn.jsonl');
    writeFileSync(path, '{"ndgrad":"sea');
    await search({ ...options, journal: fileJournal(path) });
    expect(readFileSync(path, 'utf8')).toMatch(/^\{"ndgrad":"search"/);
  });
});

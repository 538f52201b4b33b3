import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Callback, csvLog, jsonLinesLog, type LogFile, ValueError } from '../../src/index.ts';
import { textFile } from '../../src/node.ts';
import { checkpoint } from '../../src/train/checkpoint/checkpoint.ts';
import { MemoryStore } from '../io/memory-store.ts';
import { train } from './support.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ndgrad-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Replaces what differs from run to run. */
const scores: Callback = {
  onEpochEnd({ epoch, results }) {
    for (const name of Object.keys(results)) delete results[name];
    results['a,"b"'] = epoch === 1 ? Number.NaN : epoch + 0.5;
  },
};
const withoutSeconds = (text: string): string =>
  text.replaceAll(/,\d[\d.e-]*\n/g, ',s\n').replaceAll(/"seconds":[\d.e-]+/g, '"seconds":0');

const csv = 'epoch,"a,""b""",seconds\n0,0.5,s\n1,NaN,s\n2,2.5,s\n';
const jsonLines =
  '{"epoch":0,"a,\\"b\\"":0.5,"seconds":0}\n{"epoch":1,"a,\\"b\\"":"NaN","seconds":0}\n{"epoch":2,"a,\\"b\\"":2.5,"seconds":0}\n';

describe.each([
  ['csvLog', csvLog, csv],
  ['jsonLinesLog', jsonLinesLog, jsonLines],
] as const)('%s', (name, make, text) => {
  test('gives a function the text', async () => {
    const lines: string[] = [];
    await train({ callbacks: [scores, make((line) => void lines.push(line))] });
    expect(withoutSeconds(lines.join(''))).toBe(text);
    expect(lines).toHaveLength(3);
  });

  test('writes a file, which is emptied at the beginning of training', async () => {
    const path = join(folder, `${name}-é`);
    for (let i = 0; i < 2; i++) await train({ callbacks: [scores, make(textFile(path))] });
    expect(withoutSeconds(await readFile(path, 'utf8'))).toBe(text);
    await train({ epochs: 1, callbacks: [scores, make(textFile(path), { append: true })] });
    const [header = '', ...rows] = text.split(/(?<=\n)/);
    const first = name === 'csvLog' ? rows[0] : header;
    expect(withoutSeconds(await readFile(path, 'utf8'))).toBe(text + first);
  });

  test('a file has each epoch once after an interruption', async () => {
    const path = join(folder, `${name}-resumed`);
    const store = new MemoryStore();
    const options = (interrupts: boolean) => ({
      callbacks: [
        scores,
        make(textFile(path)),
        {
          onEpochEnd({ epoch }: { epoch: number }) {
            if (interrupts && epoch === 1) throw new Error('interrupted');
          },
        },
      ],
      checkpoint: checkpoint(store, { every: { epochs: 1 } }),
      resume: 'auto' as const,
    });
    // The line of epoch 1 is in the file, and its checkpoint is not taken.
    await expect(train(options(true))).rejects.toThrow('interrupted');
    expect((await readFile(path, 'utf8')).trimEnd().split('\n')).toHaveLength(name === 'csvLog' ? 3 : 2);
    await train(options(false));
    expect(withoutSeconds(await readFile(path, 'utf8'))).toBe(text);
    await train(options(false)); // has ended already
    expect(withoutSeconds(await readFile(path, 'utf8'))).toBe(text);
  });
});

test('a later result that the CSV has no column for is an error', async () => {
  const late: Callback = {
    onEpochEnd({ epoch, results }) {
      if (epoch === 1) results.late = 1;
    },
  };
  await expect(train({ callbacks: [late, csvLog(() => {})] })).rejects.toThrow(
    "[csvLog] got the result 'late', wanted those of the first epoch: epoch, loss, seconds.",
  );
  await train({ callbacks: [late, jsonLinesLog(() => {})] });
});

test('targets and options that do not fit', () => {
  for (const target of ['log.csv', null, { append() {} }] as unknown[] as LogFile[]) {
    expect(() => csvLog(target)).toThrow(ValueError);
    expect(() => csvLog(target)).toThrow('[csvLog] got target');
  }
  expect(() => csvLog(() => {}, { append: true })).toThrow(
    '[csvLog] got append true, wanted it for files only.',
  );
});

test('a file that cannot be written to', async () => {
  const training = train({ callbacks: [csvLog(textFile(join(folder, 'none', 'log.csv')))] });
  await expect(training).rejects.toThrow(
    /^\[textFile\] .*none.log.csv: got ENOENT, wanted a file to write to/,
  );
});

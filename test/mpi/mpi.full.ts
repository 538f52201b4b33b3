import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildProgram, mpiMissing, readEnd, runProgram } from './mpirun.ts';
import type { End, Settings } from './program.ts';

/** Longer than a step takes on a busy computer: only the ranks that hang wait for it. */
const timeoutSeconds = 120;

describe.skipIf(mpiMissing !== null)(`several ranks${mpiMissing ? ` (${mpiMissing})` : ''}`, () => {
  let folder: string;
  let program: string;
  let alone: End;
  const end = async (ranks: number, settings: Settings, tcp = false): Promise<End> =>
    readEnd(await runProgram(program, ranks, settings, tcp));

  beforeAll(async () => {
    ({ folder, program } = buildProgram());
    alone = await end(0, { threads: 1 });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('the program tests what it says', () => {
    expect(alone.epochs[0]).toBe(3);
    expect(alone.epochs[1]).toBeLessThan(6);
    expect(alone.stopped[1]).toMatch(/val_loss has not improved/);
  });

  test('one process with a world is one without', async () => {
    expect(await end(0, { threads: 2, timeoutSeconds })).toEqual(alone);
    expect(await end(1, { threads: 1, timeoutSeconds })).toEqual(alone);
  });

  test.each([
    [2, 1],
    [2, 2],
    [3, 1],
    [4, 2],
    [8, 1],
  ])('%i ranks with %i threads give the bits of one process', async (ranks, threads) => {
    const { hashes, ...rest } = await end(ranks, { threads, timeoutSeconds });
    expect(hashes).toEqual(Array.from({ length: ranks }, () => alone.hashes[0]));
    expect({ ...rest, hashes: alone.hashes }).toEqual(alone);
  });

  test.each([2, 3, 8])(
    "%i ranks that share the optimizer's state give the bits of one process",
    async (ranks) => {
      const options = { shardOptimizerState: true };
      const { hashes } = await end(ranks, { threads: 1, timeoutSeconds, options });
      expect(new Set(hashes)).toEqual(new Set(alone.hashes));
    },
  );

  test('gradients in bfloat16 give the same bits with any number of ranks', async () => {
    const settings: Settings = { threads: 1, timeoutSeconds, options: { reduceDType: 'bfloat16' } };
    const one = await end(0, settings);
    expect(one.hashes).not.toEqual(alone.hashes);
    for (const ranks of [3, 8]) {
      const both = { ...settings, options: { ...settings.options, shardOptimizerState: ranks === 3 } };
      expect(new Set((await end(ranks, both, ranks === 3)).hashes)).toEqual(new Set(one.hashes));
    }
  });

  test('over TCP, and with other initial values on one rank', async () => {
    const { hashes } = await end(3, { threads: 1, timeoutSeconds, unseeded: true }, true);
    expect(new Set(hashes)).toEqual(new Set(alone.hashes));
  });

  test('progress is printed once', async () => {
    const { status, stdout } = await runProgram(program, 3, { threads: 1, timeoutSeconds, progress: true });
    expect(status).toBe(0);
    // Behind a progress bar if mpirun gives rank 0 a terminal.
    expect(stdout.match(/epoch 1\/3 {2}loss /g)).toHaveLength(1);
  });

  test('a rank that stops training stops all', async () => {
    const fail = { rank: 1, event: 4, how: 'stop' } as const;
    const { hashes, stopped } = await end(3, { threads: 1, timeoutSeconds, fail });
    expect(stopped[0]).toBe('this rank has seen enough');
    expect(new Set(hashes).size).toBe(1);
  });

  test('a NaN that one rank has ends training of all in the same way', async () => {
    const fail = { rank: -1, event: -1, how: 'nan' } as const;
    const expected = await end(0, { threads: 1, fail });
    expect(expected.stopped[0]).toMatch(/x of the batch contains NaN/);
    const { hashes, stopped } = await end(3, { threads: 1, timeoutSeconds, fail });
    expect(stopped).toEqual(expected.stopped);
    expect(new Set(hashes)).toEqual(new Set(expected.hashes));
  });

  describe('a rank that fails ends the job with one error that names it', () => {
    const count = (text: string, part: RegExp): number => text.match(new RegExp(part, 'g'))?.length ?? 0;
    test.each([
      ['throw', 1, /\[fit\] rank 1 of 3 has failed, which ends training: TypeError: the callback has failed/],
      ['throw', 0, /\[fit\] rank 0 of 3 has failed, which ends training: TypeError: the callback has failed/],
      ['abort', 2, /\[fit\] rank 2 of 3 has failed, which ends training: the user has had enough/],
      ['kill', 1, /\[\w+\] rank 1 (of 3|\(.*\) of 3) ended/],
      ['kill', 0, /\[\w+\] rank 0 (of 3|\(.*\) of 3) ended/],
      ['samples', 1, /\[fit\] rank 1 has other arguments than rank 0. They differ in the samples/],
    ] as const)('%s, rank %i', async (how, rank, message) => {
      const fail = { rank, event: 4, how };
      const { status, stderr, stdout } = await runProgram(program, 3, { threads: 1, timeoutSeconds, fail });
      expect(status).not.toBe(0);
      expect(stdout).not.toContain('hashes');
      expect(stderr).toMatch(message);
      expect(count(stderr, /\[(fit|mpi)\] /)).toBe(1);
    });

    test.each(['block', 'wait'] as const)('%s', async (how) => {
      const settings = { threads: 1, timeoutSeconds: 20, fail: { rank: 1, event: 4, how } };
      const { status, stderr } = await runProgram(program, 3, settings);
      expect(status).not.toBe(0);
      expect(stderr).toMatch(/\[fit\] rank 1 of 3 did not answer within 20 s/);
      expect(count(stderr, /\[(fit|mpi)\] /)).toBe(1);
    });
  });
});

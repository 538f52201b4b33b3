import { rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildProgram, mpiMissing, readEnd, runProgram } from './mpirun.ts';

// KILLS=30 npx vitest run --mode full test/mpi/kill.full.ts

const KILLS = Number(process.env.KILLS ?? 6);
const timeoutSeconds = 120;

let folder: string;
let program: string;
beforeAll(() => {
  ({ folder, program } = buildProgram());
});
afterAll(() => rmSync(folder, { recursive: true }));

const name = `a job of which a rank was killed ${KILLS} times goes on with other numbers of ranks to the same bits`;
test.skipIf(mpiMissing !== null)(`${name}${mpiMissing ? ` (${mpiMissing})` : ''}`, async () => {
  const whole = readEnd(await runProgram(program, 0, { threads: 1 }));
  const kill = fc.record({
    ranks: fc.constantFrom(2, 3, 4, 5, 8),
    rank: fc.nat(7),
    event: fc.integer({ min: 2, max: Math.ceil(whole.events / 2) }),
    delay: fc.integer({ min: 1, max: 60 }),
    shardOptimizerState: fc.boolean(),
  });
  const last = { delay: 0, event: -1, rank: 0, ranks: 2, shardOptimizerState: true };
  const seed = Number(process.env.FC_SEED ?? 1);
  const kills = fc.sample(kill, { numRuns: KILLS, seed });
  let killed = 0;
  for (let attempt = 0; killed < KILLS; attempt++) {
    const store = join(folder, `store-${attempt}`);
    for (let isComplete = false; !isComplete; ) {
      const { delay, event, rank, ranks, shardOptimizerState } = kills[killed] ?? last;
      const fail = { rank: rank % ranks, event, how: 'kill', delay } as const;
      const ended = await runProgram(program, ranks, {
        threads: 1,
        timeoutSeconds,
        store,
        fail,
        options: { shardOptimizerState },
      });
      isComplete = ended.status === 0;
      if (isComplete) expect(new Set(readEnd(ended).hashes)).toEqual(new Set(whole.hashes));
      else {
        expect(ended.stderr).toMatch(
          new RegExp(`\\[\\w+\\] rank ${fail.rank}\\b|rank ${fail.rank} with PID`),
        );
        killed++;
      }
    }
  }
});

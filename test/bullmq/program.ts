/** A search as a program of its own, to be killed: `program.ts JOURNAL REDIS`. Prints all runs without their times. */
import { bullmq } from 'ndgrad/bullmq';
import { fileJournal } from 'ndgrad/node';
import { randomSearch, search } from 'ndgrad/search';
import { untimed } from '../search/support.ts';
import { space } from './held.ts';

const results = await search({
  space,
  strategy: randomSearch({ trials: 8, epochs: 3 }),
  objective: { minimize: 'score' },
  trial: bullmq(new URL('./held.ts', import.meta.url), { connection: process.argv[3] }),
  seed: 3,
  journal: fileJournal(process.argv[2]!),
  progress: false,
});
console.log(JSON.stringify({ runs: untimed(results), resumed: results.resumed }));

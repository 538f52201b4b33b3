/** A search as a program of its own, to be killed: `program.ts JOURNAL`. Prints all runs without their times. */

import { fileJournal, inWorkers } from 'ndgrad/node';
import { search } from 'ndgrad/search';
import { options, untimed } from '../../search/support.ts';

const results = await search({
  ...options,
  trial: inWorkers(new URL('./hanging.ts', import.meta.url), { workers: 2 }),
  journal: fileJournal(process.argv[2]!),
});
console.log(JSON.stringify({ runs: untimed(results), resumed: results.resumed }));

/**
 * Random differential testing: graphs over all operations against a naive evaluator, and readers with mutated data.
 *
 *     npm run fuzz                                  for a minute
 *     npm run fuzz -- --seconds 36000 --seed 7      for ten hours, with other cases
 *     npm run fuzz -- --only graphs,journal         these properties only
 *
 * A failing case is reduced to a small one and printed with the flags that repeat it.
 */
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { checkpoints } from './fuzz/checkpoints.ts';
import { graphs } from './fuzz/graphs.ts';
import { readers } from './fuzz/readers.ts';
import { report } from './shared.ts';

const all = [...graphs, ...readers, ...checkpoints];
const names = all.map(({ name }) => name);
const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: names.join() },
  },
});
const seconds = Number(flags.seconds);
const firstSeed = Number(flags.seed);
const only = flags.only.split(',');
const unknown = only.filter((name) => !names.includes(name));
if (!(seconds > 0) || !Number.isInteger(firstSeed) || unknown.length > 0) {
  console.error(
    `got --seconds ${flags.seconds} --seed ${flags.seed} --only '${flags.only}', wanted seconds above 0, a whole number and ` +
      `some of ${names.join(', ')}`,
  );
  process.exit(2);
}

/** Milliseconds that looking for a small failing case may take. */
const PATIENCE = 60_000;

const failures = new Map<string, string>();
const cases = new Map<string, number>();
const end = performance.now() + 1000 * seconds;
for (let seed = firstSeed; seed === firstSeed || performance.now() < end; seed++) {
  for (const { name, batch, property } of all) {
    if (!only.includes(name) || failures.has(name)) continue;
    if (seed !== firstSeed && performance.now() >= end) break;
    const outcome = await fc.check(property, { seed, numRuns: batch, interruptAfterTimeLimit: PATIENCE });
    cases.set(name, (cases.get(name) ?? 0) + outcome.numRuns);
    if (!outcome.failed) continue;
    const again = `npm run fuzz -- --seed ${seed} --seconds 1 --only '${name}'`;
    const { errorInstance: error, counterexample } = outcome;
    const text = error instanceof Error ? error.stack : String(error);
    failures.set(name, `${name}: ${again}\n${fc.stringify(counterexample)}\n${text}`);
    console.error(failures.get(name));
  }
  if (only.every((name) => failures.has(name))) break;
}
for (const [name, count] of cases) console.log(`${name}: ${count} cases`);
console.log(`memory: at most ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`);
report(`fuzz: seeds from ${firstSeed} on, ${seconds} s`, [...failures.keys()]);
process.exit();

import { train } from './program.mjs';
import { helped, report } from './report.mjs';

const PATIENCE = 10_000;

void report(async () => {
  const outcomes = [];
  const end = performance.now() + PATIENCE;
  do {
    outcomes.push(await train());
    // Threads start, and refusals and violations are told, when the event loop turns.
    await new Promise((resolve) => setTimeout(resolve, 100));
  } while (outcomes.at(-1).threads > 1 && !helped() && performance.now() < end);
  // And once with the other threads from the first step on, or without those that have been refused.
  outcomes.push(await train());
  return outcomes;
});

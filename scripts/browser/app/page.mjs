import { train } from './program.mjs';
import { helped, report } from './report.mjs';

const TIMEOUT_MS = 300_000;

void report(async () => {
  const outcomes = [];
  const end = performance.now() + TIMEOUT_MS;
  do {
    outcomes.push(await train());
    // Yields to the event loop: only then do threads start, and refusals and violations are reported.
    await new Promise((resolve) => setTimeout(resolve, 100));
  } while (outcomes.at(-1).threads > 1 && !helped() && performance.now() < end);
  // Once more, with all threads from the first step on, or without those that were refused.
  outcomes.push(await train());
  return outcomes;
});

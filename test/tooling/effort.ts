/** Is this `npm run test:full`? */
export const full = process.env.NDGRAD_TESTS === 'full';

const factor = Number(process.env.RUNS ?? (full ? 5 : 0.5));

/** How many random cases a property test draws: half of them in `npm test`, five times as many in `npm run test:full`, and RUNS times as many where that is set. */
export const runs = (cases: number): number => Math.ceil(cases * factor);

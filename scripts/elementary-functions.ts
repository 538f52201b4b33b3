/**
 * Checks the elementary functions of float32 numbers: errors in ulp, infinities, NaN, signs of zeros, monotonicity, and equal
 * bits on both CPU backends.
 *
 *     npx tsx scripts/elementary-functions.ts                          all 2^32 arguments: two to seven minutes for each function
 *     npx tsx scripts/elementary-functions.ts --stride 65521           16 in every 65,521: seconds
 *     npx tsx scripts/elementary-functions.ts --only exp,tanh          these functions
 */
import { parseArgs } from 'node:util';
import { findErrors, promised } from '../test/ir/elementary-errors.ts';
import { report } from './shared.ts';

const { values: flags } = parseArgs({
  options: {
    stride: { type: 'string', default: '1' },
    only: { type: 'string', default: Object.keys(promised).join() },
  },
});
const stride = Number(flags.stride);
const names = flags.only.split(',');
const unknown = names.filter((name) => !Object.hasOwn(promised, name));
if (!Number.isInteger(stride) || stride < 1 || unknown.length > 0) {
  console.error(
    `got --stride ${flags.stride} --only '${flags.only}', wanted a whole number from 1 up and some of ${Object.keys(promised).join(', ')}`,
  );
  process.exit(2);
}

// The reference backend is slow: it computes four million arguments or, of fewer, all.
const compareStride = Math.ceil(1021 * Math.min(1, 16 / stride));

const problems: string[] = [];
for (const name of names) {
  const found = await findErrors(name, stride, compareStride);
  console.log(`${name}: ${found.worst.toFixed(3)} ulp at ${found.at}, ${found.arguments} arguments`);
  problems.push(...found.problems);
}
report(`${names.length} elementary functions keep their promises`, problems);

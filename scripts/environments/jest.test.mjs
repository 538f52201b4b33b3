// Run by Jest as an ES module (`*.test.mjs`) and, compiled by Babel, as CommonJS (`*.test.js`).
import { train } from './train.mjs';

const HOUR = 3_600_000;

test(
  'trains as in Node',
  async () => {
    const { best: _, ...wanted } = JSON.parse(process.env.WANTED);
    expect(await train()).toEqual(wanted);
  },
  HOUR,
);

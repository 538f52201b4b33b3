// Run by Jest as an ES module (`*.test.mjs`) and, compiled by Babel, as CommonJS (`*.test.js`).
import { train } from './train.mjs';

test('trains as in Node', async () => {
  const { best: _, ...wanted } = JSON.parse(process.env.WANTED);
  expect(await train()).toEqual(wanted);
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toGlsl } from '../../../../src/backends/gpu/shader/glsl.ts';
import { argumentsOf, bodyOf, cases } from './cases.ts';
import { compareResults, table } from './compare-results.ts';
import { applied, constructs } from './constructs.ts';
import { browserMissing, type FragmentShaders, openFragmentShaders, WIDTH } from './fragment-shaders.ts';
import { randomWords } from './samples.ts';

const COUNT = 8192;
const skipped = browserMissing === null ? '' : `: ${browserMissing}`;

describe.skipIf(browserMissing !== null)(`shader functions on WebGL2 (Chromium)${skipped}`, () => {
  const worst = new Map<string, number>();
  let browser: FragmentShaders;

  beforeAll(async () => {
    browser = await openFragmentShaders();
  });

  afterAll(async () => {
    console.log(table('worst relative errors on WebGL2', worst));
    await browser.close();
  });

  test.each(cases.map((which) => [which.name, which] as const))('%s', async (name, which) => {
    const columns = argumentsOf(which, COUNT);
    const data = new Uint32Array(COUNT * columns.length);
    for (const [k, column] of columns.entries()) data.set(column, k * COUNT);
    const comparison = compareResults(
      which,
      columns,
      await browser.compute(fragment(bodyOf(which), columns.length), data, COUNT),
    );
    if (which.kind !== 'exact') worst.set(name, comparison.worst);
    expect(comparison.problems).toEqual([]);
  });

  test('every construct', async () => {
    const words = randomWords(COUNT, 0);
    expect(await browser.compute(fragment(constructs, 1), words, COUNT)).toEqual(words.map(applied));
  });
});

/** A fragment shader that runs `apply` of the body on each row of the columns. */
function fragment(body: string, columns: number): string {
  const words = Array.from({ length: columns }, (_, k) => {
    return `texelFetch(words, ivec2(gl_FragCoord.x, int(gl_FragCoord.y) + ${(k * COUNT) / WIDTH}), 0).x`;
  });
  return `#version 300 es
precision highp float;
precision highp int;
precision highp usampler2D;
uniform usampler2D words;
out uvec4 results;
${toGlsl(body)}
void main() {
  results = uvec4(apply(${words.join(', ')}), 0u, 0u, 0u);
}`;
}

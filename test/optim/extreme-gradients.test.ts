import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clipGradients } from '../../src/optim/clip.ts';
import { type ClipOptions, SGD } from '../../src/optim/index.ts';
import { squarable } from '../../src/optim/squarable.ts';
import { setBackend } from '../../src/runtime/backends.ts';
import { tensor, zeros } from '../../src/tensor/creation.ts';
import { gradients } from '../../src/tensor/gradients.ts';
import { Parameter } from '../../src/tensor/parameter.ts';
import { makeOptimizer } from './classes.ts';

interface Clip {
  readonly name: string;
  readonly clip: ClipOptions;
  readonly gradients: number[][];
  /** How often the values of each gradient are repeated. */
  readonly repeat: number;
  readonly clipped: number[][];
}

interface Run {
  readonly optimizer: string;
  readonly options: object;
  readonly gradients: number[];
  readonly repeat: number;
  /** After the last steps. */
  readonly values: number[];
}

const { clips, runs }: { clips: Clip[]; runs: Run[] } = JSON.parse(
  readFileSync(new URL('./extreme-gradients.json', import.meta.url), 'utf8'),
);

const repeated = <T>(values: readonly T[], count: number): T[] =>
  Array.from({ length: count }, () => values).flat();

describe.each(['js', 'wasm'] as const)('on %s', (backend) => {
  beforeAll(() => setBackend(backend));
  afterAll(() => setBackend('wasm'));

  test.each(clips)('clipping: $name', async ({ clip, gradients, repeat, clipped }) => {
    const whole = gradients.map((g) => repeated(g, repeat));
    const parameters = whole.map((g) => new Parameter<readonly number[]>(zeros([g.length])));
    const optimizer = new SGD(parameters, { learningRate: 1, clip });
    await optimizer.minimize(
      parameters.map((p, i) => p.mul(tensor(whole[i]!)).sum()).reduce((a, b) => a.add(b)),
    );
    for (const [i, p] of parameters.entries()) {
      const largest = Math.max(...clipped[i]!.map(Math.abs));
      for (const [k, wanted] of repeated(clipped[i]!, repeat).entries()) {
        const error = Math.abs(-p.dataSync()[k]! - wanted);
        expect(error, `gradient ${i}[${k}]`).toBeLessThanOrEqual(1e-6 * largest + 1e-45);
      }
    }
  });

  test('a gradient within the limit keeps its bits', async () => {
    for (const scale of [1e-30, 1, 1e25]) {
      const g = Float32Array.of(0.1 * scale, -0.7 * scale, 1e-40);
      const p = new Parameter<readonly number[]>(zeros([3]));
      for (const clip of [{ norm: scale }, { globalNorm: scale }, { norm: Number.POSITIVE_INFINITY }]) {
        await p.assign(zeros([3]));
        await new SGD([p], { learningRate: 1, clip }).minimize(p.mul(tensor(g)).sum());
        expect(p.neg().dataSync()).toEqual(g);
      }
    }
  });

  test('limits do not hide what is not finite', () => {
    for (const bad of [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]) {
      const g = tensor([1, bad, 3]);
      expect(squarable(g).toArray()).toEqual([1, Number.NaN, 3]);
      for (const clip of [{ norm: 1 }, { globalNorm: 1e30 }]) {
        expect(clipGradients([g], clip)[0]!.dataSync()[1]).toBeNaN();
      }
    }
    expect(squarable(tensor([-0, 1e-45, -1e38, 1e38])).toArray()).toEqual([
      -0,
      Math.fround(1e-45),
      -(2 ** 62),
      2 ** 62,
    ]);
  });

  test('the limit of squares has the gradient of a limit', () => {
    const x = tensor([3, -1e30, 2 ** 62, 1e25]);
    expect(gradients(squarable(x).sum(), [x])[0]!.toArray()).toEqual([1, 0, 1, 0]);
  });

  test.each(
    runs.map((run, i) => ({ ...run, name: `${i}: ${run.optimizer} ${JSON.stringify(run.options)}` })),
  )('$name', async ({ optimizer: kind, options, gradients, repeat, values }) => {
    const p = new Parameter<readonly number[]>(tensor([1]));
    const optimizer = makeOptimizer(kind, [p], options);
    const all = repeated(gradients, repeat);
    for (const [step, gradient] of all.entries()) {
      await optimizer.minimize(p.mul(tensor([gradient])).sum());
      const wanted = values[step - all.length + values.length];
      if (wanted === undefined) continue;
      // Some units in the last place for each step done.
      const tolerance = 1.2e-7 * (step + 2) * Math.max(1, Math.abs(wanted));
      expect(Math.abs(p.item() - wanted), `step ${step}`).toBeLessThanOrEqual(tolerance);
    }
  });
});

import { describe, expect, test } from 'vitest';
import { Lookahead, MultiOptimizer, type Schedule } from '../../src/optim/index.ts';
import {
  constant,
  cosineDecay,
  cosineRestarts,
  exponentialDecay,
  oneCycle,
  piecewise,
  polynomialDecay,
  stepDecay,
  warmup,
} from '../../src/optim/schedules.ts';
import { backendInfo } from '../../src/runtime/backends.ts';
import { fromArray } from '../../src/tensor/creation.ts';
import { Parameter } from '../../src/tensor/parameter.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import {
  load,
  type OptimizerParameters,
  type ReferenceTensor,
  type ScheduleSpec,
  values,
} from '../reference/load.ts';
import { optimizerKinds, optimizerOf } from './classes.ts';

const { initial, gradients, runs, schedules } = load('optimizers');

const toTensor = (t: ReferenceTensor): Tensor => fromArray(values(t), t.shape, t.dtype);

test('every optimizer has runs', () => {
  const kinds = runs.map(({ groups, lookahead, optimizer }) =>
    groups ? MultiOptimizer.kind : lookahead ? Lookahead.kind : optimizer,
  );
  expect(new Set(kinds)).toEqual(new Set(optimizerKinds));
});

/** One unit in the last place of float32 for each step done. */
const tolerance = (step: number, value: number): number => 1.2e-7 * (step + 1) * Math.max(1, Math.abs(value));

test.each(runs.map((r) => [r.name, r] as const))('%s', async (_name, run) => {
  const w = new Parameter(toTensor(initial.w), { name: 'w' });
  const b = new Parameter(toTensor(initial.b), { name: 'b' });
  const optimizer = optimizerOf(run, [w, b]);
  const before = backendInfo().planMisses;
  let misses = 0;
  for (const [step, gradient] of gradients.entries()) {
    const loss = w
      .mul(toTensor(gradient.w))
      .sum()
      .add(b.mul(toTensor(gradient.b)).sum());
    await optimizer.minimize(loss);
    for (const name of ['w', 'b'] as const satisfies (keyof OptimizerParameters)[]) {
      const got = (name === 'w' ? w : b).dataSync();
      const want = run.float64[step]![name].data;
      want.forEach((v, i) => {
        expect(Math.abs(got[i]! - v), `${name}[${i}] after step ${step}`).toBeLessThanOrEqual(
          tolerance(step, v),
        );
      });
    }
    if (step === 0) misses = backendInfo().planMisses;
  }
  expect(optimizer.step).toBe(gradients.length);
  expect(misses - before, 'the first step compiles one plan at most').toBeLessThanOrEqual(1);
  expect(backendInfo().planMisses, 'every step runs the plan of the first').toBe(misses);
});

function scheduleOf(spec: ScheduleSpec): Schedule {
  switch (spec.kind) {
    case 'constant':
      return constant(spec.options.rate);
    case 'stepDecay':
      return stepDecay(spec.options);
    case 'exponentialDecay':
      return exponentialDecay(spec.options);
    case 'cosineRestarts':
      return cosineRestarts(spec.options);
    case 'polynomialDecay':
      return polynomialDecay(spec.options);
    case 'cosineDecay':
      return cosineDecay(spec.options);
    case 'warmup':
      return warmup({
        rate: scheduleOf(spec.options.then),
        steps: spec.options.steps,
        start: spec.options.start,
      });
    case 'oneCycle':
      return oneCycle(spec.options);
    case 'piecewise':
      return piecewise(spec.options);
  }
}

describe('schedules', () => {
  test.each(schedules.map((s) => [`${s.kind} ${JSON.stringify(s.options)}`, s] as const))(
    '%s',
    (_name, spec) => {
      const schedule = scheduleOf(spec);
      spec.learningRates.forEach((rate, step) => {
        expect(Math.abs(schedule(step) - rate), `step ${step}`).toBeLessThanOrEqual(1e-14);
      });
    },
  );
});

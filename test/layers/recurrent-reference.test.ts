import { describe, expect, test } from 'vitest';
import {
  Bidirectional,
  Dense,
  GRU,
  type Layer,
  LSTM,
  type Recurrent,
  Sequential,
  SimpleRNN,
  training as trainingContext,
} from '../../src/layers/index.ts';
import { meanSquaredError } from '../../src/losses/index.ts';
import { Adam, SGD } from '../../src/optim/index.ts';
import { realize } from '../../src/tensor/evaluate.ts';
import { gradients } from '../../src/tensor/gradients.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { computeDouble } from '../../src/testing/double.ts';
import { assertClose } from '../../src/testing.ts';
import { load, type ReferenceTensor } from '../reference/load.ts';
import { toTensor } from '../tensor/invoke.ts';

// Recurrent layers against PyTorch, in single and in double precision.

const { cases, training } = load('recurrent');

type AnyRecurrent = Recurrent<number, number, boolean>;

const classes: Record<string, new (inputs: number, outputs: number, options?: object) => AnyRecurrent> = {
  GRU,
  LSTM,
  SimpleRNN,
};

/** Compares all in single and in double precision. */
async function expectAll(pairs: readonly (readonly [got: Tensor, wanted: ReferenceTensor])[]): Promise<void> {
  const double = computeDouble(
    pairs.map(([got]) => got.node),
    new Map(),
  );
  await realize(...pairs.map(([got]) => got));
  pairs.forEach(([got, wanted], i) => {
    expect(got.shape).toEqual(wanted.shape);
    const values = Float64Array.from(wanted.data);
    assertClose(double[i]!, values, { relative: 1e-12, absolute: 1e-13 });
    assertClose(got.dataSync(), values, { relative: 1e-5, absolute: 2e-6 });
  });
}

async function assign(layer: Layer, parameters: Readonly<Record<string, ReferenceTensor>>): Promise<void> {
  const named = layer.namedParameters();
  expect(named.map(([name]) => name)).toEqual(Object.keys(parameters));
  for (const [name, p] of named) await p.assign(toTensor(parameters[name]!));
}

test.each(cases.map((c) => [`${c.layer}, ${c.name}`, c] as const))('%s', async (_, c) => {
  const inner = new classes[c.layer]!(...(c.args as [number, number, object?]));
  const layer = c.merge === undefined ? inner : new Bidirectional(inner, { merge: c.merge });
  await assign(layer, c.parameters);
  const x = toTensor(c.x);
  const initialState = c.initialState?.map(toTensor);
  const { output, state } = layer.callWithState(x, {
    ...(initialState && { initialState }),
    ...(c.lengths && { lengths: c.lengths }),
  });
  expect(state).toHaveLength(c.state.length);
  expect(layer.inferShape(x.shape)).toEqual(c.out.shape);

  const loss = state
    .map((t, i) => t.mul(toTensor(c.stateWeights[i]!)).sum())
    .reduce((a, b) => a.add(b), output.mul(toTensor(c.weights)).sum());
  const leaves = new Map<string, Tensor>([
    ['x', x],
    ...layer.namedParameters(),
    ...(initialState ?? []).map((t, i) => [`state.${i}`, t] as const),
  ]);
  expect([...leaves.keys()]).toEqual(Object.keys(c.gradients));
  const given = gradients(loss, [...leaves.values()]);
  await expectAll([
    [output, c.out],
    ...state.map((t, i) => [t, c.state[i]!] as const),
    ...[...leaves.keys()].map((name, i) => [given[i]!, c.gradients[name]!] as const),
  ]);
});

describe('six training steps', () => {
  test.each(training.map((c) => [`${c.layer} with ${c.optimizer}`, c] as const))('%s', async (_, c) => {
    const [features, out] = [c.x.shape[2]!, c.parameters['0.recurrentKernel']!.shape[0]!];
    const model = new Sequential([
      new classes[c.layer]!(features, out) as Layer,
      new Dense(out, c.y.shape[1]!) as Layer,
    ]);
    await assign(model, c.parameters);
    const make = c.optimizer === 'Adam' ? Adam : SGD;
    const optimizer = new make(model.parameters(), c.options);
    const [x, y] = [toTensor(c.x), toTensor(c.y)];
    for (const [i, wanted] of c.losses.entries()) {
      const context = trainingContext();
      const loss = meanSquaredError(model.call(x, context), y);
      await optimizer.minimize(loss, { context });
      expect(Math.abs(loss.item() - wanted), `the loss of step ${i}`).toBeLessThan(2e-6);
    }
    for (const [name, p] of model.namedParameters()) {
      const wanted = Float64Array.from(c.after[name]!.data);
      assertClose(p.dataSync(), wanted, { relative: 1e-5, absolute: 1e-5 });
    }
  });
});

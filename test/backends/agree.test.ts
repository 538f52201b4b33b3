import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { WasmBackend, wasmBackend } from '../../src/backends/wasm/index.ts';
import {
  Adam,
  backendInfo,
  Dense,
  Dropout,
  full,
  Generator,
  Sequential,
  setBackend,
  softmaxCrossEntropy,
  type Tensor,
  tensor,
  training,
  where,
} from '../../src/index.ts';
import type { Node } from '../../src/ir/node.ts';
import { compilePlan, runPlan } from '../compiler/plans.ts';
import { type GradientCase, load, type OperationCase } from '../reference/load.ts';
import { firstDifference } from '../tensor/bits.ts';
import { invoke, operationNames, referenceArguments, referenceGradient } from '../tensor/invoke.ts';
import { full as isFull, runs } from '../tooling/effort.ts';
import { engines, threads } from './engines.ts';

// The reference interpreter and WebAssembly, on any number of threads, give the same bits.

/** Chunks that each thread of each engine has run. */
const work = engines.map((_, e) => Array.from({ length: threads[e]! }, () => 0));

function expectSameOnAll(outputs: readonly Tensor[]): void {
  const nodes: Node[] = outputs.map((t) => t.node).filter((node) => node.storage === null);
  if (nodes.length === 0) return;
  const compiled = compilePlan(nodes);
  const wanted = runPlan(compiled);
  engines.forEach((engine, e) => {
    const got = runPlan(compiled, engine);
    engine.work.forEach((chunks, thread) => {
      work[e]![thread]! += chunks;
    });
    for (const node of nodes) {
      const difference = firstDifference(got.get(node)!, wanted.get(node)!);
      if (difference !== null) expect.fail(`${threads[e]} threads: ${node.op.name} ${difference}`);
    }
  });
}

/** All cases in `npm run test:full`, some of them otherwise. */
const some = <T>(cases: readonly T[]): T[] => cases.filter((_, i) => isFull || i % 4 === 0);

const operations = load('ops');
describe.each(operationNames.filter((name) => name !== 'detach'))('%s', (name) => {
  test.each(some(operations[name] as OperationCase[]))('$name', (c) => {
    expectSameOnAll(invoke(name, referenceArguments(name, c).args));
  });
});

describe('gradients', () => {
  const title = (c: GradientCase) => `${c.op}, ${c.name}, by operand ${c.wrt}`;
  test.each(some(load('gradients')).map((c) => [title(c), c] as const))('%s', (_, c) => {
    expectSameOnAll([referenceGradient(c)]);
  });
});

test('random numbers, in rows of any length and beginning anywhere', () => {
  const property = fc.property(
    fc.integer({ min: 1, max: 200 }),
    fc.integer({ min: 1, max: 40 }),
    fc.nat({ max: 20 }),
    fc.nat(),
    (columns, rows, skipped, seed) => {
      const generator = new Generator(seed);
      // The bias keeps the rows apart, the slice makes them begin in the middle of a stream.
      const bias = generator.normal([columns]);
      const noise = generator
        .uniform([rows + 1, columns + skipped])
        .slice([1, rows + 1], [skipped, columns + skipped]);
      const mask = generator.bernoulli([rows, columns], 0.3);
      expectSameOnAll([where(mask, noise.add(bias), 0), generator.normal([rows, columns]).mul(bias)]);
    },
  );
  fc.assert(property, { numRuns: runs(30) });
});

test('reductions of numbers that are nowhere in memory', () => {
  const shapes = [[50, 3], [33, 7], [3, 50], [129, 5], [2, 300, 16], [40], [1, 130, 2]] as const;
  for (const shape of shapes) {
    for (let axis = 0; axis < shape.length; axis++) {
      const x = full([...shape], 2.5).add(1);
      expectSameOnAll([x.sum(axis), x.prod(axis), x.max(axis), x.mean(axis), x.argmax(axis)]);
    }
    expectSameOnAll([full([...shape], 2.5).sum()]);
  }
});

/** The bits of all parameters and optimizer state after ten steps, and the losses. */
async function tenSteps(): Promise<Float32Array[]> {
  const rng = new Generator(7);
  const x = rng.normal([96, 37]);
  const labels = tensor(Int32Array.from({ length: 96 }, (_, i) => (i * i) % 10));
  const model = new Sequential([
    new Dense(37, 70, { activation: 'relu', rng }),
    new Dropout(0.3),
    new Dense(70, 33, { activation: 'tanh', rng }),
    new Dropout(0.5),
    new Dense(33, 10, { rng }),
  ]);
  const optimizer = new Adam(model.parameters(), { learningRate: 1e-2 });
  const context = training({ rng: new Generator(11) });
  const losses: Tensor[] = [];
  for (let i = 0; i < 10; i++) {
    const loss = softmaxCrossEntropy(model.call(x, context), labels);
    await optimizer.minimize(loss, { context });
    losses.push(loss);
  }
  return [...model.parameters(), ...losses].map((t) => Float32Array.from(t.dataSync()));
}

describe('ten training steps with Dropout', () => {
  const wasm = wasmBackend();
  afterAll(async () => {
    await setBackend('wasm');
    if (wasm instanceof WasmBackend) await wasm.forceThreads(null);
  });

  test('have the same bits on js and on 1, 2 and 5 threads', async () => {
    if (!(wasm instanceof WasmBackend)) throw new Error(wasm);
    await setBackend('js');
    const wanted = await tenSteps();
    expect(wanted.at(-1)![0]).toBeLessThan(wanted[wanted.length - 10]![0]!);
    await setBackend('wasm');
    for (const count of threads) {
      await wasm.forceThreads(count);
      const got = await tenSteps();
      expect(backendInfo()).toMatchObject({ name: 'wasm', threads: count });
      if (count > 1) expect(wasm.work).toHaveLength(count);
      got.forEach((array, i) => {
        expect(firstDifference(array, wanted[i]!)).toBeNull();
      });
    }
  });
});

test('every thread has worked', () => {
  engines.forEach((_, e) => {
    if (threads[e]! > 1) for (const chunks of work[e]!) expect(chunks).toBeGreaterThan(0);
  });
});

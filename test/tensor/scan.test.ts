import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { WasmBackend } from '../../src/backends/wasm/index.ts';
import { compileModule } from '../../src/backends/wasm/kernels/compile.ts';
import { explainPlan } from '../../src/compiler/explain.ts';
import {
  argsort,
  cumsum,
  customGradient,
  Generator,
  gradients,
  matmul,
  Parameter,
  realize,
  remat,
  runStep,
  type ScanOptions,
  SGD,
  StateError,
  scan,
  setBackend,
  sort,
  stack,
  type Tensor,
  tensor,
  transpose,
  where,
} from '../../src/index.ts';
import { gradcheck } from '../../src/testing.ts';
import { engines, threads } from '../backends/engines.ts';
import { compileVariants } from '../compiler/compile-variants.ts';
import { compilePlan, runPlan } from '../compiler/plans.ts';
import { runs } from '../tooling/effort.ts';
import { firstDifference } from './bits.ts';
import { randomStep, type Step, unrolled } from './loops.ts';

await setBackend('js');
afterAll(() => setBackend('wasm'));

const sumOf = (tensors: readonly Tensor[]): Tensor =>
  tensors.map((t, i) => t.mul(i + 1).sum()).reduce((a, b) => a.add(b));

/** Runs a plan of all on the reference, and expects the same bits of every variant and every number of threads. */
function valuesOnAll(tensors: readonly Tensor[]): Float32Array[] {
  const nodes = tensors.map((t) => t.node);
  let wanted: ReturnType<typeof runPlan> | undefined;
  for (const { name, options } of compileVariants) {
    const compiled = compilePlan(nodes, options);
    const results = [
      ['js', runPlan(compiled)] as const,
      ...engines.map((engine, e) => [`${threads[e]} threads`, runPlan(compiled, engine)] as const),
    ];
    wanted ??= results[0]![1];
    for (const [where, got] of results) {
      for (const node of nodes) {
        const difference = firstDifference(got.get(node)!, wanted.get(node)!);
        if (difference !== null) expect.fail(`${name}, ${where}: ${difference}`);
      }
    }
  }
  return nodes.map((node) => Float32Array.from(wanted!.get(node)!));
}

function expectClose(
  got: ArrayLike<number>,
  wanted: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  let size = 1;
  for (let i = 0; i < wanted.length; i++) size = Math.max(size, Math.abs(wanted[i]!));
  for (let i = 0; i < wanted.length; i++) {
    if (!(Math.abs(got[i]! - wanted[i]!) <= tolerance * size))
      expect.fail(`${what}: ${got[i]} instead of ${wanted[i]}`);
  }
}

test('random steps: values and gradients of both orders are those of the loop written out', async () => {
  const property = fc.asyncProperty(
    fc.array(fc.nat({ max: 0x7fffffff }), { minLength: 20, maxLength: 60, size: 'max' }),
    fc.record({
      count: fc.integer({ min: 1, max: 5 }),
      batch: fc.integer({ min: 1, max: 3 }),
      width: fc.integer({ min: 2, max: 5 }),
      carries: fc.integer({ min: 1, max: 3 }),
      sequences: fc.integer({ min: 0, max: 2 }),
      reverse: fc.boolean(),
      checkpoint: fc.boolean(),
      masked: fc.boolean(),
    }),
    async (choices, { count, batch, width, carries, sequences, reverse, checkpoint, masked }) => {
      const rng = new Generator(choices[0]!);
      const initial = Array.from({ length: carries }, () => rng.normal([batch, width]).detach());
      const given = Array.from({ length: sequences }, () => rng.normal([count, batch, width]).detach());
      const weights = [0, 1].map(() => rng.normal([width, width]).mul(0.7).detach());
      const bias = rng.normal([width]).detach();
      const step = randomStep(choices, carries, { weights, bias });
      const lengths = masked ? Array.from({ length: batch }, (_, i) => choices[i]! % (count + 1)) : undefined;
      const options = { reverse, length: count, ...(lengths && { lengths }) };
      const [last, outputs] = scan(step, initial, given, { ...options, checkpoint });
      const [wantedLast, wantedOutputs] = unrolled(step, initial, given, options);
      const leaves = [...initial, ...given, ...weights, bias];
      const all = (values: readonly Tensor[]): Tensor[] => {
        const first = gradients(sumOf(values.map((x) => x.square())), leaves);
        const second = gradients(sumOf(first.map((x) => x.square())), leaves);
        return [...values, ...first, ...second];
      };
      const got = all([...last, ...outputs]);
      const wanted = all([...wantedLast, ...wantedOutputs]);
      const values = valuesOnAll(got);
      const compiled = runPlan(compilePlan(wanted.map((t) => t.node)));
      const n = last.length + outputs.length;
      wanted.forEach((t, i) => {
        const order = i < n ? 0 : i < n + leaves.length ? 1 : 2;
        expectClose(
          values[i]!,
          compiled.get(t.node)!,
          [1e-5, 1e-4, 1e-3][order]!,
          `order ${order}, tensor ${i}`,
        );
      });
    },
  );
  await fc.assert(property, { numRuns: runs(4) });
});

const rng = new Generator(5);
const normal = (...shape: number[]): Tensor => rng.normal(shape).detach();
const w = normal(4, 6);
const u = normal(6, 6).mul(0.5).detach();
const b = normal(6);
const rnn: Step = ([h], [x]) => {
  const next = x!.matmul(w).add(h!.matmul(u)).add(b).tanh();
  return [[next], [next]];
};

test('with several rows a forward loop has the bits of the one written out', () => {
  const [x, h] = [normal(7, 3, 4), normal(3, 6)];
  const [got, wanted] = [scan(rnn, [h], [x]), unrolled(rnn, [h], [x])];
  expect(valuesOnAll(got.flat())).toEqual(wanted.flat().map((t) => t.dataSync()));
});

test('a product with elements only is one product for all iterations', () => {
  const [x, h] = [normal(7, 1, 4), normal(1, 6)];
  const [, [outputs]] = scan(([state], [e]) => [[state!], [e!.matmul(w)]], [h], [x]);
  expect(valuesOnAll([outputs!])[0]).toEqual(x.reshape([7, 4]).matmul(w).dataSync());
});

test('products with matrices that are packed once, and with those that change', () => {
  const [h, m, x] = [normal(5, 13), normal(13, 261).mul(0.1).detach(), normal(3, 5, 13)];
  const [s, q, e] = [normal(2, 3, 4), normal(2, 4, 9), normal(3, 9, 4)];
  const step: Step = ([c, d], [xt, et]) => {
    const inner = scan(([a]) => [[matmul(matmul(a!, q), et!).tanh()]], [d!], [], { length: 2 })[0][0]!;
    const next = c!.matmul(m).tanh().matmul(transpose(m)).add(xt!).tanh();
    // The product with inner has another right matrix in each iteration.
    return [[next, inner], [matmul(d!, transpose(inner, [0, 2, 1])).sum(0)]];
  };
  const values = scan(step, [h, s], [x, e]).flat();
  const wanted = unrolled(step, [h, s], [x, e]).flat();
  const found = gradients(sumOf(values.map((v) => v.square())), [h, m, x, s, q, e]);
  const got = valuesOnAll([...values, ...found]);
  expect(got.slice(0, values.length)).toEqual(wanted.map((t) => t.dataSync()));
});

test('the gradient of a matrix is one product over time and batch', () => {
  const [x, h] = [normal(5, 2, 4), normal(2, 6)];
  const [, [y]] = scan(([state], [e]) => [[state!], [e!.matmul(w)]], [h], [x]);
  const [dw] = gradients(y!.square().sum(), [w]);
  const dy = x.reshape([10, 4]).matmul(w).mul(2);
  expect(valuesOnAll([dw!])[0]).toEqual(x.reshape([10, 4]).transpose().matmul(dy).dataSync());
});

test.each<[string, ScanOptions & { lengths?: number[] }]>([
  ['forward', {}],
  ['reverse', { reverse: true }],
  ['with lengths', { lengths: [3, 0, 2] }],
  ['reverse with lengths', { lengths: [1, 3, 2], reverse: true }],
  ['with checkpoint', { checkpoint: true }],
])('%s: gradients agree with finite differences', async (_, options) => {
  const f = (x: Tensor, h: Tensor, w1: Tensor, u1: Tensor): Tensor => {
    const step: Step = ([c], [e]) => {
      const next = e!.matmul(w1).add(c!.matmul(u1)).tanh();
      return [[next.mul(0.5)], [next]];
    };
    const [[last], [y]] = scan(step, [h], [x], options);
    return last!.sum().add(y!.square().sum());
  };
  await gradcheck(f, [normal(3, 3, 2), normal(3, 2), normal(2, 2), normal(2, 2)], { order: 2 });
});

test('carries change places, are kept, count, and take constants', () => {
  const [x, y, z] = [normal(2, 3), normal(2, 3), normal(2, 3)];
  const n = tensor([0, 10], { dtype: 'int32' });
  const step: Step = ([p, q, r, k]) => [
    [q!, p!, r!, k!.add(tensor([1, 2], { dtype: 'int32' }))],
    [p!, r!, k!, z],
  ];
  const [got, wanted] = [
    scan(step, [x, y, z, n], [], { length: 5 }),
    unrolled(step, [x, y, z, n], [], { length: 5 }),
  ];
  const values = valuesOnAll(got.flat());
  wanted.flat().forEach((t, i) => {
    expect(values[i]).toEqual(Float32Array.from(t.dataSync()));
  });
});

test('a loop in a loop, with gradients of both orders', async () => {
  const f = (x: Tensor, h: Tensor, u1: Tensor): Tensor => {
    const outer: Step = ([c], [row]) => {
      const [[inner], [all]] = scan(
        ([d], [e]) => {
          const next = d!.matmul(u1).add(e!).add(c!.mul(0.1)).tanh();
          return [[next], [next.mul(e!)]];
        },
        [c!],
        [row!],
      );
      return [[inner!], [all!.sum(0)]];
    };
    const [[last], [y]] = scan(outer, [h], [x]);
    return last!.sum().add(y!.square().sum());
  };
  await gradcheck(f, [normal(3, 2, 2, 2), normal(2, 2), normal(2, 2)], { order: 2 });
  const [x, h, u1] = [normal(3, 4, 2, 2), normal(2, 2), normal(2, 2)];
  valuesOnAll([f(x, h, u1), ...gradients(f(x, h, u1), [x, h, u1])]);
});

describe.each([false, true])('in a step, checkpoint: %s', (checkpoint) => {
  const [h, x, m] = [normal(3, 4), normal(4, 3, 4), normal(4, 4)];
  const cubed = customGradient((a: Tensor) => ({
    value: a.square(),
    backward: (g: Tensor) => g.mul(a).mul(3),
  }));
  const steps: Record<string, () => Step> = {
    'cumulative sums and sorting': () => {
      return ([c], [e]) => {
        const next = sort(cumsum(c!, 1).mul(0.2).add(e!.matmul(m)), 0).tanh();
        return [[next], [cumsum(sort(e!, 1), 0), argsort(next.add(e!), 1).cast('float32')]];
      };
    },
    customGradient: () => {
      return ([c], [e]) => {
        const next = cubed(c!.matmul(m)).mul(cubed(e!)).tanh();
        return [[next], [cubed(next)]];
      };
    },
    'remat with draws': () => {
      const generator = new Generator(3);
      const block = remat((a: Tensor, b: Tensor) => {
        const kept = where(generator.bernoulli([3, 4], 0.5), a.matmul(m).tanh(), 0);
        return kept.mul(b).add(generator.normal([3, 4]).mul(a));
      });
      return ([c], [e]) => {
        const next = block(c!, e!).tanh();
        return [[next], [next.sigmoid()]];
      };
    },
    'remat of a loop': () => {
      const block = remat((a: Tensor, row: Tensor) => {
        return scan(([d], [e]) => [[cubed(d!.add(e!)).add(a).tanh()]], [a], [row])[0][0]!;
      });
      return ([c], [e]) => {
        const next = block(c!.mean(0), e!);
        return [[stack([next, next.neg(), next])], [next]];
      };
    },
  };
  test.each(Object.keys(steps))('%s: values and gradients of both orders', (name) => {
    const leaves = [h, x, m];
    const all = (loop: (step: Step) => [Tensor[], Tensor[]]): Tensor[] => {
      const values = loop(steps[name]!()).flat();
      return [...values, ...gradients(sumOf(values.map((v) => v.square())), leaves)];
    };
    const second = (values: Tensor[]): Tensor[] =>
      gradients(sumOf(values.slice(-3).map((g) => g.square())), leaves);
    const got = all((step) => scan(step, [h], [x], { checkpoint }));
    const wanted = all((step) => unrolled(step, [h], [x]));
    const run = (tensors: Tensor[]) => {
      const values = runPlan(compilePlan(tensors.map((t) => t.node)));
      return tensors.map((t) => values.get(t.node)!);
    };
    const values = [...valuesOnAll(got), ...run(second(got))];
    run([...wanted, ...second(wanted)]).forEach((value, i) => {
      expectClose(values[i]!, value, 1e-4, `tensor ${i}`);
    });
  });
});

test('remat of a loop: values and gradients have the same bits', () => {
  const [h, x, m] = [normal(2, 4), normal(3, 2, 4), normal(4, 4)];
  const f = (a: Tensor, b: Tensor): Tensor =>
    scan(([c], [e]) => [[c!.add(e!).matmul(m).tanh()]], [a], [b])[0][0]!;
  const all = (run: typeof f): Tensor[] => {
    const y = run(h, x);
    return [y, ...gradients(y.square().sum(), [h, x, m])];
  };
  expect(valuesOnAll(all(remat(f)))).toEqual(valuesOnAll(all(f)));
});

describe('random numbers', () => {
  const noisy = (generator: Generator): Step => {
    return ([c], [e]) => {
      const keep = generator.bernoulli([2, 3], 0.5).cast('float32');
      const noise = generator.normal([2, 3], 0, 0.1);
      return [[c!.mul(keep).add(noise).add(e!)], [keep, noise.add(generator.uniform([2, 3]))]];
    };
  };
  test.each([false, true])('are those of the loop written out, reverse: %s', (reverse) => {
    const [x, h] = [normal(4, 2, 3), normal(2, 3)];
    const [first, second] = [new Generator(3), new Generator(3)];
    const wanted = unrolled(noisy(second), [h], [x], { reverse });
    const got = scan(noisy(first), [h], [x], { reverse });
    expect(valuesOnAll(got.flat())).toEqual(wanted.flat().map((t) => t.dataSync()));
    expect(first.getState()).toEqual(second.getState());
  });

  test('a tensor from outside is the same in each iteration', () => {
    const noise = new Generator(1).normal([3]);
    const [, [y]] = scan(([c]) => [[c!], [noise.add(c!)]], [tensor([0, 0, 0])], [], { length: 3 });
    expect(valuesOnAll([y!])[0]).toEqual(stack([noise, noise, noise]).dataSync());
  });

  test('the counter goes over 32 bits', () => {
    const [first, second] = [new Generator(3), new Generator(3)];
    for (const g of [first, second]) g.setState({ seed: 3, stream: 0, counter: 2 ** 32 - 2 });
    const step =
      (g: Generator): Step =>
      () => [[], [g.uniform([2])]];
    const wanted = unrolled(step(second), [], [], { length: 4 });
    expect(valuesOnAll(scan(step(first), [], [], { length: 4 })[1])).toEqual(
      wanted[1].map((t) => t.dataSync()),
    );
  });

  test('cannot be drawn in a loop inside a step', () => {
    const inner = (): Tensor => scan(() => [[], [rng.uniform([2])]], [], [], { length: 2 })[1][0]!;
    expect(() => scan(() => [[], [inner()]], [], [], { length: 2 })).toThrow(StateError);
  });
});

test('a tensor of the step that is used outside is an error', async () => {
  let leaked: Tensor | undefined;
  const step: Step = ([c]) => {
    leaked = c!.add(1);
    return [[leaked]];
  };
  const [[last]] = scan(step, [tensor([1])], [], { length: 2 });
  await expect(realize(leaked!)).rejects.toThrow('[scan] a tensor from inside the step');
  await expect(realize(last!.add(leaked!))).rejects.toThrow('[scan] a tensor from inside the step');
  expect(await last!.data()).toEqual(Float32Array.of(3));
});

test('a Parameter that a step uses gets its gradient, and a repeated step compiles nothing', async () => {
  const { runtime } = await import('../../src/runtime/runtime.ts');
  const p = new Parameter(normal(6, 6).mul(0.1));
  const [x, h] = [normal(4, 2, 6), normal(2, 6)];
  const lossOf = (): Tensor => {
    const [[last]] = scan(([c], [e]) => [[c!.matmul(p).add(e!).tanh()]], [h], [x]);
    return last!.square().sum();
  };
  const losses: number[] = [];
  let misses = 0;
  for (let i = 0; i < 4; i++) {
    const loss = lossOf();
    const [g] = gradients(loss, [p]);
    await runStep({ results: [loss], assignments: [[p, p.sub(g!.mul(0.1))]] });
    losses.push(await loss.item());
    if (i === 0) misses = runtime.plans.misses;
  }
  expect(losses[3]).toBeLessThan(losses[0]!);
  expect(runtime.plans.misses).toBe(misses);
});

test.each(['js', 'wasm'] as const)(
  '%s: values of a loop that are not finite change no Parameter',
  async (backend) => {
    await setBackend(backend);
    const p = new Parameter(
      tensor([
        [1, 1],
        [0, 2],
        [3, 3],
      ]),
      { name: 'rows' },
    );
    const quotients = scan(([c], [e]) => [[c!.add(e!)], [c!.div(e!)]], [tensor([1, 1])], [p])[1][0]!;
    await expect(runStep({ assignments: [[p, quotients]] })).rejects.toThrow(
      "the new value of 'rows' is NaN or infinite",
    );
    expect(await p.data()).toEqual(Float32Array.of(1, 1, 0, 2, 3, 3));
    const loss = scan(([c]) => [[c!.mul(p)]], [p], [], { length: 99 })[0][0]!.sum();
    await expect(new SGD([p], { learningRate: 0.1 }).minimize(loss)).rejects.toThrow(
      '[minimize] the loss is NaN or infinite',
    );
    expect(await p.data()).toEqual(Float32Array.of(1, 1, 0, 2, 3, 3));
    await setBackend('js');
  },
);

test('a loop whose steps are too small to share is one task', async () => {
  const x = normal(6, 2, 16);
  const m = normal(16, 16).mul(0.2).detach();
  // The inner loop is small, one product of the outer one is not.
  const step: Step = ([c], [row]) => {
    const [[inner]] = scan(([d], [e]) => [[d!.add(e!).tanh()]], [c!.mean(0)], [row!]);
    return [[c!.matmul(m).matmul(m).add(inner!).tanh()], [inner!]];
  };
  const values = scan(step, [normal(120, 16)], [x]).flat();
  const compiled = compilePlan([...values, ...gradients(sumOf(values), [x, m])].map((t) => t.node));
  const wanted = runPlan(compiled);
  const tasks = [1, 2000, 1e9].map(
    (grain) => compileModule(compiled.plan, { shared: true, grain }).schedule.tasks,
  );
  expect(tasks[0]).toBeGreaterThan(tasks[1]!);
  expect(tasks[1]).toBeGreaterThan(tasks[2]!);
  for (const grain of [2000, 1e9]) {
    const backend = new WasmBackend({ grain });
    await backend.forceThreads(3);
    const got = runPlan(compiled, backend);
    for (const [node, value] of wanted) expect(firstDifference(got.get(node)!, value)).toBeNull();
    await backend.forceThreads(null);
  }
});

test('neither the plan nor the module grows with the length', () => {
  const sizes = [8, 512].map((count) => {
    // Sums over fewer than 64 rows have another order of loops, with less code.
    const [x, h] = [normal(count, 8, 4), normal(8, 6)];
    const [[last], [y]] = scan(rnn, [h], [x]);
    const loss = last!.sum().add(y!.square().sum());
    const { plan } = compilePlan([loss, ...gradients(loss, [x, h, w, u, b])].map((t) => t.node));
    const { bytes } = compileModule(plan, { shared: true, grain: 1 });
    return { lines: explainPlan(plan).split('\n').length, bytes: bytes.length };
  });
  const [short, long] = sizes;
  expect(long!.lines).toBe(short!.lines);
  expect(long!.bytes).toBeLessThan(1.02 * short!.bytes);
});

test('arguments', () => {
  const x = normal(3, 2);
  const keep: Step = ([c]) => [[c!]];
  expect(() => scan(keep, [x], [])).toThrow('Pass the option length');
  expect(() => scan(keep, [x], [x, normal(2, 2)])).toThrow('lengths 3, 2');
  expect(() => scan(keep, [x], [tensor(1)])).toThrow('without axes');
  expect(() => scan(() => [[]], [x], [x])).toThrow('returned 0 carries, wanted 1');
  expect(() => scan(() => [[normal(2)]], [x], [x])).toThrow('carry 0 has shape [3, 2] first and [2]');
  expect(() => scan(([c]) => [[c!.cast('int32')]], [x], [x])).toThrow('carry 0 is float32 first and int32');
  expect(() => scan(keep, [x], [x], { lengths: [1, 2, 4] })).toThrow('got the length 4');
  expect(() => scan(keep, [x], [x], { lengths: [1, 2] })).toThrow('Make axis 0 of all of them the batch');
  expect(() => scan(keep, [x], [x], { lengths: x })).toThrow('wanted an int32 tensor [batch]');
  expect(() => scan(keep, [x], [], { length: 0 })).toThrow('from 1 up');
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  concat,
  conv,
  convTranspose,
  Generator,
  gradients,
  pad,
  type Tensor,
  tensor,
} from '../../src/index.ts';
import type { Backend } from '../../src/ir/backend.ts';
import type { Plan } from '../../src/ir/plan.ts';
import { sizeOf } from '../../src/ir/view.ts';
import type { ConvTransposeOptions } from '../../src/tensor/ops/index.ts';
import { computeDouble } from '../../src/testing/double.ts';
import { gradcheck } from '../../src/testing.ts';
import { backendsInTurn, engines } from '../backends/engines.ts';
import { compilePlan, kernelsOf, runPlan } from '../compiler/plans.ts';
import { runs } from '../tooling/effort.ts';
import { firstDifference } from './bits.ts';
import {
  convCall,
  convTransposeCall,
  each,
  explicit,
  indicesOf,
  reachOf,
  sameMargins,
} from './convolutions.ts';
import { SmoothDraw } from './draw.ts';

const row = (...values: number[]): Tensor => tensor(values, { shape: [1, values.length, 1] });
const filter = (...values: number[]): Tensor => tensor(values, { shape: [values.length, 1, 1] });

/** Ones after the elements along each spatial axis, so that there is a multiple of a number. */
function upToMultiples(x: Tensor, numbers: readonly number[]): Tensor {
  const widths = numbers.map((k, i) => [0, Math.ceil(x.shape[1 + i]! / k) * k - x.shape[1 + i]!] as const);
  return pad(x, [[0, 0], ...widths, [0, 0]], 1);
}

const choices = fc.array(fc.nat({ max: 0x7fffffff }), { minLength: 10, maxLength: 60, size: 'max' });

const inDouble = (...tensors: Tensor[]): Float64Array[] =>
  computeDouble(
    tensors.map((t) => t.node),
    new Map(),
  );

function expectClose(got: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number): void {
  expect(got.length).toBe(wanted.length);
  for (let i = 0; i < got.length; i++) {
    const distance = Math.abs(got[i]! - wanted[i]!) / (1 + Math.abs(wanted[i]!));
    if (!(distance <= tolerance)) expect.fail(`at ${i}: got ${got[i]}, wanted ${wanted[i]}`);
  }
}

/** The margins that a call of `conv` has. */
function marginsOf(extents: readonly number[], sizes: readonly number[], options: ConvTransposeOptions) {
  const strides = each(options.stride, sizes.length, 1);
  const dilations = each(options.dilation, sizes.length, 1);
  return options.padding === 'same'
    ? extents.map((extent, i) => sameMargins(extent, sizes[i]!, strides[i]!, dilations[i]!))
    : explicit(options.padding, sizes.length);
}

/** Loops over samples, places, filters, elements of a window and channels. */
function byLoops(
  x: Tensor,
  kernel: Tensor,
  options: ConvTransposeOptions,
): { shape: number[]; data: number[] } {
  const sizes = kernel.shape.slice(0, -2);
  const [inputs, outputs] = kernel.shape.slice(-2) as [number, number];
  const extents = x.shape.slice(1, -1);
  const axes = sizes.length;
  const strides = each(options.stride, axes, 1);
  const dilations = each(options.dilation, axes, 1);
  const margins = marginsOf(extents, sizes, options);
  const filters = outputs / (options.groups ?? 1);
  const places = reachOf(sizes, dilations).map((reach, i) => {
    const [before, after] = margins[i]!;
    return Math.floor((before + extents[i]! + after - reach - 1) / strides[i]!) + 1;
  });
  const [xs, ws] = inDouble(x, kernel) as [Float64Array, Float64Array];
  const at = (shape: readonly number[], index: readonly number[]) =>
    index.reduce((sum, i, axis) => sum * shape[axis]! + i, 0);
  const data: number[] = [];
  for (const [n, ...rest] of indicesOf([x.shape[0]!, ...places, outputs])) {
    const filter = rest[axes]!;
    let sum = 0;
    for (const element of indicesOf(sizes)) {
      const from = element.map((e, i) => rest[i]! * strides[i]! + e * dilations[i]! - margins[i]![0]);
      if (from.some((p, i) => p < 0 || p >= extents[i]!)) continue;
      for (let c = 0; c < inputs; c++) {
        const channel = Math.floor(filter / filters) * inputs + c;
        sum += xs[at(x.shape, [n!, ...from, channel])]! * ws[at(kernel.shape, [...element, c, filter])]!;
      }
    }
    data.push(sum);
  }
  return { shape: [x.shape[0]!, ...places, outputs], data };
}

describe('conv', () => {
  test('is the sum that its definition says', () => {
    const property = fc.property(choices, (list) => {
      const [x, kernel, options = {}] = convCall(new SmoothDraw(list));
      const y = conv(x, kernel, options);
      const wanted = byLoops(x, kernel, options);
      expect(y.shape).toEqual(wanted.shape);
      expectClose(inDouble(y)[0]!, wanted.data, 1e-12);
    });
    fc.assert(property, { numRuns: runs(80) });
  });

  test('and its transpose are adjoint: <conv(x, w), g> = <x, convTranspose(g, w)>', () => {
    const property = fc.property(choices, fc.nat({ max: 1000 }), (list, seed) => {
      const call = convCall(new SmoothDraw(list));
      const [whole, kernel, options = {}] = call;
      const sizes = kernel.shape.slice(0, -2);
      const strides = each(options.stride, sizes.length, 1);
      // The transpose with `same` gives `stride` elements for each place.
      const x = options.padding === 'same' ? upToMultiples(whole, strides) : whole;
      const y = conv(x, kernel, options);
      const g = new Generator(seed).normal(y.shape);
      const margins = marginsOf(x.shape.slice(1, -1), sizes, options);
      const reach = reachOf(sizes, each(options.dilation, sizes.length, 1));
      const outputPadding = reach.map(
        (r, i) => (margins[i]![0] + x.shape[1 + i]! + margins[i]![1] - r - 1) % strides[i]!,
      );
      const same = options.padding === 'same';
      const back = convTranspose(g, kernel, same ? options : { ...options, outputPadding });
      expect(back.shape).toEqual(x.shape);
      const [there, andBack, byGradient] = inDouble(
        y.mul(g).sum(),
        x.mul(back).sum(),
        gradients(y.mul(g).sum(), [x])[0]!,
      );
      expectClose(andBack!, there!, 1e-11);
      expectClose(inDouble(back)[0]!, byGradient!, 1e-12);
    });
    fc.assert(property, { numRuns: runs(80) });
  });

  // The catalogue's tests go to the second derivatives, which end before the rules come round.
  test.each([
    ['x', 0],
    ['the kernel', 1],
  ] as const)('has a gradient by %s whose gradients agree with finite differences', async (_, by) => {
    const property = fc.asyncProperty(choices, async (list) => {
      const d = new SmoothDraw(list);
      const call = convCall(d);
      const [g] = gradients(
        conv(...call)
          .square()
          .sum(),
        [call[by]],
      );
      await gradcheck(() => g!, d.leaves, { order: 2 });
    });
    await fc.assert(property, { numRuns: 8 });
  });

  test('in groups is as many convolutions side by side', () => {
    const rng = new Generator(3);
    const part = (t: Tensor, axis: number, group: number, size: number): Tensor =>
      t.slice(...t.shape.map((_, i) => (i === axis ? ([group * size, (group + 1) * size] as const) : null)));
    for (const [groups, inputs, outputs] of [
      [2, 4, 6],
      [3, 3, 3],
      [3, 3, 6],
      [2, 6, 2],
      [4, 4, 12],
    ] as const) {
      for (const options of [
        {},
        { stride: 2, padding: 'same' },
        { padding: [[2, 0], 3], dilation: 2 },
      ] as const) {
        const x = rng.normal([2, 6, 5, inputs]);
        const kernel = rng.normal([2, 3, inputs / groups, outputs]);
        const y = conv(x, kernel, { ...options, groups });
        const apart = Array.from({ length: groups }, (_, group) =>
          conv(part(x, 3, group, inputs / groups), part(kernel, 3, group, outputs / groups), options),
        );
        const [a, b] = inDouble(y, concat(apart, 3));
        expectClose(a!, b!, 1e-12);
        const back = convTranspose(y, kernel, { ...options, groups });
        const backApart = apart.map((t, group) =>
          convTranspose(t, part(kernel, 3, group, outputs / groups), options),
        );
        const [c, d] = inDouble(back, concat(backApart, 3));
        expectClose(c!, d!, 1e-12);
      }
    }
  });

  test("pads by TensorFlow's rule with 'same': an odd zero goes to the end", () => {
    for (let extent = 1; extent <= 9; extent++) {
      for (const [size, stride, dilation] of [
        [1, 2, 1],
        [2, 1, 1],
        [2, 3, 1],
        [3, 1, 1],
        [3, 2, 1],
        [4, 3, 1],
        [3, 2, 2],
        [5, 2, 1],
      ] as const) {
        const x = new Generator(extent).normal([1, extent, 1]);
        const kernel = new Generator(size).normal([size, 1, 1]);
        const y = conv(x, kernel, { stride, dilation, padding: 'same' });
        expect(y.shape).toEqual([1, Math.ceil(extent / stride), 1]);
        const margins = [sameMargins(extent, size, stride, dilation)];
        const [a, b] = inDouble(y, conv(x, kernel, { stride, dilation, padding: margins }));
        expectClose(a!, b!, 0);
      }
    }
    // tf.nn.conv1d([1, 2, 3, 4], [1, 10, 100], stride 2, SAME): one zero, at the end.
    const y = conv(row(1, 2, 3, 4), filter(1, 10, 100), { stride: 2, padding: 'same' });
    expect([...y.dataSync()]).toEqual([321, 43]);
  });

  test('takes no samples, and gives a kernel the gradient 0 then', () => {
    const rng = new Generator(5);
    for (const [groups, inputs] of [
      [1, 2],
      [2, 1],
      [2, 2],
    ] as const) {
      const x = rng.normal([0, 4, 4, inputs * groups]);
      const kernel = rng.normal([3, 3, inputs, 2 * groups]);
      for (const y of [
        conv(x, kernel, { groups, padding: 1 }),
        convTranspose(rng.normal([0, 4, 4, 2 * groups]), kernel, { groups }),
      ]) {
        expect(y.shape[0]).toBe(0);
        const [dw] = gradients(y.sum(), [kernel]);
        expect(dw!.shape).toEqual(kernel.shape);
        expect([...dw!.dataSync()].every((g) => g === 0)).toBe(true);
      }
    }
  });

  test('does not depend on the lists of its options afterwards', () => {
    const [x, kernel] = [row(1, 2, 3, 4, 5), filter(1, 10)];
    const stride = [2];
    const padding: [number, number][] = [[1, 0]];
    const y = conv(x, kernel, { stride, padding });
    const dx = gradients(y.sum(), [x])[0]!;
    stride[0] = 1;
    padding[0]![0] = 0;
    expect([...y.dataSync()]).toEqual([10, 32, 54]);
    expect([...dx.dataSync()]).toEqual([10, 1, 10, 1, 10]);
  });
});

describe('plans', () => {
  const rng = new Generator(2);
  const leaf = (...shape: number[]): Tensor => tensor(rng.normal(shape).dataSync(), { shape });
  const planOf = (...tensors: Tensor[]): Plan => compilePlan(tensors.map((t) => t.node)).plan;
  const kinds = (plan: Plan): string[] => kernelsOf(plan).map((k) => k.source.kind);
  const largest = ({ buffers }: Plan): number => Math.max(...buffers.map((b) => b.size));

  test.each([1, 2, 3])('a training step with stride %i holds no windows and scatters nothing', (stride) => {
    const [n, h, w, filters] = [4, 12, 9, 16];
    const x = leaf(n, h, w, 3);
    const first = leaf(5, 5, 3, 8);
    const second = leaf(5, 5, 8, filters);
    const hidden = conv(x, first, { padding: 'same' }).add(leaf(8)).relu();
    const y = conv(hidden, second, { stride, padding: 2 });
    const plan = planOf(y.square().mean(), ...gradients(y.square().mean(), [first, second]));
    // The gradient of y with its zeros between and around is as large as the padded input of its convolution.
    const padded = n * (h + 4) * (w + 4) * Math.max(8, filters);
    expect(n * h * w * 25 * 3).toBeGreaterThan(2 * padded);
    expect(largest(plan)).toBeLessThanOrEqual(padded);
    // Two convolutions, the gradients of two kernels and of what lies between; none of x.
    expect(kinds(plan).filter((kind) => kind === 'contract')).toHaveLength(5);
    expect(kinds(plan)).not.toContain('scatter');
  });

  const calls: readonly [string, ConvTransposeOptions, x: number[], kernel: number[]][] = [
    ['same', { padding: 'same' }, [2, 8, 7, 3], [3, 3, 3, 4]],
    ['stride 2', { stride: 2, padding: 1 }, [2, 8, 7, 3], [3, 3, 3, 4]],
    ['no padding', {}, [2, 8, 7, 3], [3, 3, 3, 4]],
    ['dilation 2', { dilation: 2, padding: [1, [3, 0]] }, [2, 8, 7, 3], [3, 3, 3, 4]],
    ['depthwise', { groups: 3, padding: 1 }, [2, 8, 7, 3], [3, 3, 1, 3]],
  ];
  test.each(calls)(
    "the gradient of x, %s, is computed for x's own elements only",
    (_, options, shape, size) => {
      const [x, kernel] = [leaf(...shape), leaf(...size)];
      const y = conv(x, kernel, options);
      const plan = planOf(gradients(y.mul(leaf(...y.shape)).sum(), [x])[0]!);
      const { buffers } = plan;
      const kernels = kernelsOf(plan);
      // The zeros around and between g, then the convolution.
      expect(kernels.length).toBeLessThanOrEqual(3);
      const last = kernels.at(-1)!;
      expect(last.source.kind).toBe(options.groups === undefined ? 'contract' : 'reduce');
      expect(sizeOf(last.shape)).toBe(x.size);
      expect(buffers[last.stores[0]!.buffer]!.location.kind).toBe('result');
    },
  );

  test('bias and activation belong to the convolution', () => {
    const [x, kernel, bias] = [leaf(2, 6, 6, 3), leaf(3, 3, 3, 4), leaf(4)];
    expect(kinds(planOf(conv(x, kernel).add(bias).relu()))).toEqual(['contract']);
    expect(kinds(planOf(conv(x, kernel, { padding: 1 }).add(bias).relu()))).toEqual(['map', 'contract']);
    expect(
      kinds(
        planOf(
          conv(x, leaf(3, 3, 1, 3), { groups: 3 })
            .add(1)
            .relu(),
        ),
      ),
    ).toEqual(['reduce']);
  });

  test('a depthwise convolution with several results a channel pads each channel once', () => {
    const x = leaf(2, 6, 6, 3);
    expect(largest(planOf(conv(x, leaf(3, 3, 1, 15), { groups: 3, padding: 1 }).sum([1, 2])))).toBeLessThan(
      2 * 8 * 8 * 15,
    );
  });
});

describe('js and wasm give the same bits', () => {
  const expectSame = (tensors: readonly Tensor[], backends: readonly Backend[]): void => {
    const nodes = tensors.map((t) => t.node).filter((node) => node.storage === null);
    const compiled = compilePlan(nodes);
    const wanted = runPlan(compiled);
    for (const backend of backends) {
      const got = runPlan(compiled, backend);
      for (const node of nodes) {
        const difference = firstDifference(got.get(node)!, wanted.get(node)!);
        if (difference !== null) expect.fail(`${backend.threads} threads: ${node.op.name} ${difference}`);
      }
    }
  };
  /** The result, its gradients, and the gradients of these. */
  const withGradients = (y: Tensor, leaves: readonly Tensor[]): Tensor[] => {
    const first = gradients(y.square().sum(), leaves);
    const sum = first.map((g) => g.square().sum()).reduce((a, b) => a.add(b));
    return [y, ...first, ...gradients(sum, leaves)];
  };

  test.each([
    ['conv', convCall, conv],
    ['convTranspose', convTransposeCall, convTranspose],
  ] as const)('of %s, its gradients and theirs, over any layout', (_, call, operation) => {
    const property = fc.property(choices, (list) => {
      const d = new SmoothDraw(list);
      const y = operation(...call(d));
      expectSame(withGradients(y, d.leaves), backendsInTurn());
    });
    fc.assert(property, { numRuns: runs(20) });
  });

  const large: readonly [string, x: number[], kernel: number[], ConvTransposeOptions][] = [
    ['in blocks', [2, 15, 13, 24], [3, 3, 24, 40], { padding: 'same' }],
    ['of stride 2', [2, 17, 12, 20], [3, 3, 20, 33], { padding: 1, stride: 2 }],
    ['of dilation 2', [1, 15, 14, 20], [3, 3, 20, 19], { padding: 2, dilation: 2 }],
    ['of more than 4096 places', [16, 17, 17, 3], [3, 3, 3, 5], { padding: 'same' }],
    ['of a window of 4100 elements', [2, 2, 1040, 4], [1, 1025, 4, 6], {}],
    ['one filter', [3, 20, 20, 5], [5, 5, 5, 1], {}],
    ['one place', [1, 9, 9, 30], [9, 9, 30, 12], {}],
    ['in groups', [2, 12, 12, 32], [3, 3, 16, 34], { groups: 2, padding: 1 }],
    ['depthwise', [4, 14, 14, 19], [3, 3, 1, 19], { groups: 19, padding: 1, stride: 2 }],
    ['depthwise, three results each', [2, 14, 14, 9], [3, 3, 1, 27], { groups: 9, padding: 'same' }],
    ['along three axes', [1, 7, 8, 9, 6], [3, 3, 3, 6, 10], { padding: 'same', stride: [1, 2, 1] }],
    ['along one axis', [3, 200, 11], [7, 11, 21], { padding: 'same', stride: 3 }],
  ];
  test.each(large)('of a large convolution: %s', (_, shape, size, options) => {
    const rng = new Generator(1);
    const [x, kernel] = [tensor(rng.normal(shape)), tensor(rng.normal(size))];
    const y = conv(x, kernel, options);
    expectSame([y, ...gradients(y.mul(rng.normal(y.shape)).sum(), [x, kernel])], engines);
  });
});

describe('margins as wide as what a stride leaves over: the size stays, but not the place', () => {
  const ramp = (shape: readonly number[], by: number) =>
    tensor(
      Float32Array.from({ length: sizeOf(shape) }, (_, i) => ((i * by) % 11) - 5),
      { shape },
    );
  const values = async (t: Tensor) => Array.from(await t.data());

  test.each([
    [[1, 3, 1], [3, 1, 1], { stride: 3, padding: 1, outputPadding: 2 }],
    [[1, 3, 1], [2, 1, 1], { stride: 3, padding: [[1, 0]], outputPadding: 1 }],
    [[1, 3, 2, 1], [3, 2, 1, 1], { stride: [3, 1], padding: [1, 0], outputPadding: [2, 0] }],
  ] as const)('the gradient of convTranspose is conv: %j', async (places, sizes, options) => {
    const [x, w] = [ramp(places, 5), ramp(sizes, 7)];
    const y: Tensor = convTranspose(x, w, options);
    const u = ramp(y.shape, 3);
    const [dx] = gradients(y.mul(u).sum(), [x]);
    const { outputPadding: _, ...rest } = options;
    expect(await values(dx!)).toEqual(await values(conv(u, w, rest)));
  });

  test('the gradient of the gradient of conv is conv', async () => {
    const options = { stride: 3, padding: [[1, 0]] } as const;
    const [x, w] = [ramp([1, 5, 1], 7), ramp([2, 1, 1], 7)];
    const y = conv(x, w, options);
    const [g, u] = [ramp(y.shape, 5), ramp(x.shape, 3)];
    const [dx] = gradients(y.mul(g).sum(), [x]);
    const [dg] = gradients(dx!.mul(u).sum(), [g]);
    expect(await values(dg!)).toEqual(await values(conv(u, w, options)));
  });
});

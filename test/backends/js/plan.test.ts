import { describe, expect, it } from 'vitest';
import { compileJs, jsBackend, single } from '../../../src/backends/js/index.ts';
import {
  acc,
  binary,
  check,
  compare,
  constant,
  convert,
  type Expr,
  load,
  philox,
  select,
  unary,
  uniform,
} from '../../../src/ir/expr.ts';
import { Storage } from '../../../src/ir/storage.ts';
import { contiguous, permuteView } from '../../../src/ir/view.ts';
import { access, expectSame, noise, PlanBuilder } from './plans.ts';

const x = load(0, 'f32');
const y = load(1, 'f32');
const f32 = (value: number) => constant(value, 'f32');

/** parameter - rate * gradient, after a kernel that doubles and checks the gradient. */
function step(parameter: Float32Array, gradient: Float32Array) {
  const builder = new PlanBuilder();
  const whole = contiguous([parameter.length]);
  const [p, g] = [builder.bind(parameter), builder.bind(gradient)];
  const doubled = builder.arena('float32', parameter.length);
  const finite = compare('lt', unary('abs', x), f32(Infinity));
  builder.kernel({
    shape: whole.shape,
    inputs: [access(g, whole)],
    stores: [{ buffer: doubled, expr: binary('mul', check(x, finite, 2), f32(2)) }],
  });
  const update = binary('sub', x, binary('mul', uniform(0, 'f32'), y));
  builder.kernel({
    shape: whole.shape,
    inputs: [access(p, whole), access(doubled, whole)],
    stores: [
      { buffer: builder.result('float32', parameter.length), expr: x },
      { buffer: builder.replace(p), expr: update },
    ],
  });
  return builder;
}

describe('a plan', () => {
  it('writes new values of a bound buffer beside the old ones, anew at each run', () => {
    const [parameter, gradient] = [noise(1300), noise(1300, 2)];
    const builder = step(parameter, gradient);
    const { run } = compileJs(builder.plan(), single);
    const before = parameter.slice();
    for (const rate of [0.1, 0.25]) {
      expect(run([rate], builder.bound, builder.results, builder.replacements)).toBeNull();
      const f = Math.fround;
      expectSame(builder.results[0]!, before);
      expectSame(parameter, before);
      expectSame(
        builder.replacements[0]!,
        before.map((p, i) => f(p - f(f(rate) * f(gradient[i]! * 2)))),
      );
    }
  });

  it('reports a failed check, and recovers', () => {
    const [parameter, gradient] = [noise(1300), noise(1300, 2)];
    gradient[900] = Infinity;
    gradient[1200] = NaN;
    const builder = step(parameter, gradient);
    const { run } = compileJs(builder.plan(), single);
    const again = () => run([0.1], builder.bound, builder.results, builder.replacements);
    expect(again()).toEqual({ check: 2, value: Infinity });
    gradient[900] = 1;
    expect(again()).toEqual({ check: 2, value: NaN });
    gradient[1200] = 1;
    expect(again()).toBeNull();
  });

  it.each([1, 2, 3, 4, 5, 67, 1300])(
    'with %i new values reports one that is not finite, if it has a check for that',
    (length) => {
      for (const [at, bad] of [
        [0, NaN],
        [length - 1, Infinity],
        [length >> 1, -Infinity],
      ] as const) {
        const [parameter, gradient] = [noise(length), noise(length, 2)];
        parameter[at] = bad;
        const builder = step(parameter, gradient);
        expect(builder.run([0.1])).toBeNull();
        builder.finiteCheck = 3;
        expect(builder.run([0.1])).toEqual({ check: 3, value: 0 });
        parameter[at] = 3e38;
        expect(builder.run([0.1])).toBeNull();
      }
    },
  );

  it('keeps buffers apart that share an arena, and reads nothing left there', () => {
    const builder = new PlanBuilder();
    const data = noise(1000);
    const rows = contiguous([10, 100]);
    const input = builder.bind(data);
    const sums = builder.arena('float32', 10);
    const flags = builder.arena('bool', 1000);
    const bytes = builder.arena('uint8', 1000);
    const ints = builder.arena('int32', 1000);
    const source = {
      kind: 'reduce',
      reducer: 'sum',
      over: [100],
      inputs: [access(input, rows)],
      expr: x,
    } as const;
    builder.kernel({ shape: [10], source, stores: [{ buffer: sums, expr: acc('f32') }] });
    builder.kernel({
      shape: [10, 100],
      inputs: [access(input, rows), access(sums, { ...rows, stride: [1, 0] })],
      stores: [
        { buffer: flags, expr: compare('lt', x, y) },
        { buffer: bytes, expr: convert(x, 'i32') },
        { buffer: ints, expr: convert(x, 'i32') },
      ],
    });
    const [flag, byte, int] = [load(0, 'bool'), load(1, 'i32'), load(2, 'i32')];
    builder.kernel({
      shape: [1000],
      inputs: [flags, bytes, ints].map((buffer) => access(buffer, contiguous([1000]))),
      stores: [{ buffer: builder.result('int32', 1000), expr: select(flag, byte, int) }],
    });
    const { run } = compileJs(builder.plan(), single);
    const runs = [1, 2].map(() => {
      expect(run([], builder.bound, builder.results)).toBeNull();
      return Array.from(builder.results[0]!);
    });
    expect(runs[0]).toEqual(runs[1]);
    const sum = (i: number) => data.slice(i * 100, i * 100 + 100).reduce((a, b) => a + b);
    runs[0]!.forEach((got, k) => {
      const int = Math.trunc(data[k]!);
      expect(got + 0).toBe((data[k]! < sum(Math.floor(k / 100)) ? int & 255 : int) + 0);
    });
  });

  it('two executables of one plan do not share an arena', () => {
    const builder = step(noise(10), noise(10, 2));
    const first = compileJs(builder.plan(), single);
    const second = compileJs(builder.plan(), single);
    first.run([0], builder.bound, builder.results, builder.replacements);
    second.run([0], [noise(10, 3), noise(10, 4)], builder.results, builder.replacements);
    expectSame(builder.results[0]!, noise(10, 3));
  });

  it('runs as a backend on storages', () => {
    const builder = step(noise(10), noise(10, 2));
    const bound = [noise(10), noise(10, 2)].map((array) => new Storage('float32', array));
    const results = [Storage.forResult('float32', 10)];
    const executable = jsBackend.compile(builder.plan());
    expect(executable.run({ values: [0.5], bound, results })).toBeNull();
    expectSame(results[0]!.array, noise(10));
    expect(jsBackend.read(bound[0]!)).toBe(bound[0]!.array);
    expect(bound[0]!.array[0]).toBe(Math.fround(noise(10)[0]! - noise(10, 2)[0]!));
  });

  it('runs again after an error', () => {
    const builder = step(noise(10), noise(10, 2));
    const { run } = compileJs(builder.plan(), single);
    expect(() => run([0.5], [], [])).toThrow();
    expect(run([0.5], builder.bound, builder.results, builder.replacements)).toBeNull();
  });
});

describe('double precision', () => {
  it('does not round floats', () => {
    const a = Float64Array.of(0.1, 1e300, -3);
    const builder = new PlanBuilder();
    const whole = contiguous([3]);
    const e = binary('div', binary('mul', x, uniform(0, 'f32')), f32(0.3));
    const inner = builder.arena('float32', 3);
    builder.kernel({
      shape: [3],
      inputs: [access(builder.bind(a), whole)],
      stores: [{ buffer: inner, expr: e }],
    });
    const result = builder.result('float32', 3, new Float64Array(3));
    builder.kernel({
      shape: [3],
      inputs: [access(inner, whole)],
      stores: [{ buffer: result, expr: unary('exp', x) }],
    });
    expect(builder.run([0.7], 'double')).toBeNull();
    expectSame(
      builder.results[0]!,
      a.map((v) => Math.exp((v * 0.7) / 0.3)),
    );
  });

  it.each(['exp', 'expm1', 'log', 'log1p', 'sin', 'cos', 'tanh', 'erf', 'sigmoid', 'softplus'] as const)(
    '%s to the last bits',
    (op) => {
      const builder = new PlanBuilder();
      const values = [0.3, 1.7, 0.01];
      const inputs = [access(builder.bind(Float64Array.from(values)), contiguous([3]))];
      const buffer = builder.result('float32', 3, new Float64Array(3));
      builder.kernel({ shape: [3], inputs, stores: [{ buffer, expr: unary(op, x) }] });
      builder.run([], 'double');
      // From Python's math module.
      const known = {
        exp: [1.3498588075760032, 5.4739473917272, 1.010050167084168],
        expm1: [0.3498588075760031, 4.473947391727199, 0.010050167084168058],
        log: [-1.2039728043259361, 0.5306282510621704, -4.605170185988091],
        log1p: [0.26236426446749106, 0.9932517730102834, 0.009950330853168083],
        sin: [0.29552020666133955, 0.9916648104524686, 0.009999833334166664],
        cos: [0.955336489125606, -0.12884449429552464, 0.9999500004166653],
        tanh: [0.2913126124515909, 0.935409070603099, 0.00999966667999946],
        erf: [0.3286267594591274, 0.9837904585907745, 0.011283415555849616],
        sigmoid: [0.574442516811659, 0.8455347349164652, 0.5024999791668749],
        softplus: [0.8543552444685272, 1.8677860293862658, 0.6981596805078624],
      };
      values.forEach((_, i) => {
        expect(Math.abs(builder.results[0]![i]! - known[op][i]!)).toBeLessThan(
          4e-16 * Math.max(1, Math.abs(known[op][i]!)),
        );
      });
    },
  );

  it('pow follows C where Math.pow does not', () => {
    const builder = new PlanBuilder();
    const whole = contiguous([5]);
    const a = Float64Array.of(1, -1, -1, 2, -2);
    const b = Float64Array.of(NaN, Infinity, -Infinity, 0.5, 3);
    const inputs = [access(builder.bind(a), whole), access(builder.bind(b), whole)];
    const buffer = builder.result('float32', 5, new Float64Array(5));
    builder.kernel({ shape: [5], inputs, stores: [{ buffer, expr: binary('pow', x, y) }] });
    builder.run([], 'double');
    expectSame(builder.results[0]!, [1, 1, 1, Math.SQRT2, -8]);
  });

  it('sums and multiplies matrices in doubles', () => {
    const [m, k, n] = [5, 300, 3];
    const [a, b] = [Float64Array.from(noise(m * k)), Float64Array.from(noise(k * n, 2))];
    const builder = new PlanBuilder();
    const product = builder.arena('float32', m * n);
    const axes = { batch: 0, m: 1, k: 1, n: 1 };
    builder.kernel({
      shape: [m, n],
      source: {
        kind: 'contract',
        type: 'f32',
        a: { buffer: builder.bind(a), view: contiguous([m, k]) },
        b: { buffer: builder.bind(b), view: contiguous([k, n]) },
        axes,
      },
      stores: [{ buffer: product, expr: acc('f32') }],
    });
    const inputs = [access(product, permuteView(contiguous([m, n]), [1, 0]))];
    builder.kernel({
      shape: [n],
      source: { kind: 'reduce', reducer: 'sum', over: [m], inputs, expr: x },
      stores: [{ buffer: builder.result('float32', n, new Float64Array(n)), expr: acc('f32') }],
    });
    builder.run([], 'double');
    for (let j = 0; j < n; j++) {
      let wanted = 0;
      for (let p = 0; p < k; p++) for (let i = 0; i < m; i++) wanted += a[i * k + p]! * b[p * n + j]!;
      expect(Math.abs(builder.results[0]![j]! - wanted)).toBeLessThan(1e-9 * Math.abs(wanted));
    }
  });

  it('leaves integers, bools and random bits alone', () => {
    const index = load(0, 'i32');
    const u = (value: number) => constant(value, 'u32');
    const bits = philox(convert(index, 'u32'), [u(1), u(2), u(3)], [u(4), u(5)]);
    const e: Expr = select(
      compare('lt', bits, u(0x80000000)),
      binary('mul', index, index),
      convert(bits, 'i32'),
    );
    const run = (precision: 'single' | 'double') => {
      const builder = new PlanBuilder();
      const inputs = [
        access(builder.bind(Int32Array.from({ length: 700 }, (_, i) => i * 99991)), contiguous([700])),
      ];
      builder.kernel({ shape: [700], inputs, stores: [{ buffer: builder.result('int32', 700), expr: e }] });
      expect(builder.run([], precision)).toBeNull();
      return builder.results[0]!;
    };
    expectSame(run('double'), run('single'));
  });
});

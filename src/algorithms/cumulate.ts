import { compileCumulate } from '../backends/wasm/algorithms/cumulate.ts';
import { acc, binary, compare, constant, type Expr, load, rewrite, select } from '../ir/expr.ts';
import type { Access, Algorithm, AlgorithmSource, Elements, Kernel } from '../ir/kernel.ts';
import { contiguous, sameShape, sizeOf } from '../ir/view.ts';
import { type Combiner, combinerOf, identityOf } from './combine.ts';
import { along, indexOf } from './rewriting.ts';

/** The chunks in the order of accumulation. */
const CHUNK = 4096;
/** How many elements one thread combines in the rewritten form. */
const PART = 64;

/**
 * Cumulative sums, products or extrema along an axis: element i of the result combines the elements up to i, without element
 * i itself if `exclusive`, from the identity of `Reduce`.
 *
 * Order of accumulation (CPU backends, bit for bit): the axis is divided into chunks of 4096, and each chunk into groups of
 * four, whose elements are x0 to x3. With c, the result of the previous group of the chunk (the identity for the first one),
 * the group's results are c op x0, c op (x1 op x0), c op ((x2 op x1) op x0) and c op ((x3 op x2) op (x1 op x0)). Where the
 * axis has several chunks, the results of each are combined with b: b op y. b is the identity for the first chunk, then b op
 * the last result of the chunk. The exclusive results are the same, one element later.
 */
export function cumulate(reducer: Combiner, axis: number, exclusive: boolean): Algorithm {
  return {
    name: `cumulative ${reducer} along axis ${axis}`,
    fits: (shape, [x]) => sameShape(shape, x!),
    run: ({ shape }, [x], out) => {
      const n = shape[axis]!;
      const step = sizeOf(shape.slice(axis + 1));
      if (out.length === 0) return;
      const { combine, identity } = combinerOf(reducer, out);
      for (let outer = 0; outer < out.length; outer += n * step) {
        for (let first = outer; first < outer + step; first++)
          scan(x!, out, first, step, n, combine, identity, exclusive);
      }
    },
    compile: compileCumulate(reducer, axis, exclusive),
    rewrite: (kernel, source, addBuffer) =>
      rewriteCumulate(kernel, source, reducer, axis, exclusive, addBuffer),
  };
}

/** One line of elements, from `first` on and `step` apart. */
function scan(
  x: Elements,
  out: Elements,
  first: number,
  step: number,
  n: number,
  combine: (a: number, b: number) => number,
  identity: number,
  exclusive: boolean,
): void {
  let base = identity;
  let carry = identity;
  let previous = identity;
  const four = [0, 0, 0, 0];
  for (let i = 0; i < n; i += 4) {
    if (i % CHUNK === 0) {
      base = combine(base, carry);
      carry = identity;
    }
    const at = first + i * step;
    const [x0, x1, x2, x3] = four.map((_, r) => (i + r < n ? x[at + r * step]! : identity)) as [
      number,
      number,
      number,
      number,
    ];
    const pair = combine(x1, x0);
    four[0] = combine(carry, x0);
    four[1] = combine(carry, pair);
    four[2] = combine(carry, combine(combine(x2, x1), x0));
    four[3] = combine(carry, combine(combine(x3, x2), pair));
    carry = four[3];
    for (let r = 0; r < 4 && i + r < n; r++) {
      const y = combine(base, four[r]!);
      out[at + r * step] = exclusive ? previous : y;
      previous = y;
    }
  }
}

const operations = { sum: 'add', prod: 'mul', max: 'max', min: 'min' } as const;

/** Each element combines those of its part up to itself, and the cumulated results of the parts before. */
function rewriteCumulate(
  kernel: Kernel,
  { type, operands: [operand] }: AlgorithmSource,
  reducer: Combiner,
  axis: number,
  exclusive: boolean,
  addBuffer: (type: 'f32' | 'i32', size: number) => number,
): Kernel[] {
  const { shape, name } = kernel;
  const n = shape[axis]!;
  const identity = constant(identityOf(reducer, type === 'f32'), type);
  const part = constant(PART, 'i32');
  /** Reduces the elements of a part for which `holds`; `partOf` is the part's number at a point. */
  const reduction = (
    points: readonly number[],
    counter: Access,
    partOf: (index: Expr) => Expr,
    holds: (element: Expr, index: Expr) => Expr,
  ) => {
    const nest = [...points, PART];
    const inputs = [counter, indexOf(nest, points.length), along(operand!, axis, nest, 0)];
    const [index, within] = [load(0, 'i32'), load(1, 'i32')];
    const element = binary('add', binary('mul', partOf(index), part), within);
    const expr = select(holds(element, index), load(2, type, [element]), identity);
    return { kind: 'reduce', reducer, over: [PART], inputs, expr } as const;
  };
  const own = reduction(
    shape,
    indexOf([...shape, PART], axis),
    (index) => binary('div', index, part),
    (element, index) => compare(exclusive ? 'lt' : 'le', element, index),
  );
  if (n <= PART) return [{ ...kernel, source: own }];

  const parts = shape.with(axis, Math.ceil(n / PART));
  const [totals, before] = [addBuffer(type, sizeOf(parts)), addBuffer(type, sizeOf(parts))];
  const ofPart = reduction(
    parts,
    indexOf([...parts, PART], axis),
    (index) => index,
    (element) => compare('lt', element, constant(n, 'i32')),
  );
  const whole = { buffer: totals, view: contiguous(parts) };
  const algorithm = cumulate(reducer, axis, true);
  const make = (source: Kernel['source'], buffer: number): Kernel => ({
    kind: 'kernel',
    name,
    shape: parts,
    source,
    inputs: [],
    stores: [{ buffer, expr: acc(type) }],
  });
  const first = kernel.inputs.length;
  const start = load(first + 1, type, [binary('div', load(first, 'i32'), part)]);
  const exprs = rewrite(
    kernel.stores.map((store) => store.expr),
    (e) => (e.op === 'acc' ? binary(operations[reducer], start, e) : e),
  );
  return [
    make(ofPart, totals),
    make({ kind: 'algorithm', type, algorithm, operands: [whole] }, before),
    {
      ...kernel,
      source: own,
      inputs: [
        ...kernel.inputs,
        indexOf(shape, axis),
        along({ buffer: before, view: contiguous(parts) }, axis, shape, 0),
      ],
      stores: kernel.stores.map((store, i) => ({ ...store, expr: exprs[i]! })),
    },
  ];
}

import { compileRecurrence } from '../backends/wasm/algorithms/recurrence.ts';
import { binary, compare, constant, type Expr, load, select } from '../ir/expr.ts';
import type { Algorithm, BufferView, Kernel } from '../ir/kernel.ts';
import { contiguous, sameShape, sizeOf } from '../ir/view.ts';
import { along, indexOf, mapTo, withoutSource } from './rewriting.ts';

/**
 * The linear recurrence y[i] = a[i] y[i - 1] + b[i] along an axis, from y[-1] = 0. The CPU backends compute it in this order,
 * rounding the product and the sum. Others double the distance over which a and b reach, log2(n) times.
 */
export function recurrence(axis: number): Algorithm {
  return {
    name: `linear recurrence along axis ${axis}`,
    fits: (shape, operands) => operands.every((x) => sameShape(shape, x)),
    run: ({ shape }, [a, b], out) => {
      const n = shape[axis]!;
      const step = sizeOf(shape.slice(axis + 1));
      const round = out.BYTES_PER_ELEMENT === 4 ? Math.fround : (x: number) => x;
      for (let i = 0; i < out.length; i++) {
        const isFirst = Math.floor(i / step) % n === 0;
        out[i] = round(a![i]! * (isFirst ? 0 : out[i - step]!)) + b![i]!;
      }
    },
    compile: compileRecurrence(axis),
    rewrite: (kernel, { operands }, addBuffer) => {
      const { shape } = kernel;
      let [a, b] = [operands[0]!, operands[1]!];
      const kernels: Kernel[] = [];
      for (let distance = 1; distance < shape[axis]!; distance *= 2) {
        const inputs = [
          indexOf(shape, axis),
          ...[a, b].map(({ buffer, view }) => ({ buffer, view, gather: [], fill: null })),
          along(a, axis, shape, 1),
          along(b, axis, shape, 0),
        ];
        const before = binary('sub', load(0, 'i32'), constant(distance, 'i32'));
        const exists = compare('le', constant(0, 'i32'), before);
        const [ai, bi] = [load(1, 'f32'), load(2, 'f32')];
        const product = binary('mul', ai, load(3, 'f32', [before]));
        const sum = binary('add', bi, binary('mul', ai, load(4, 'f32', [before])));
        const next = (expr: Expr): BufferView => {
          const buffer = addBuffer('f32', sizeOf(shape));
          kernels.push(mapTo(kernel, shape, inputs, expr, buffer));
          return { buffer, view: contiguous(shape) };
        };
        [a, b] = [next(select(exists, product, ai)), next(select(exists, sum, bi))];
      }
      const result = { buffer: b.buffer, view: b.view, gather: [], fill: null };
      return [...kernels, withoutSource(kernel, [result], (first) => load(first, 'f32'))];
    },
  };
}

import { compileScatterElements } from '../backends/wasm/algorithms/scatter-elements.ts';
import { compare, constant, load, select } from '../ir/expr.ts';
import type { Access, Algorithm } from '../ir/kernel.ts';
import { sameShape } from '../ir/view.ts';
import { combinerOf, identityOf } from './combine.ts';
import { indexOf } from './rewriting.ts';

/**
 * Combines `updates` [..., count] at `indices` [..., count] (int32) of the last axis of the kernel's shape [..., size], row by
 * row, from the identity of `Reduce`. An index below 0 or from `size` on is skipped. Each destination takes its updates one
 * by one in ascending order.
 */
export function scatterElements(reducer: 'sum' | 'max' | 'min'): Algorithm {
  return {
    name: `scatter ${reducer}`,
    fits: (shape, [indices, updates]) =>
      sameShape(indices!, updates!) && sameShape(shape.slice(0, -1), indices!.slice(0, -1)),
    run: ({ shape }, [indices, updates], out) => {
      const size = shape.at(-1)!;
      const { combine, identity } = combinerOf(reducer, out);
      out.fill(identity);
      const rows = size === 0 ? 0 : out.length / size;
      const count = rows === 0 ? 0 : indices!.length / rows;
      for (let c = 0; c < rows * count; c++) {
        const index = indices![c]!;
        if (index < 0 || index >= size) continue;
        const to = Math.floor(c / count) * size + index;
        out[to] = combine(out[to]!, updates![c]!);
      }
    },
    compile: compileScatterElements(reducer),
    rewrite: (kernel, { type, operands }) => {
      const axis = kernel.shape.length - 1;
      const count = operands[0]!.view.shape[axis]!;
      const nest = [...kernel.shape, count];
      const reads = operands.map(({ buffer, view }): Access => {
        const stride = [...view.stride.slice(0, axis), 0, view.stride[axis]!];
        return { buffer, view: { shape: nest, stride, offset: view.offset }, gather: [], fill: null };
      });
      const isOwn = compare('eq', load(0, 'i32'), load(1, 'i32'));
      const expr = select(isOwn, load(2, type), constant(identityOf(reducer, type === 'f32'), type));
      const inputs = [indexOf(nest, axis), ...reads];
      return [{ ...kernel, source: { kind: 'reduce', reducer, over: [count], inputs, expr } }];
    },
  };
}

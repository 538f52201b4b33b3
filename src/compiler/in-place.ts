import { dtypes } from '../ir/dtype.ts';
import { load } from '../ir/expr.ts';
import type { Kernel } from '../ir/kernel.ts';
import type { LoopCompiler, LoopFuser, LoopPrimitive, Primitive } from '../ir/primitive.ts';
import { contiguous } from '../ir/view.ts';
import { loopCompiler } from './loop.ts';

/**
 * The compiler of values that differ from their first input, a leaf, in a part of each of `count` slices: the elements of the
 * second input, `run` of them in each slice of `pitch` elements, from element `scale` times the value in `start` on. A loop
 * over the slices writes them into the memory of the leaf, if nothing else reads that. `map` computes the value otherwise: on
 * backends whose programs write whole buffers, and without fusion.
 */
export function inPlace(
  { run, pitch, start, scale }: { run: number; pitch: number; start: number; scale: number },
  map: Primitive,
): LoopCompiler {
  return {
    ...loopCompiler,
    compile(f, node) {
      const [target, part] = f.inputs[node] as [number, number];
      if (!canOverwrite(f, target)) {
        f.primitives[node] = map;
        f.visit(node);
        return;
      }
      f.materialize(part);
      const { count, slot } = f.primitives[node] as LoopPrimitive;
      const { op, dtype, shape } = f.nodes[node]!;
      const { scalar } = dtypes[dtype];
      const element = { ...contiguous([run]), offset: { base: 0, terms: [{ slot, scale: run }] } };
      const terms = [
        { slot, scale: pitch },
        { slot: start, scale },
      ];
      const kernel: Kernel = {
        kind: 'kernel',
        name: op.name,
        shape: [run],
        source: { kind: 'map' },
        inputs: [{ buffer: part, view: element, gather: [], fill: null }],
        stores: [{ buffer: target, offset: { base: 0, terms }, expr: load(0, scalar) }],
      };
      f.steps.push({ kind: 'loop', name: op.name, count, slot, steps: [kernel] });
      f.lazyValues[node] = {
        shape,
        inputs: [{ buffer: target, view: contiguous(shape), gather: [], fill: null }],
        expr: load(0, scalar),
        names: [],
        nodes: 1,
      };
    },
  };
}

/** Is a value a leaf that only one node reads, on a backend whose kernels write parts of buffers? */
function canOverwrite({ primitives, inputs, isRoot, limits }: LoopFuser, value: number): boolean {
  return (
    limits !== null &&
    limits.arena !== false &&
    primitives[value]!.kind === 'leaf' &&
    !isRoot[value] &&
    inputs.flat().filter((input) => input === value).length === 1
  );
}

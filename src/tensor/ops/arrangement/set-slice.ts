import { binary, compare, constant, select } from '../../../ir/expr.ts';
import type { Node } from '../../../ir/node.ts';
import { sizeOf } from '../../../ir/view.ts';
import { inPlaceCompiler } from '../../../runtime/loops.ts';
import { apply } from '../../apply.ts';
import { zeros } from '../../creation.ts';
import { type Operation, operation } from '../../operation.ts';
import type { Parameter } from '../../parameter.ts';
import type { Tensor } from '../../tensor.ts';
import { detach } from '../elementwise/cast.ts';
import { gatherAxis } from './gather-axis.ts';
import { strided } from './views.ts';

interface SetSliceParams {
  readonly axis: number;
  readonly inPlace: boolean;
  readonly [key: string]: number | boolean;
}

const setSliceOperation: Operation<SetSliceParams> = operation<SetSliceParams>({
  name: 'setSlice',
  shape: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  // dx = g outside of the part, dpart = g in it
  vjp: (g, y, [, part], { axis }) => {
    const { shape } = part!;
    const start = startOf(y.node);
    return [
      () => setSlice(g, zeros(shape), axis, start),
      () => {
        const starts = shape.map((_, i) => (i === axis ? start : 0));
        return strided(
          g,
          starts,
          shape,
          shape.map(() => 1),
        );
      },
    ];
  },
  lower: (node, b, { axis, inPlace }) => {
    const { shape } = node;
    const steps = node.inputs[1]!.shape[axis]!;
    const at = binary('sub', b.index(axis), b.value(START, 'i32'));
    const inPart = binary(
      'and',
      compare('le', constant(0, 'i32'), at),
      compare('lt', at, constant(steps, 'i32')),
    );
    const map = b.map(select(inPart, gatherAxis(b, 1, axis, at, shape, 0), b.input(0)));
    if (!inPlace) return map;
    const scale = sizeOf(shape.slice(axis + 1));
    const layout = { run: steps * scale, pitch: shape[axis]! * scale, start: b.slot(START), scale };
    return {
      kind: 'loop',
      count: sizeOf(shape.slice(0, axis)),
      reverse: false,
      carries: 0,
      sequences: 0,
      captured: 2,
      slot: b.slot(0),
      compiler: inPlaceCompiler(layout, map),
    };
  },
});

/** The node's values: the loop's iteration and its parity, then the start. */
const START = 2;
const startOf = (node: Node): number => node.values[START]!;

/** @internal x with `part` in the place of its elements `start` to `start + T - 1` along an axis, where T is the size of `part` there. */
export const setSlice = (x: Tensor, part: Tensor, axis: number, start: number): Tensor =>
  apply(setSliceOperation, [x, part], { axis, inPlace: false }, [0, 0, start]);

/**
 * @internal `setSlice` of a Parameter as a value that is assigned to it in the run that computes it. If nothing else in the
 * run reads the Parameter, the CPU backends write the part into its memory and copy nothing. They do so also if the run fails
 * later, so nobody may need the elements that were there.
 *
 * @returns the assignment, and its value for everything else that is computed.
 */
export function overwriteSlice(
  x: Parameter,
  part: Tensor,
  axis: number,
  start: number,
): { readonly assignment: readonly [Parameter, Tensor]; readonly value: Tensor } {
  const value = apply(setSliceOperation, [x, part], { axis, inPlace: true }, [0, 0, start]);
  // What is written in place has no other place, as a result has.
  return { assignment: [x, value], value: detach(value) };
}

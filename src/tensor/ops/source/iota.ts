import { apply } from '../../apply.ts';
import { noGradient, operation } from '../../operation.ts';
import type { Tensor } from '../../tensor.ts';

const iotaOperation = operation<{ n: number }>({
  name: 'iota',
  shape: (_inputs, { n }) => ({ shape: [n], dtype: 'int32' }),
  vjp: noGradient,
  lower: (_node, b) => b.map(b.index(0)),
});

/** 0, 1, ... n - 1 as int32. It reads no memory: in a kernel it is the loop's own counter. */
export function iota(n: number): Tensor<[number], 'int32'> {
  return apply<[number], { n: number }>(iotaOperation, [], { n });
}

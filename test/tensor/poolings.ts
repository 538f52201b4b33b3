import type { AveragePoolOptions, PoolOptions } from '../../src/tensor/ops/index.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { each, explicit, reachOf } from './convolutions.ts';
import { type Domain, distinct, ordinary } from './domains.ts';
import type { Draw } from './draw.ts';

/** A random call of a pooling, small enough for finite differences. */
function poolCall<O extends PoolOptions>(
  d: Draw,
  domain: Domain,
  more: O,
): readonly [x: Tensor, size: number | readonly number[], options?: O & PoolOptions] {
  const axes = d.pick([2, 1, 3]);
  const one = d.integer(1, axes === 1 ? 6 : axes === 2 ? 5 : 2);
  const size = d.oneIn(2) ? one : Array.from({ length: axes }, () => d.integer(1, axes === 3 ? 2 : 3));
  const sizes = each(size, axes, 1);
  const stride = d.pick([undefined, d.integer(1, 3), Array.from({ length: axes }, () => d.integer(1, 4))]);
  const dilation = d.pick([undefined, undefined, d.integer(1, 2)]);
  const reach = reachOf(sizes, each(dilation, axes, 1));
  // Less padding than a window's elements lie apart: each window holds some of x.
  const width = () => d.integer(0, Math.min(...sizes) - 1);
  const padding = d.pick([
    undefined,
    'valid',
    'same',
    width(),
    sizes.map(() => (d.oneIn(2) ? width() : ([width(), width()] as const))),
  ] as const);
  const margins = explicit(padding, axes);
  const extents = reach.map((r, i) => {
    const [before, after] = margins[i]!;
    const least = Math.max(r + 1 - before - after, each(dilation, axes, 1)[i]! * (sizes[i]! - 1), 1);
    return (padding === 'same' ? Math.max(1, r) : least) + d.integer(0, axes === 3 ? 1 : 3);
  });
  const x = d.number([d.pick([1, 2]), ...extents, d.pick([1, 2, 3])], domain);
  const options = {
    ...more,
    ...(stride === undefined ? {} : { stride }),
    ...(dilation === undefined ? {} : { dilation }),
    ...(padding === undefined ? {} : { padding }),
  };
  return Object.keys(options).length === 0 ? [x, size] : [x, size, options];
}

export const maxPoolCall = (d: Draw) => poolCall<PoolOptions>(d, distinct, {});

export const avgPoolCall = (d: Draw) =>
  poolCall<AveragePoolOptions>(d, ordinary, d.pick([{}, { countPadding: true }, { countPadding: false }]));

import { checkArray, readOptions } from '../../../ir/arguments.ts';
import type { DType } from '../../../ir/dtype.ts';
import { ShapeError, ValueError } from '../../../ir/errors.ts';
import { checkCall, unchanged } from '../../apply.ts';
import { tensor } from '../../creation.ts';
import { checkSize, type Shape, show } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { take } from '../arrangement/indexing.ts';
import { reshape, transpose } from '../arrangement/views.ts';
import { floating } from '../elementwise/elementwise.ts';
import { matmul } from '../matmul.ts';

export interface ResizeOptions {
  /** 'bilinear' (default): linear along each axis; 'nearest': the nearest element. */
  readonly method?: 'bilinear' | 'nearest';
  /**
   * Where element i of an axis of n elements lies in the source, which has m:
   * 'halfPixel' (default): (i + 1/2) m / n - 1/2, as `tf.image.resize`, and PyTorch with `align_corners=False` ('nearest' as its
   * 'nearest-exact'); 'corners': i (m - 1) / (n - 1), as PyTorch with `align_corners=True`; 'asymmetric': i m / n, rounded down
   * for 'nearest', as PyTorch's 'nearest'.
   */
  readonly alignment?: 'halfPixel' | 'corners' | 'asymmetric';
  /**
   * Whether a smaller image averages over all of its source, as PyTorch and TensorFlow with `antialias=True`; false by default.
   * For 'bilinear' and 'halfPixel'.
   */
  readonly antialias?: boolean;
}

const methods: readonly unknown[] = ['bilinear', 'nearest'];
const alignments: readonly unknown[] = ['halfPixel', 'corners', 'asymmetric'];

/**
 * Images of another size, as PyTorch's `interpolate` and `tf.image.resize`. The 'nearest' method keeps the data type, 'bilinear'
 * gives float32.
 *
 * @param x [N, ...spatial, C].
 * @param size of the result, for all spatial axes or each.
 * @returns [N, ...size, C].
 */
export function resize<D extends DType>(
  x: Tensor<Shape, D>,
  size: number | Shape,
  options: ResizeOptions & { readonly method: 'nearest' },
): Tensor<Shape, D>;
export function resize(x: Tensor, size: number | Shape, options?: ResizeOptions): Tensor<Shape, 'float32'>;
export function resize(x: Tensor, size: number | Shape, options?: ResizeOptions): Tensor {
  checkCall('resize', arguments.length, 3, x);
  const { method, alignment, antialias } = readOptions('resize', options, {
    method: 'bilinear',
    alignment: 'halfPixel',
    antialias: false,
  });
  if (!methods.includes(method))
    throw new ValueError(`[resize] got method '${method}', wanted 'bilinear' or 'nearest'.`);
  if (!alignments.includes(alignment)) {
    throw new ValueError(
      `[resize] got alignment '${alignment}', wanted 'halfPixel', 'corners' or 'asymmetric'.`,
    );
  }
  if (antialias && (method !== 'bilinear' || alignment !== 'halfPixel')) {
    throw new ValueError(
      `[resize] got antialias with method '${method}' and alignment '${alignment}', wanted 'bilinear' and 'halfPixel'.`,
    );
  }
  const extents = x.node.shape.slice(1, -1);
  const sizes = typeof size === 'number' ? extents.map(() => size) : size;
  checkArray('resize', 'size', sizes, '[32, 32], or a number');
  if (x.rank < 3 || extents.includes(0)) {
    throw new ShapeError(
      `[resize] got x ${show(x.shape)}, wanted [N, ...spatial, C] with spatial axes from 1 up.`,
    );
  }
  if (sizes.length !== extents.length || !sizes.every((n) => Number.isInteger(n) && n > 0)) {
    throw new ShapeError(
      `[resize] got size ${show(sizes)} for ${show(x.shape)}, wanted ${extents.length} whole numbers from 1 up.`,
    );
  }
  checkSize('resize', [x.node.shape[0]!, ...sizes, x.node.shape.at(-1)!]);
  const source: Tensor = method === 'nearest' ? unchanged(x) : floating(x);
  return sizes.reduce<Tensor>((t, n, i) => {
    const m = extents[i]!;
    if (n === m) return t;
    const places = placesOf(m, n, alignment);
    if (method === 'nearest') return take(t, nearest(places, alignment === 'asymmetric'), 1 + i);
    return antialias && n < m ? averaged(t, 1 + i, m, n) : between(t, 1 + i, m, places);
  }, source);
}

/** Places in the source as fractions: tops / bottom. */
interface Places {
  readonly tops: readonly number[];
  readonly bottom: number;
}

function placesOf(m: number, n: number, alignment: string): Places {
  const all = Array.from({ length: n }, (_, i) => i);
  if (alignment === 'asymmetric') return { tops: all.map((i) => i * m), bottom: n };
  if (alignment === 'corners') return { tops: all.map((i) => i * (m - 1)), bottom: Math.max(n - 1, 1) };
  return { tops: all.map((i) => (2 * i + 1) * m - n), bottom: 2 * n };
}

const int32 = (values: readonly number[]): Tensor => tensor(values, { dtype: 'int32' });

/** The places as whole numbers: rounded down, or to the nearest one, halves up. */
const nearest = ({ tops, bottom }: Places, down: boolean): Tensor =>
  int32(tops.map((top) => Math.floor(down ? top / bottom : (2 * top + bottom) / (2 * bottom))));

/** Linear interpolation between the elements on either side. */
function between(x: Tensor, axis: number, m: number, { tops, bottom }: Places): Tensor {
  const inside = tops.map((top) => Math.min(Math.max(top, 0), (m - 1) * bottom));
  const before = inside.map((top) => Math.floor(top / bottom));
  const parts = inside.map((top, i) => top - before[i]! * bottom);
  const along = x.node.shape.map((_, i) => (i === axis ? tops.length : 1));
  const weight = (values: readonly number[]): Tensor => reshape(tensor(values), along).div(bottom);
  const after = before.map((i) => Math.min(i + 1, m - 1));
  const first = take(x, int32(before), axis).mul(weight(parts.map((part) => bottom - part)));
  return first.add(take(x, int32(after), axis).mul(weight(parts)));
}

/** Means with weights that fall linearly, over m / n elements on either side of the center. */
function averaged(x: Tensor, axis: number, m: number, n: number): Tensor {
  const rows = Array.from({ length: n }, (_, i) =>
    Array.from({ length: m }, (_, j) => Math.max(0, 2 * m - Math.abs((2 * j + 1) * n - (2 * i + 1) * m))),
  );
  const totals = rows.map((row) => row.reduce((sum, weight) => sum + weight, 0));
  const weights = tensor(rows).div(reshape(tensor(totals), [n, 1]));
  const order = x.node.shape.map((_, i) => i).filter((i) => i !== axis);
  // [m, everything else], and back.
  const first = transpose(x, [axis, ...order]);
  const others = first.node.shape.slice(1);
  const y = reshape(matmul(weights as Tensor, reshape(first, [m, x.size / m])), [n, ...others]);
  const back = x.node.shape.map((_, i) => (i === axis ? 0 : order.indexOf(i) + 1));
  return transpose(y, back);
}

import { binary, compare, constant, convert, type Expr, select } from '../../ir/expr.ts';
import type { LoweringBuilder } from '../../ir/node.ts';
import { sizeOf, type View } from '../../ir/view.ts';
import type { Shape } from '../shape.ts';

// What poolings are lowered to. Few terms make one expression of an elementwise map, many a reduction.

/**
 * Windows over the spatial axes of [N, ...spatial, C], a number for each of these axes: element t of window o
 * lies at o * stride + start + t * dilation, which may be outside of the extent.
 */
export interface Windows {
  readonly extents: Shape;
  readonly sizes: Shape;
  readonly strides: Shape;
  readonly dilations: Shape;
  readonly starts: Shape;
  readonly counts: Shape;
  readonly [key: string]: Shape;
}

const i32 = (value: number): Expr => constant(value, 'i32');
const plus = (a: Expr, n: number): Expr => (n === 0 ? a : binary('add', a, i32(n)));
const times = (a: Expr, n: number): Expr => (n === 1 ? a : binary('mul', a, i32(n)));
const joined = (op: 'and' | 'or', all: readonly Expr[]): Expr => all.reduce((a, b) => binary(op, a, b));

/** a / n rounded down, for a from 0 to `most`: by a multiplication and a shift wherever these are exact. */
function quotient(a: Expr, n: number, most: number): Expr {
  if (n === 1) return a;
  for (let bits = 0, power = 1; bits < 31; bits++, power *= 2) {
    const factor = Math.ceil(power / n);
    // a * factor / power = a / n + a * error / (n * power)
    const error = factor * n - power;
    if (most * error < power && most * factor <= 0x7fffffff)
      return binary('shr', times(a, factor), i32(bits));
  }
  return binary('div', a, i32(n));
}

/** Elements from the first to the last of a window, along each axis. */
const spansOf = ({ sizes, dilations }: Windows): number[] =>
  sizes.map((size, i) => (size - 1) * dilations[i]! + 1);

/** The most windows that have an element between their first and their last, along each axis. */
const overlapsOf = (w: Windows): number[] => spansOf(w).map((span, i) => Math.ceil(span / w.strides[i]!));

/** The axes along which windows reach beyond the extent. */
function paddedAxes(w: Windows): number[] {
  const ends = spansOf(w).map((span, i) => w.starts[i]! + (w.counts[i]! - 1) * w.strides[i]! + span);
  return [...ends.keys()].filter((i) => w.starts[i]! < 0 || ends[i]! > w.extents[i]!);
}

/** More terms than these are reduced. */
const MOST_TERMS = 16;

/** All lists of numbers below the given ones, in row-major order; null where they are too many. */
function lists(limits: Shape): number[][] | null {
  if (sizeOf(limits) > MOST_TERMS) return null;
  return limits.reduce<number[][]>(
    (known, limit) => known.flatMap((list) => Array.from({ length: limit }, (_, i) => [...list, i])),
    [[]],
  );
}

/**
 * Places in a window have numbers: their distances from its first element, some bits for each axis. Elements
 * outside of a window may have distances as long as the window, which are no place's.
 */
function placeFields(w: Windows) {
  const spans = spansOf(w);
  const longest = overlapsOf(w).map((n, i) => n * w.strides[i]! - 1);
  const widths = longest.map((n, i) => 32 - Math.clz32(Math.min(n, spans[i]!)));
  const shifts = widths.map((_, i) => widths.slice(i + 1).reduce((sum, n) => sum + n, 0));
  return { spans, longest, shifts, masks: widths.map((n) => (1 << n) - 1), bits: shifts[0]! + widths[0]! };
}

/** The data type of the numbers of places. */
export const placeType = (w: Windows): 'uint8' | 'int32' => (placeFields(w).bits > 8 ? 'int32' : 'uint8');

function placeOf(w: Windows, distances: readonly (Expr | number)[]): Expr {
  const { shifts } = placeFields(w);
  const parts = distances.map((d, i) =>
    typeof d === 'number' ? i32(d << shifts[i]!) : binary('shl', d, i32(shifts[i]!)),
  );
  return joined('or', parts);
}

/** One element of a window. */
export interface WindowElement {
  readonly value: Expr;
  readonly place: Expr;
  /** Is it an element of x? null: of course. */
  readonly isInside: Expr | null;
}

/**
 * The elements of the window at the loop's point, read from input 0, in row-major order; or one, for a
 * reduction over them. `outside` is the value of padding.
 */
export function windowElements(
  b: LoweringBuilder,
  w: Windows,
  shape: Shape,
  outside: number,
): { readonly all: readonly WindowElement[]; readonly isReduced: boolean } {
  const taps = lists(w.sizes);
  if (taps === null) b.over(w.sizes);
  const { strides, dilations, starts, extents, sizes } = w;
  const axes = [...extents.keys()];
  const padded = paddedAxes(w);
  const element = (tap: Shape | null): WindowElement => {
    const distances = axes.map((i) =>
      tap === null ? times(b.index(shape.length + i), dilations[i]!) : tap[i]! * dilations[i]!,
    );
    const positions = padded.map((i) => {
      const first = times(b.index(1 + i), strides[i]!);
      const d = distances[i]!;
      return typeof d === 'number'
        ? plus(first, d + starts[i]!)
        : plus(binary('add', first, d), starts[i]!);
    });
    /** The view over the loop's axes; padded axes are none of `rest`. */
    const layOut = (rest: View): View => {
      const given = [...rest.stride];
      const own = shape.map((_, axis) => (padded.includes(axis - 1) ? 0 : given.shift()!));
      const steps = axes.map((i) => own[1 + i]! * dilations[i]!);
      const moved = tap === null ? 0 : tap.reduce((sum, t, i) => sum + t * steps[i]!, 0);
      return {
        shape: tap === null ? [...shape, ...sizes] : shape,
        stride: [...own.map((s, axis) => s * (strides[axis - 1] ?? 1)), ...(tap === null ? steps : [])],
        offset: { ...rest.offset, base: rest.offset.base + moved },
      };
    };
    const tests = padded.map((i, k) =>
      compare('lt', convert(positions[k]!, 'u32'), constant(extents[i]!, 'u32')),
    );
    const gathered = padded.map((i) => 1 + i);
    return {
      value: padded.length === 0 ? b.input(0, layOut) : b.gather(0, gathered, positions, layOut, outside),
      place: placeOf(w, distances),
      isInside: tests.length === 0 ? null : joined('and', tests),
    };
  };
  return { all: (taps ?? [null]).map(element), isReduced: taps === null };
}

/**
 * The windows around the element at the loop's point: at each of them the input `k` that the windows' axes
 * are gathered of, and the element's place there. Terms of a sum, or one for a reduction.
 */
export interface Around {
  /** An element of input `k`, [N, ...counts, C], at the window; `outside` where there is none. */
  read(k: number, outside: number): Expr;
  readonly place: Expr;
}

export function windowsAround(
  b: LoweringBuilder,
  w: Windows,
  shape: Shape,
  onlyTaps: boolean,
): { readonly all: readonly Around[]; readonly isReduced: boolean } {
  const { strides, dilations, starts, extents, counts } = w;
  const { spans, longest } = placeFields(w);
  const overlaps = overlapsOf(w);
  const backs = lists(overlaps);
  if (backs === null) b.over(overlaps);
  const axes = [...extents.keys()];
  const around = (back: Shape | null): Around => {
    const places = axes.map((i): { window: Expr; distance: Expr } => {
      const s = strides[i]!;
      const at = plus(b.index(1 + i), -starts[i]!);
      const last = quotient(at, s, extents[i]! - 1 - starts[i]!);
      const rest = s === 1 ? i32(0) : binary('sub', at, times(last, s));
      const n = back === null ? b.index(shape.length + i) : i32(back[i]!);
      const window = binary('sub', last, n);
      const distance = binary('add', rest, times(n, s));
    });
  };
}

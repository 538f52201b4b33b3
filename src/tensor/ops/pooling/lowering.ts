import { binary, compare, constant, convert, type Expr, select } from '../../../ir/expr.ts';
import type { LoweringBuilder } from '../../../ir/lowering-builder.ts';
import { sizeOf, type View } from '../../../ir/view.ts';
import type { Shape } from '../../shape.ts';

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
export function paddedAxes(w: Windows): number[] {
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

/** Bits of the numbers of places. */
export const placeBits = (w: Windows): number => placeFields(w).bits;

function placeOf(w: Windows, distances: readonly Expr[]): Expr {
  const { shifts } = placeFields(w);
  return joined(
    'or',
    distances.map((d, i) => binary('shl', d, i32(shifts[i]!))),
  );
}

/** The number of a given place. */
function placeAt(w: Windows, distances: Shape): Expr {
  const { shifts } = placeFields(w);
  return i32(distances.reduce((sum, d, i) => sum + (d << shifts[i]!), 0));
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
    const known = tap?.map((t, i) => t * dilations[i]!);
    const open = known ? [] : axes.map((i) => times(b.index(shape.length + i), dilations[i]!));
    const positions = padded.map((i) => {
      const first = plus(times(b.index(1 + i), strides[i]!), starts[i]! + (known?.[i] ?? 0));
      return known ? first : binary('add', first, open[i]!);
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
      place: known ? placeAt(w, known) : placeOf(w, open),
      isInside: tests.length === 0 ? null : joined('and', tests),
    };
  };
  return { all: (taps ?? [null]).map(element), isReduced: taps === null };
}

/** One of the windows around an element. */
export interface WindowAround {
  /** The element's place in it, if it has one. */
  readonly place: Expr;
  /** What input `k` [N, ...counts, C] holds for the window, or `outside` where there is no such window. */
  readonly value: (k: number, outside: number) => Expr;
}

/**
 * The windows that have the element of x at the loop's point between their first element and their last, in
 * row-major order; or one, for a reduction over them. With `onlyMembers` those that skip it are no windows.
 */
export function windowsAround(
  b: LoweringBuilder,
  w: Windows,
  shape: Shape,
  onlyMembers: boolean,
): { readonly all: readonly WindowAround[]; readonly isReduced: boolean } {
  const { strides, dilations, starts, extents, counts } = w;
  const { spans, longest } = placeFields(w);
  const overlaps = overlapsOf(w);
  const backs = lists(overlaps);
  if (backs === null) b.over(overlaps);
  const axes = [...extents.keys()];
  const isMember = (d: Expr, i: number): Expr => {
    const whole = times(quotient(d, dilations[i]!, longest[i]!), dilations[i]!);
    return joined('and', [compare('lt', d, i32(spans[i]!)), compare('eq', d, whole)]);
  };
  const skips = axes.map((i) => onlyMembers && (dilations[i]! > 1 || longest[i]! >= spans[i]!));
  const isSure = axes.every(
    (i) => !skips[i] && overlaps[i] === 1 && starts[i] === 0 && counts[i]! * strides[i]! >= extents[i]!,
  );
  const around = (back: Shape | null): WindowAround => {
    const windows: Expr[] = [];
    const distances: Expr[] = [];
    for (const i of axes) {
      const s = strides[i]!;
      const at = plus(b.index(1 + i), -starts[i]!);
      const last = quotient(at, s, extents[i]! - 1 - starts[i]!);
      const rest = s === 1 ? i32(0) : binary('sub', at, times(last, s));
      const n = back === null ? b.index(shape.length + i) : null;
      const window = n === null ? plus(last, -back![i]!) : binary('sub', last, n);
      const distance = n === null ? plus(rest, back![i]! * s) : binary('add', rest, times(n, s));
      windows.push(skips[i] ? select(isMember(distance, i), window, i32(-1)) : window);
      distances.push(longest[i]! > spans[i]! ? binary('min', distance, i32(spans[i]!)) : distance);
    }
    const layOut = (rest: View): View => ({
      shape: back === null ? [...shape, ...overlaps] : shape,
      stride: [
        rest.stride[0]!,
        ...axes.map(() => 0),
        rest.stride[1]!,
        ...(back === null ? axes.map(() => 0) : []),
      ],
      offset: rest.offset,
    });
    return {
      place: placeOf(w, distances),
      value: (k, outside) =>
        b.gather(
          k,
          axes.map((i) => 1 + i),
          windows,
          layOut,
          isSure ? undefined : outside,
        ),
    };
  };
  // The last window comes first: their order is that of `back`, backwards.
  return { all: (backs?.reverse() ?? [null]).map(around), isReduced: backs === null };
}

/** Where in x an element at a place of the window at the loop's point is, along each axis. */
export function positionsAt(b: LoweringBuilder, w: Windows, place: Expr): Expr[] {
  const { strides, starts, extents } = w;
  const { shifts, masks } = placeFields(w);
  return extents.map((_, i) => {
    const distance = binary('and', binary('shr', place, i32(shifts[i]!)), i32(masks[i]!));
    return plus(binary('add', times(b.index(1 + i), strides[i]!), distance), starts[i]!);
  });
}

/** The element of input `k` at a place (input 1) of the window at the loop's point. */
export function elementAt(b: LoweringBuilder, w: Windows, shape: Shape): Expr {
  const { extents } = w;
  const positions = positionsAt(b, w, b.input(1));
  const layOut = (rest: View): View => ({
    shape,
    stride: [rest.stride[0]!, ...extents.map(() => 0), rest.stride[1]!],
    offset: rest.offset,
  });
  return b.gather(
    0,
    extents.map((_, i) => 1 + i),
    positions,
    layOut,
    0,
  );
}

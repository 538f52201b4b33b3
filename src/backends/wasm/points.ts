import type { DType, ScalarType } from '../../ir/dtype.ts';
import { type Expr, postorder } from '../../ir/expr.ts';
import type { Access } from '../../ir/kernel.ts';
import { coalesce, sizeOf } from '../../ir/view.ts';
import type { Code, Local, Operand } from './assembler/code.ts';
import { emitFailures } from './checks.ts';
import { emitExpressions } from './expression.ts';
import { isWide, loadLanes, loadSplat, loadVector } from './lanes.ts';
import { f32x4, i32x4 } from './literals.ts';
import type { PlanCode } from './plan-code.ts';
import { Ring } from './ring.ts';
import type { Sink } from './sinks.ts';

/** A loop nest: expressions over the points of a shape. */
export interface Nest {
  readonly shape: readonly number[];
  readonly inputs: readonly Access[];
  readonly roots: readonly Expr[];
  /**
   * How many of the first axes count the `group` of a range, which all others count the points of; 0 by
   * default.
   */
  readonly split?: number;
}

/**
 * Which points are wanted: `count` of them, in row-major order, from number `start` of a group on. Numbers
 * have 32 bits, and the points of a reduction may be more.
 */
export interface Range {
  readonly group?: Local;
  readonly start: Local;
  readonly count: Local;
  /** Address of the values of `acc`: one for each of these points, 4 bytes apart. */
  readonly acc: Local | null;
  /** The thread's scratch memory. */
  readonly scratch: Local;
}

/** How an input is read along the innermost axis. */
interface Stream {
  readonly access: Access;
  readonly dtype: DType | null;
  /** Bytes (or, without a buffer, numbers) from one point to the next. */
  readonly step: number;
  /** Address (or number) at the beginning of the row, and at the present point. */
  readonly row: Local;
  readonly at: Local;
  /** Where the buffer begins to be read: an address that is always safe. */
  readonly origin: Local;
  /** The values at the present four points, or their addresses where an index is to be computed. */
  readonly lanes: Local;
}

/**
 * Emits a loop over points of a nest, four at a time along the innermost axis. The last four of a row may
 * reach beyond it: what is computed there is not used, unless an input can't be read there. In such nests
 * (`single`) the last points come one by one, each in all four lanes.
 */
export function emitPoints(
  code: Code,
  plan: PlanCode,
  nest: Nest,
  range: Range,
  makeSink: () => Sink,
  inRows = false,
): void {
  if (sizeOf(nest.shape) === 0) return;
  const { outer, length, strides, groupAxes } = loopOrder(plan, nest, inRows);
  const order = postorder(nest.roots);
  const used = new Set(order.flatMap((e) => (e.op === 'load' ? [e.value] : [])));

  const streams = nest.inputs.map((access, k): Stream | null => {
    if (!used.has(k)) return null;
    const dtype = access.buffer === null ? null : plan.plan.buffers[access.buffer]!.dtype;
    const origin =
      access.buffer === null
        ? plan.offset(code, access.view.offset)
        : plan.address(code, { buffer: access.buffer, view: access.view });
    const [row, at, lanes] = [code.copy(origin), code.local('i32'), code.local('v128')];
    return { access, dtype, origin, step: strides[k]![outer.length]!, row, at, lanes };
  });
  const live = streams.filter((s) => s !== null);
  const stridesAlong = (axis: number): (readonly [Stream, number])[] =>
    streams.flatMap((s, k) => (s === null || strides[k]![axis] === 0 ? [] : [[s, strides[k]![axis]!]]));

  // Where the first point lies.
  const first = code.copy(range.start);
  if (range.group !== undefined && groupAxes === 0) {
    const before = code.op('i32.mul', range.group, sizeOf(nest.shape.slice(nest.split)));
    code.update(first, 'i32.add', first, before);
  }
  const column = code.copy(first);
  const index = outer.map(() => code.local('i32'));
  if (outer.length > 0) {
    code.set(column, code.op('i32.rem_u', first, length));
    let rest = code.op('i32.div_u', first, length);
    for (let axis = outer.length - 1; axis >= 0; axis--) {
      if (axis === groupAxes - 1) rest = range.group!;
      const isFirst = axis === 0 || axis === groupAxes;
      const i = index[axis]!;
      code.set(i, isFirst ? rest : code.op('i32.rem_u', rest, outer[axis]!));
      for (const [s, stride] of stridesAlong(axis))
        code.update(s.row, 'i32.add', s.row, code.op('i32.mul', i, stride));
      if (!isFirst) rest = code.op('i32.div_u', rest, outer[axis]!);
    }
  }

  const single = needsSingle(order, live);
  const rings = new Map<Expr, Ring>();
  for (const e of order) {
    const counter = e.op === 'philox' ? countsUp(e, streams) : null;
    if (counter !== null) rings.set(e, new Ring(code, plan, e, counter.at, range.scratch));
  }
  const acc = range.acc === null ? null : code.copy(range.acc);
  const sink = makeSink();

  const left = code.copy(range.count);
  const inRow = code.local('i32');
  const four = code.local('i32');

  /**
   * The values of a stream at four points, or their addresses: vector number `vector` from the present point
   * on.
   */
  const loadAll = (s: Stream, vector: number): Local => {
    if (s.dtype === null || s.access.gather.length > 0) {
      const first = vector === 0 ? s.at : code.op('i32.add', s.at, 4 * vector * s.step);
      return code.op('i32x4.add', code.op('i32x4.splat', first), code.literal(multiples(s.step)));
    }
    if (s.step === (isWide(s.dtype) ? 4 : 1)) return loadVector(code, s.dtype, s.at, 4 * vector * s.step);
    const addresses = [0, 1, 2, 3].map((l) => (l === 0 ? s.at : code.op('i32.add', s.at, l * s.step)));
    return loadLanes(code, s.dtype, addresses);
  };
  const loadOne = (s: Stream): Local =>
    s.dtype === null || s.access.gather.length > 0
      ? code.op('i32x4.splat', s.at)
      : loadSplat(code, s.dtype, s.at);
  const moving = live.filter((s) => s.step !== 0);

  const accValue = code.local('v128');
  const emitLoads = (vector: number): void => {
    for (const s of moving) code.set(s.lanes, loadAll(s, vector));
    if (acc !== null) code.loadInto(accValue, 'v128.load', [acc], 16 * vector);
  };
  const emitValues = (): Local[] =>
    emitExpressions(
      code,
      plan,
      {
        load: (e, indices) => {
          const s = streams[e.value]!;
          return indices.length === 0 ? s.lanes : emitGather(code, s, e.type, indices);
        },
        acc: () => accValue,
        philox: (e) => rings.get(e)?.next(single ? four : null) ?? null,
        check: (number, value, condition) => emitFailures(code, plan, number, value, condition),
      },
      nest.roots,
    );
  /** Moves on by so many points. */
  const advance = (points: Operand): void => {
    const times = (step: number): Operand =>
      typeof points === 'number' ? points * step : code.op('i32.mul', points, step);
    for (const s of moving) code.update(s.at, 'i32.add', s.at, times(s.step));
    if (acc !== null) code.update(acc, 'i32.add', acc, times(4));
    code.update(inRow, 'i32.sub', inRow, points);
    sink.advance(points);
  };

  const emitVectors = (): void =>
    code.loop(() => {
      for (let vector = 0; vector < UNROLL; vector++) {
        emitLoads(vector);
        sink.put(emitValues(), vector);
      }
      advance(4 * UNROLL);
      return code.op('i32.ge_s', inRow, 4 * UNROLL);
    });

  const emitRest = (): void =>
    code.loop(() => {
      code.set(four, code.op('i32.ge_s', inRow, 4));
      if (single) {
        code.if(
          four,
          () => emitLoads(0),
          () => {
            for (const s of moving) code.set(s.lanes, loadOne(s));
            if (acc !== null) code.loadInto(accValue, 'v128.load32_splat', [acc]);
          },
        );
      } else emitLoads(0);
      const values = emitValues();
      code.if(
        four,
        () => {
          sink.put(values, 0);
          advance(4);
        },
        () => {
          const count = single ? code.copy(1) : code.copy(inRow);
          sink.putSome(values, count);
          advance(count);
        },
      );
      return code.op('i32.gt_s', inRow, 0);
    });

  const emitRow = (): void => {
    for (const s of live) {
      if (s.step === 0) {
        code.set(s.at, s.row);
        code.set(s.lanes, loadOne(s));
      } else {
        code.set(s.at, code.op('i32.add', s.row, code.op('i32.mul', column, s.step)));
      }
    }
    for (const ring of rings.values()) ring.begin();
    if (single || !isLight(order)) {
      emitRest();
      return;
    }
    code.if(code.op('i32.ge_s', inRow, 4 * UNROLL), emitVectors);
    code.if(code.op('i32.gt_s', inRow, 0), emitRest);
  };

  code.if(range.count, () => {
    if (outer.length === 0) {
      code.set(inRow, left);
      emitRow();
      return;
    }
    code.loop(() => {
      const rowLeft = code.op('i32.sub', length, column);
      const here = code.select(code.op('i32.lt_u', left, rowLeft), left, rowLeft);
      code.set(inRow, here);
      emitRow();
      code.update(left, 'i32.sub', left, here);
      code.set(column, 0);
      emitNextRow(outer.length - 1);
      return left;
    });
  });

  function emitNextRow(axis: number): void {
    for (const [s, stride] of stridesAlong(axis)) code.update(s.row, 'i32.add', s.row, stride);
    if (axis === 0) return;
    const i = index[axis]!;
    code.update(i, 'i32.add', i, 1);
    code.if(code.op('i32.eq', i, outer[axis]!), () => {
      code.set(i, 0);
      for (const [s, stride] of stridesAlong(axis))
        code.update(s.row, 'i32.sub', s.row, Math.imul(stride, outer[axis]!));
      emitNextRow(axis - 1);
    });
  }
}

/** Numbers of points have 32 bits. */
const MOST_POINTS = 0x1_0000_0000;

/**
 * The loop nest with as few axes as possible; strides in bytes (of numbers, where there is no memory), the
 * last one included. `groupAxes` are those that count groups, where the points are too many to be counted
 * together.
 */
function loopOrder(plan: PlanCode, { shape, inputs, split = 0 }: Nest, inRows: boolean) {
  const strides = inputs.map((input) => input.view.stride);
  const isLarge = split > 0 && sizeOf(shape) >= MOST_POINTS;
  const kept = inRows ? shape.length - 1 : shape.length;
  const merged = coalesce(
    shape.slice(0, kept),
    strides.map((s) => s.slice(0, kept)),
    isLarge ? [split, kept - split] : undefined,
  );
  const groupAxes = isLarge ? merged.groups[0]! : 0;
  const hasInner = merged.shape.length > groupAxes;
  const length = inRows ? shape[kept]! : hasInner ? merged.shape.pop()! : 1;
  return {
    outer: merged.shape,
    length,
    groupAxes,
    strides: inputs.map((input, k) => {
      const own = merged.strides[k]!;
      const list = inRows ? [...own, strides[k]![kept]!] : hasInner ? own : [...own, 0];
      return list.map((s) => s * unitOf(plan, input));
    }),
  };
}

/** Bytes of an element, or 1 where the input is a number and not memory. */
const unitOf = (plan: PlanCode, { buffer }: Access): number => (buffer === null ? 1 : plan.bytesOf(buffer));

const multiples = (step: number): Int32Array => Int32Array.of(0, step, 2 * step, 3 * step);

/** Vectors that a loop over a light expression takes at a time. */
const UNROLL = 4;

/** Is so little computed at a point that the loop around it counts? */
const isLight = (order: readonly Expr[]): boolean =>
  order.length <= 16 && order.every((e) => !heavy.has(e.op) && !(e.op === 'load' && e.args.length > 0));

const heavy = new Set<string>([
  'exp',
  'expm1',
  'log',
  'log1p',
  'sin',
  'cos',
  'tanh',
  'erf',
  'pow',
  'philox',
  'mod',
]);

/** Could what lies beyond the end of a row do harm: a read out of memory, or a check that fails? */
function needsSingle(order: readonly Expr[], streams: readonly Stream[]): boolean {
  return (
    order.some((e) => e.op === 'check') ||
    streams.some(
      ({ dtype, step, access }) =>
        dtype !== null && (access.gather.length > 0 || (step !== 0 && step !== (isWide(dtype) ? 4 : 1))),
    )
  );
}

/**
 * The stream that counts the words of a random stream one by one, if its key and counter are the same
 * everywhere.
 */
function countsUp({ args }: Expr, streams: readonly (Stream | null)[]): Stream | null {
  const [index, ...rest] = args;
  if (!rest.every((a) => a.op === 'const' || a.op === 'uniform')) return null;
  const [source] = index!.args;
  if (index!.op !== 'u32' || source?.op !== 'load' || source.args.length > 0) return null;
  const stream = streams[source.value]!;
  return stream.dtype === null && stream.step === 1 ? stream : null;
}

/** Loads at computed indices; where one is out of range, the access's fill. */
function emitGather(code: Code, s: Stream, type: ScalarType, indices: readonly Local[]): Local {
  let valid: Local | null = null;
  let addresses = s.lanes;
  const { gather, fill } = s.access;
  const unit = isWide(s.dtype!) ? 4 : 1;
  indices.forEach((index, k) => {
    const { size, stride } = gather[k]!;
    const inRange = code.op('i32x4.lt_u', index, i32x4(code, size));
    valid = valid === null ? inRange : code.op('v128.and', valid, inRange);
    const moved = code.op('i32x4.mul', index, i32x4(code, stride * unit));
    addresses = code.op('i32x4.add', addresses, moved);
  });
  const safe = code.op('v128.bitselect', addresses, code.op('i32x4.splat', s.origin), valid!);
  const loaded = loadLanes(
    code,
    s.dtype!,
    [0, 1, 2, 3].map((l) => code.lane('i32x4.extract_lane', l, safe)),
  );
  if (fill === null) return loaded;
  const otherwise = type === 'f32' ? f32x4(code, fill) : i32x4(code, type === 'bool' ? -fill : fill);
  return code.op('v128.bitselect', loaded, otherwise, valid!);
}

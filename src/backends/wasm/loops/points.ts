import { type Expr, postorder } from '../../../ir/expr.ts';
import { sizeOf } from '../../../ir/view.ts';
import type { Code, Local, Operand } from '../assembler/code.ts';
import { emitFailures } from '../module/checks.ts';
import type { PlanCode } from '../module/plan-code.ts';
import { emitExpressions, type PointContext } from '../scalar/expression.ts';
import type { Argument } from '../scalar/operations.ts';
import { Ring } from '../scalar/random-words.ts';
import type { Nest, Range } from './nest.ts';
import { Readers } from './readers.ts';
import { emitRows, rowOrder } from './rows.ts';
import type { Sink } from './sinks.ts';
import { alongRow, makeStreams, SAME, type Stream } from './streams.ts';

/**
 * Emits a loop over points of a nest, four at a time along its rows. The last four of a row may reach beyond
 * it: what is computed there is not used, unless an input can't be read there (see `Readers.single`). What is
 * the same all along a row is computed where the row begins.
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
  const rows = rowOrder(plan, nest, inRows);
  const order = postorder(nest.roots);
  const streams = makeStreams(code, plan, nest.inputs, rows);
  const along = alongRow(order, streams);
  const same = order.filter((e) => along.get(e) === SAME);
  const varying = order.filter((e) => along.get(e) !== SAME);
  const readers = new Readers(code, streams, varying, along);
  const { single, moving } = readers;
  const rings = new Map<Expr, Ring>();
  for (const e of order) {
    const counter = e.op === 'philox' ? countsUp(e, streams) : null;
    if (counter !== null) rings.set(e, new Ring(code, plan, e, counter.at, range.scratch));
  }
  const acc = range.acc === null ? null : code.copy(range.acc);
  if (acc !== null) moving.set(acc, 4);
  const sink = makeSink();

  const [left, four] = [code.local('i32'), code.local('i32')];
  const accValue = code.local('v128');
  const context: PointContext = {
    load: (e, indices) => readers.value(e, indices),
    acc: () => accValue,
    philox: (e) => rings.get(e)?.next(single ? four : null) ?? null,
    check: (number, value, condition) => emitFailures(code, plan, number, value, condition),
  };
  const begun = new Map<Expr, Argument>();
  const emitValues = (): Local[] => emitExpressions(code, plan, context, nest.roots, new Map(begun));
  /** Reads vector number `vector` from the present point on; null: the present point, in all lanes. */
  const read = (vector: number | null): void => {
    readers.read(vector);
    if (acc === null) return;
    if (vector === null) code.loadInto(accValue, 'v128.load32_splat', [acc]);
    else code.loadInto(accValue, 'v128.load', [acc], 16 * vector);
  };
  /** Moves on by so many points. */
  const advance = (points: Operand): void => {
    for (const [at, step] of moving) {
      const bytes = typeof points === 'number' ? points * step : code.op('i32.mul', points, step);
      code.update(at, 'i32.add', at, bytes);
    }
    code.update(left, 'i32.sub', left, points);
    sink.advance(points);
  };

  /** Vectors that the loop takes at a time: the less is computed, the more the loop itself counts. */
  const together = varying.length <= 16 ? 4 : 1;
  const emitVectors = (): void =>
    code.loop(() => {
      for (let vector = 0; vector < together; vector++) {
        read(vector);
        sink.put(emitValues(), vector);
      }
      advance(4 * together);
      return code.op('i32.ge_s', left, 4 * together);
    });

  const emitRest = (): void =>
    code.loop(() => {
      code.set(four, code.op('i32.ge_s', left, 4));
      if (single)
        code.if(
          four,
          () => read(0),
          () => read(null),
        );
      else read(0);
      const values = emitValues();
      code.if(
        four,
        () => {
          sink.put(values, 0);
          advance(4);
        },
        () => {
          const count = code.copy(single ? 1 : left);
          sink.putSome(values, count);
          advance(count);
        },
      );
      return left;
    });

  const isHeavy = varying.some((e) => heavy.has(e.op));
  emitRows(code, rows, range, streams, (count) => {
    code.set(left, count);
    emitExpressions(code, plan, context, same, begun);
    readers.begin(begun);
    for (const ring of rings.values()) ring.begin();
    if (single || isHeavy || rows.length < 4 * together) {
      emitRest();
      return;
    }
    code.if(code.op('i32.ge_s', left, 4 * together), emitVectors);
    code.if(left, emitRest);
  });
}

/** What takes so long that the loop around it does not count. */
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

/**
 * The stream that counts the words of a random stream one by one, if its key and counter are the same
 * everywhere.
 */
function countsUp({ args }: Expr, streams: readonly Stream[]): Stream | null {
  const [index, ...rest] = args;
  if (!rest.every((a) => a.op === 'const' || a.op === 'uniform')) return null;
  const [source] = index!.args;
  if (index!.op !== 'u32' || source?.op !== 'load' || source.args.length > 0) return null;
  const stream = streams[source.value]!;
  return stream.dtype === null && stream.step === 1 ? stream : null;
}

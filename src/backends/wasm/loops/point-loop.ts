import { type Expr, postorder } from '../../../ir/expr.ts';
import { sizeOf } from '../../../ir/view.ts';
import type { Code, Local, Operand } from '../assembler/code.ts';
import { emitFailures } from '../module/checks.ts';
import type { PlanCode } from '../module/plan-code.ts';
import { emitExpressions, type PointContext, type PointVector } from '../scalar/expression.ts';
import type { Argument } from '../scalar/operations.ts';
import { RandomWordBuffer } from '../scalar/random-word-buffer.ts';
import { type InputPointer, makeInputPointers } from './input-pointers.ts';
import { classifyAlongRow, INVARIANT } from './invariance.ts';
import type { LoopNest, PointRange } from './loop-nest.ts';
import { RowLoads } from './row-loads.ts';
import { emitRowLoop, type RowLayout, rowLayoutOf } from './row-loop.ts';
import type { Sink } from './sinks.ts';

/**
 * Emits a loop over points of a nest, four at a time along its rows. Values that are invariant along a row are
 * computed where the row begins. The last vector of a row may extend beyond it, and the values of the surplus lanes
 * are ignored; where an input can't be read there, the last points are computed one by one (`RowLoads.pointwiseTail`).
 * `alongLastAxis`: rows consist of the last axis only and are not merged with other axes.
 */
export function emitPointLoop(
  code: Code,
  plan: PlanCode,
  nest: LoopNest,
  range: PointRange,
  makeSink: () => Sink,
  alongLastAxis = false,
): void {
  if (sizeOf(nest.shape) === 0) return;
  const layout = rowLayoutOf(plan, nest, alongLastAxis);
  const loop = new PointLoop(code, plan, nest, layout, range, makeSink);
  emitRowLoop(code, layout, range, loop.pointers, (count) => loop.emitRow(count));
}

class PointLoop {
  readonly pointers: readonly InputPointer[];
  readonly #code: Code;
  readonly #plan: PlanCode;
  readonly #roots: readonly Expr[];
  readonly #loads: RowLoads;
  readonly #sink: Sink;
  /** Random streams whose words are used one after the other. */
  readonly #randomWords = new Map<Expr, RandomWordBuffer>();
  /** The address of the current point's `acc`, and the loaded vectors of it. */
  readonly #accAt: Local | null;
  readonly #accs: readonly Local[];
  /** Points of the row that are left, and whether these are at least four. */
  readonly #left: Local;
  readonly #isVector: Local;
  /** For each vector that is computed at a time. */
  readonly #contexts: readonly PointContext[];
  readonly #invariant: readonly Expr[];
  readonly #invariantValues = new Map<Expr, Argument>();
  /** Vectors in one iteration: with few operations the overhead of the loop matters. */
  readonly #unroll: number;
  readonly #usesVectorLoop: boolean;

  constructor(
    code: Code,
    plan: PlanCode,
    nest: LoopNest,
    layout: RowLayout,
    range: PointRange,
    makeSink: () => Sink,
  ) {
    this.#code = code;
    this.#plan = plan;
    this.#roots = nest.roots;
    this.pointers = makeInputPointers(code, plan, nest.inputs, layout);
    const order = postorder(nest.roots);
    const classes = classifyAlongRow(order, this.pointers);
    this.#invariant = order.filter((e) => classes.get(e) === INVARIANT);
    const varying = order.filter((e) => classes.get(e) !== INVARIANT);
    // Elementary functions are long chains of dependent instructions: processors overlap those of two vectors.
    const together = varying.some(isExpensive) ? 2 : 1;
    this.#loads = new RowLoads(code, this.pointers, varying, classes, together);
    for (const e of order) {
      const counter = e.op === 'philox' ? wordCounterOf(e, this.pointers) : null;
      if (counter !== null)
        this.#randomWords.set(e, new RandomWordBuffer(code, plan, e, counter.at, range.scratch));
    }
    this.#accAt = range.acc === null ? null : code.copy(range.acc);
    if (this.#accAt !== null) this.#loads.moving.set(this.#accAt, 4);
    this.#sink = makeSink();
    this.#left = code.local('i32');
    this.#isVector = code.local('i32');
    this.#accs = Array.from({ length: together }, () => code.local('v128'));
    this.#contexts = this.#accs.map((acc, slot) => ({
      load: (e, indices) => this.#loads.value(e, indices, slot),
      acc: () => acc,
      philox: (e) =>
        this.#randomWords.get(e)?.next(this.#loads.pointwiseTail ? this.#isVector : null) ?? null,
      check: (number, value, condition) => emitFailures(code, plan, number, value, condition),
    }));
    this.#unroll = together > 1 ? together : varying.length <= 16 ? 4 : 1;
    this.#usesVectorLoop =
      !this.#loads.pointwiseTail && !varying.some(isLong) && layout.length >= 4 * this.#unroll;
  }

  /** Emits the code for `count` points of a row; the pointers are at the first of them. */
  emitRow(count: Local): void {
    const code = this.#code;
    code.set(this.#left, count);
    const vector = { context: this.#contexts[0]!, done: this.#invariantValues };
    emitExpressions(code, this.#plan, [vector], this.#invariant);
    this.#loads.begin(this.#invariantValues);
    for (const words of this.#randomWords.values()) words.begin();
    this.#sink.begin?.();
    if (this.#usesVectorLoop) {
      const isLong = code.op('i32.ge_s', this.#left, 4 * this.#unroll);
      code.if(isLong, () => this.#emitVectors());
      code.if(this.#left, () => this.#emitTail());
    } else this.#emitTail();
    this.#sink.end?.();
  }

  /** The main loop, over `4 * unroll` points at a time. */
  #emitVectors(): void {
    const code = this.#code;
    code.loop(() => {
      const together = this.#contexts.length;
      for (let first = 0; first < this.#unroll; first += together) {
        for (let slot = 0; slot < together; slot++) this.#read(first + slot, slot);
        this.#emitValues(together).forEach((values, slot) => {
          this.#sink.put(values, first + slot);
        });
      }
      this.#advance(4 * this.#unroll);
      return code.op('i32.ge_s', this.#left, 4 * this.#unroll);
    });
  }

  /** The rest of a row: vectors of four points, then a partial vector or single points. */
  #emitTail(): void {
    const code = this.#code;
    const { pointwiseTail } = this.#loads;
    code.loop(() => {
      code.set(this.#isVector, code.op('i32.ge_s', this.#left, 4));
      if (pointwiseTail)
        code.if(
          this.#isVector,
          () => this.#read(0),
          () => this.#read(null),
        );
      else this.#read(0);
      const [values] = this.#emitValues(1) as [Local[]];
      code.if(
        this.#isVector,
        () => {
          this.#sink.put(values, 0);
          this.#advance(4);
        },
        () => {
          const count = code.copy(pointwiseTail ? 1 : this.#left);
          this.#sink.putPartial(values, count);
          this.#advance(count);
        },
      );
      return this.#left;
    });
  }

  /** The values of the roots at `count` vectors. */
  #emitValues(count: number): Local[][] {
    const vectors = this.#contexts
      .slice(0, count)
      .map((context): PointVector => ({ context, done: new Map(this.#invariantValues) }));
    return emitExpressions(this.#code, this.#plan, vectors, this.#roots);
  }

  /** Loads vector number `vector`, counted from the current point; null: the current point in all lanes. */
  #read(vector: number | null, slot = 0): void {
    this.#loads.read(vector, slot);
    if (this.#accAt === null) return;
    const acc = this.#accs[slot]!;
    if (vector === null) this.#code.loadInto(acc, 'v128.load32_splat', [this.#accAt]);
    else this.#code.loadInto(acc, 'v128.load', [this.#accAt], 16 * vector);
  }

  #advance(points: Operand): void {
    const code = this.#code;
    for (const [at, step] of this.#loads.moving) {
      const bytes = typeof points === 'number' ? points * step : code.op('i32.mul', points, step);
      code.update(at, 'i32.add', at, bytes);
    }
    code.update(this.#left, 'i32.sub', this.#left, points);
    this.#sink.advance(points);
  }
}

/** Operations so slow that the overhead of the loop does not matter: the vector loop would only add code. */
const expensive = new Set<string>([
  'exp',
  'expm1',
  'log',
  'log1p',
  'sin',
  'cos',
  'tanh',
  'erf',
  'sigmoid',
  'softplus',
  'pow',
  'philox',
  'mod',
]);

export const isExpensive = (e: Expr): boolean => expensive.has(e.op);

/** Operations that are so long that the vector loop would only add code. */
const isLong = ({ op }: Expr): boolean => op === 'pow' || op === 'philox' || op === 'mod';

/**
 * The pointer that counts a random stream's words one by one along the row; null if it does not, or if key or counter
 * are not uniform.
 */
function wordCounterOf({ args }: Expr, pointers: readonly InputPointer[]): InputPointer | null {
  const [index, ...rest] = args;
  if (!rest.every((a) => a.op === 'const' || a.op === 'uniform')) return null;
  const [source] = index!.args;
  if (index!.op !== 'u32' || source?.op !== 'load' || source.args.length > 0) return null;
  const pointer = pointers[source.value]!;
  return pointer.dtype === null && pointer.step === 1 ? pointer : null;
}

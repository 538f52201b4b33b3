import { columnOrder } from '../../ir/column-order.ts';
import type { Kernel, Reduce } from '../../ir/kernel.ts';
import { sizeOf } from '../../ir/view.ts';
import { ExpressionProgram } from './expression-program.ts';
import { BLOCK_LENGTH, type Register, RegisterAllocator } from './registers.ts';
import { ArgReducer, ColumnReducer, type RowReducer } from './row-reducers.ts';
import type { RunContext } from './run-context.ts';
import { StoreWriter } from './store-writer.ts';

/**
 * A reduction, either point by point or, if `columnOrder` is better, over up to a block of adjacent points at once, row by
 * row.
 */
export function compileReduce(kernel: Kernel, source: Reduce, context: RunContext): () => void {
  const { reducer, over, expr, inputs } = source;
  const registers = new RegisterAllocator(context.precision.registers);
  const isArg = reducer === 'argmax' || reducer === 'argmin';
  const acc = registers.takePermanent(isArg ? 'i32' : expr.type);
  const columns = isArg ? null : columnOrder(kernel.shape, over, inputs, false);
  const loop: ReduceLoop = {
    length: sizeOf(over),
    values: new ExpressionProgram(context, registers, [expr], columns?.inputs ?? inputs),
    stores: new StoreWriter(kernel, context, registers, acc),
    acc,
  };
  if (isArg) return reducePointByPoint(loop, new ArgReducer(reducer));
  if (columns === null)
    return reducePointByPoint(loop, new ColumnReducer(reducer, expr.type, 1, context.precision));
  const tile = Math.min(columns.width, BLOCK_LENGTH);
  return reduceColumns(
    loop,
    columns.width,
    tile,
    new ColumnReducer(reducer, expr.type, tile, context.precision),
  );
}

interface ReduceLoop {
  /** The number of elements that are reduced for each point. */
  readonly length: number;
  readonly values: ExpressionProgram;
  readonly stores: StoreWriter;
  readonly acc: Register;
}

function reducePointByPoint({ length, values, stores, acc }: ReduceLoop, reducer: RowReducer): () => void {
  const { size } = stores;
  const x = values.results[0]!;

  /** How many points are evaluated at a time; 0 if a point has more than BLOCK_LENGTH elements. */
  const several = Math.floor(BLOCK_LENGTH / Math.max(1, length));
  const reduceSeveral = (point: number, count: number, filled: number): void => {
    if (length > 0) values.evaluate(point * length, count * length);
    for (let i = 0; i < count; i++) {
      reducer.reset();
      reducer.take(length, x, i * length);
      acc[filled + i] = reducer.finish();
    }
  };

  const reduceOne = (point: number, filled: number): void => {
    reducer.reset();
    for (let r = 0; r < length; r += BLOCK_LENGTH) {
      const n = Math.min(BLOCK_LENGTH, length - r);
      values.evaluate(point * length + r, n);
      reducer.take(n, x, 0);
    }
    acc[filled] = reducer.finish();
  };

  return () => {
    values.begin(size * length);
    stores.begin();
    for (let point = 0; point < size; point += BLOCK_LENGTH) {
      const points = Math.min(BLOCK_LENGTH, size - point);
      const step = Math.max(1, several);
      for (let i = 0; i < points; i += step) {
        if (several > 0) reduceSeveral(point + i, Math.min(step, points - i), i);
        else reduceOne(point + i, i);
      }
      stores.run(point, points);
    }
  };
}

function reduceColumns(
  { length, values, stores, acc }: ReduceLoop,
  width: number,
  tile: number,
  reducer: ColumnReducer,
): () => void {
  const { size } = stores;
  const x = values.results[0]!;
  return () => {
    values.begin(size * length);
    stores.begin();
    for (let point = 0; point < size; point += width) {
      for (let j = 0; j < width; j += tile) {
        const n = Math.min(tile, width - j);
        reducer.reset();
        for (let r = 0; r < length; r++) {
          values.evaluate(point * length + r * width + j, n);
          reducer.takeRow(x);
        }
        acc.set(reducer.finishAll().subarray(0, n));
        stores.run(point + j, n);
      }
    }
  };
}

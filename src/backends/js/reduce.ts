import { columnOrder } from '../../ir/column-order.ts';
import type { Kernel, Reduce } from '../../ir/kernel.ts';
import { sizeOf } from '../../ir/view.ts';
import { ExpressionProgram, type RunContext } from './expression-program.ts';
import { BLOCK_LENGTH, type Register, RegisterAllocator } from './registers.ts';
import { ArgReducer, ColumnReducer, type RowReducer } from './row-reducers.ts';
import { StoreWriter } from './store-writer.ts';

/**
 * A reduction. Either each point's elements are reduced in turn, or those of up to a block of neighbouring
 * points side by side, row after row; the second is for reductions over the first axes, where memory runs
 * along the points, and for short ones.
 */
export function compileReduce(kernel: Kernel, source: Reduce, machine: RunContext): () => void {
  const { reducer, over, expr, inputs } = source;
  const registers = new RegisterAllocator(machine.precision.registers);
  const finds = reducer === 'argmax' || reducer === 'argmin';
  const acc = registers.takePermanent(finds ? 'i32' : expr.type);
  const columns = finds ? null : columnOrder(kernel.shape, over, inputs);
  const nest: ReduceLoop = {
    length: sizeOf(over),
    operand: new ExpressionProgram(machine, registers, [expr], columns?.inputs ?? inputs),
    stores: new StoreWriter(kernel, machine, registers, acc),
    acc,
  };
  if (finds) return reducePointByPoint(nest, new ArgReducer(reducer));
  if (columns === null)
    return reducePointByPoint(nest, new ColumnReducer(reducer, expr.type, 1, machine.precision));
  const tile = Math.min(columns.width, BLOCK_LENGTH);
  return reduceColumns(
    nest,
    columns.width,
    tile,
    new ColumnReducer(reducer, expr.type, tile, machine.precision),
  );
}

interface ReduceLoop {
  /** Elements that are reduced to one. */
  readonly length: number;
  readonly operand: ExpressionProgram;
  readonly stores: StoreWriter;
  readonly acc: Register;
}

function reducePointByPoint({ length, operand, stores, acc }: ReduceLoop, reducer: RowReducer): () => void {
  const { size } = stores;
  const x = operand.results[0]!;

  /** Points of length <= BLOCK, several of which are evaluated at a time. */
  const several = Math.floor(BLOCK_LENGTH / Math.max(1, length));
  const reduceSeveral = (point: number, count: number, filled: number): void => {
    if (length > 0) operand.evaluate(point * length, count * length);
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
      operand.evaluate(point * length + r, n);
      reducer.take(n, x, 0);
    }
    acc[filled] = reducer.finish();
  };

  return () => {
    operand.begin(size * length);
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
  { length, operand, stores, acc }: ReduceLoop,
  width: number,
  tile: number,
  reducer: ColumnReducer,
): () => void {
  const { size } = stores;
  const x = operand.results[0]!;
  return () => {
    operand.begin(size * length);
    stores.begin();
    for (let point = 0; point < size; point += width) {
      for (let j = 0; j < width; j += tile) {
        const n = Math.min(tile, width - j);
        reducer.reset();
        for (let r = 0; r < length; r++) {
          operand.evaluate(point * length + r * width + j, n);
          reducer.takeRow(x);
        }
        acc.set(reducer.finishAll().subarray(0, n));
        stores.run(point + j, n);
      }
    }
  };
}

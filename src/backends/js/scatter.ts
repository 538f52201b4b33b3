import type { Kernel, Scatter } from '../../ir/kernel.ts';
import { sizeOf } from '../../ir/view.ts';
import { reads, ViewReader } from './buffer-access.ts';
import { BLOCK_LENGTH, type Register, RegisterAllocator } from './registers.ts';
import type { RunContext } from './run-context.ts';
import { StoreWriter } from './store-writer.ts';

/** A scatter-add: processes all updates in row-major order, in rows along the inner axes. */
export function compileScatter(kernel: Kernel, source: Scatter, context: RunContext): () => void {
  const { precision, plan } = context;
  const { type, axis, updates, indices, check } = source;
  const registers = new RegisterAllocator(precision.registers);
  const acc = registers.takePermanent(type);
  const x = registers.takePermanent(type);
  const stores = new StoreWriter(kernel, context, registers, acc);

  const size = kernel.shape[axis]!;
  const outer = sizeOf(kernel.shape.slice(0, axis));
  const inner = sizeOf(kernel.shape.slice(axis + 1));
  const count = sizeOf(indices.view.shape);
  const readUpdates = reads[plan.buffers[updates.buffer]!.dtype];
  const updateReader = new ViewReader(updates.view);
  const indexReader = new ViewReader(indices.view);
  const add = adders[type];
  const index = new Int32Array(count);
  /** The number of rows that are read at a time, if rows are short. */
  const together = Math.max(1, Math.floor(BLOCK_LENGTH / Math.max(1, inner)));

  /** Reads and checks the indices; negative ones count from the end. -1 then marks updates that are out of range. */
  const readIndices = (): void => {
    indexReader.begin(context.values);
    if (count > 0) indexReader.read(0, count, reads.int32, index, context.buffers[indices.buffer]!);
    for (let c = 0; c < count; c++) {
      const i = index[c]!;
      if (i < -size || i >= size) context.fail(check, i);
      index[c] = i >= size ? -1 : i < 0 ? Math.max(-1, i + size) : i;
    }
  };

  return () => {
    stores.begin();
    readIndices();
    updateReader.begin(context.values);
    const sums = precision.registers.growingArea(type, stores.size);
    sums.fill(0, 0, stores.size);
    for (let o = 0; o < outer; o++) {
      for (let c = 0; c < count; c += together) {
        const rows = Math.min(together, count - c);
        for (let i = 0; i < inner; i += BLOCK_LENGTH) {
          const n = Math.min(BLOCK_LENGTH, inner - i);
          updateReader.read(
            (o * count + c) * inner + i,
            rows * n,
            readUpdates,
            x,
            context.buffers[updates.buffer]!,
          );
          for (let row = 0; row < rows; row++) {
            const to = index[c + row]!;
            if (to >= 0) add(n, sums, (o * size + to) * inner + i, x, row * n);
          }
        }
      }
    }
    stores.runFrom(sums, 0, 0, stores.size, acc);
  };
}

type Add = (n: number, sums: Register, at: number, x: Register, from: number) => void;

const adders: { readonly f32: Add; readonly i32: Add } = {
  f32: (n, sums, at, x, from) => {
    for (let i = 0; i < n; i++) sums[at + i]! += x[from + i]!;
  },
  i32: (n, sums, at, x, from) => {
    for (let i = 0; i < n; i++) sums[at + i]! += x[from + i]!;
  },
};

import { dtypes } from '../../ir/dtype.ts';
import type { AlgorithmSource, Kernel } from '../../ir/kernel.ts';
import { sizeOf } from '../../ir/view.ts';
import { reads, ViewReader } from './buffer-access.ts';
import { RegisterAllocator } from './registers.ts';
import type { RunContext } from './run-context.ts';
import { StoreWriter } from './store-writer.ts';

/** Copies the operands to arrays in row-major order, and runs the algorithm on them. */
export function compileAlgorithm(kernel: Kernel, source: AlgorithmSource, context: RunContext): () => void {
  const { plan, precision } = context;
  const registers = new RegisterAllocator(precision.registers);
  const acc = registers.takePermanent(source.type);
  const stores = new StoreWriter(kernel, context, registers, acc);
  const readers = source.operands.map(({ view }) => new ViewReader(view));
  return () => {
    stores.begin();
    const operands = source.operands.map(({ buffer, view }, k) => {
      const { dtype } = plan.buffers[buffer]!;
      const size = sizeOf(view.shape);
      const elements = precision.registers.make(dtypes[dtype].scalar, size);
      readers[k]!.begin(context.values);
      if (size > 0) readers[k]!.read(0, size, reads[dtype], elements, context.buffers[buffer]!);
      return elements;
    });
    const out = precision.registers.make(source.type, stores.size);
    source.algorithm.run(kernel, operands, out);
    stores.runFrom(out, 0, 0, stores.size, acc);
  };
}

import type { Kernel } from '../../ir/kernel.ts';
import { sizeOf } from '../../ir/view.ts';
import { writes } from './buffer-access.ts';
import { ExpressionProgram } from './expression-program.ts';
import { BLOCK_LENGTH, type Register, type RegisterAllocator } from './registers.ts';
import type { RunContext } from './run-context.ts';

/** The last part of every kernel: evaluates the stores' expressions and writes the values. */
export class StoreWriter {
  /** The kernel's number of points. */
  readonly size: number;
  readonly #kernel: Kernel;
  readonly #context: RunContext;
  readonly #program: ExpressionProgram;

  constructor(
    kernel: Kernel,
    context: RunContext,
    registers: RegisterAllocator,
    acc: Register | null = null,
  ) {
    this.size = sizeOf(kernel.shape);
    this.#kernel = kernel;
    this.#context = context;
    const roots = kernel.stores.map((store) => store.expr);
    this.#program = new ExpressionProgram(context, registers, roots, kernel.inputs, acc);
  }

  begin(): void {
    this.#program.begin(this.size);
  }

  /**
   * Processes n <= BLOCK_LENGTH points from `start` on. All loads come before the first write, so a kernel may overwrite its
   * input.
   */
  run(start: number, n: number): void {
    const { stores } = this.#kernel;
    this.#program.evaluate(start, n);
    for (let i = 0; i < stores.length; i++) {
      const { buffer } = stores[i]!;
      const { dtype } = this.#context.plan.buffers[buffer]!;
      writes[dtype](n, this.#context.buffers[buffer]!, start, this.#program.results[i]!);
    }
  }

  /** Processes `count` points from `start` on, whose values of `acc` are sums[from] to sums[from + count - 1]. */
  runFrom(sums: Register, from: number, start: number, count: number, acc: Register): void {
    for (let i = 0; i < count; i += BLOCK_LENGTH) {
      const n = Math.min(BLOCK_LENGTH, count - i);
      acc.set(sums.subarray(from + i, from + i + n));
      this.run(start + i, n);
    }
  }
}

import { finiteCheckOf } from '../../ir/buffer-use.ts';
import type { Kernel } from '../../ir/kernel.ts';
import { evaluateOffset, sizeOf } from '../../ir/view.ts';
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
  /** For each store the element of its buffer where it begins. */
  readonly #starts: number[] = [];
  /** For each store: the check for its values to be finite, or null. */
  readonly #finiteChecks: readonly ReturnType<typeof finiteCheckOf>[];

  constructor(
    kernel: Kernel,
    context: RunContext,
    registers: RegisterAllocator,
    acc: Register | null = null,
  ) {
    this.size = sizeOf(kernel.shape);
    this.#kernel = kernel;
    this.#context = context;
    this.#finiteChecks = kernel.stores.map(({ buffer }) => finiteCheckOf(context.plan, buffer));
    const roots = kernel.stores.map((store) => store.expr);
    this.#program = new ExpressionProgram(context, registers, roots, kernel.inputs, acc);
  }

  begin(): void {
    this.#program.begin(this.size);
    this.#kernel.stores.forEach(({ offset }, i) => {
      this.#starts[i] = offset === undefined ? 0 : evaluateOffset(offset, this.#context.values);
    });
  }

  /** Processes n <= BLOCK_LENGTH points from `start` on. */
  run(start: number, n: number): void {
    const { stores } = this.#kernel;
    this.#program.evaluate(start, n);
    for (let i = 0; i < stores.length; i++) {
      const { buffer } = stores[i]!;
      const { dtype } = this.#context.plan.buffers[buffer]!;
      const values = this.#program.results[i]!;
      writes[dtype](n, this.#context.buffers[buffer]!, this.#starts[i]! + start, values);
      const finite = this.#finiteChecks[i]!;
      if (finite !== null && !areFinite(values, n)) this.#context.fail(finite.check, finite.target);
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

function areFinite(values: Register, n: number): boolean {
  for (let i = 0; i < n; i++) if (values[i]! - values[i]! !== 0) return false;
  return true;
}

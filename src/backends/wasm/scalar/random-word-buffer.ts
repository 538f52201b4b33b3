import type { Expr } from '../../../ir/expr.ts';
import type { Code, Local } from '../assembler/code.ts';
import type { PlanCode } from '../module/plan-code.ts';
import { philox32 } from './philox.ts';

/**
 * Words that are generated at a time, and bytes of the ring buffer: two batches, followed by a copy of the first vector, so
 * that a vector load across the end needs no wrap.
 */
const BATCH = 32;
const BUFFER_BYTES = 2 * BATCH * 4 + 16;

/**
 * A ring buffer in scratch memory for a random stream whose words are used one after the other. Words are generated in
 * batches of 32.
 */
export class RandomWordBuffer {
  readonly #code: Code;
  readonly #plan: PlanCode;
  readonly #address: Local;
  readonly #index: Local;
  /** The first word that has not been generated; the batch before it is in the buffer. */
  readonly #end: Local;
  readonly #stream: readonly Local[];

  /** `index` holds the number of the next word; key and counter are literals or uniforms. */
  constructor(code: Code, plan: PlanCode, { args }: Expr, index: Local, scratch: Local) {
    this.#code = code;
    this.#plan = plan;
    this.#index = index;
    this.#address = code.op('i32.add', scratch, plan.scratch(BUFFER_BYTES));
    this.#end = code.local('i32');
    this.#stream = args
      .slice(1)
      .map((a) => (a.op === 'const' ? code.copy(a.value | 0) : plan.value(code, a.value, 'u32')));
  }

  /** Starts a row, whose first word may be any word of the stream. */
  begin(): void {
    const code = this.#code;
    const available = code.op('i32.sub', this.#end, this.#index);
    code.if(code.op('i32.gt_u', available, BATCH), () => {
      code.set(this.#end, code.op('i32.and', this.#index, -BATCH));
      // The first four words may be in two batches.
      this.#generate();
    });
  }

  /** Emits the generation of the next batch. */
  #generate(): void {
    const code = this.#code;
    const offset = code.op('i32.shl', code.op('i32.and', this.#end, BATCH), 2);
    const to = code.op('i32.add', this.#address, offset);
    code.call(philox32(this.#plan), to, this.#end, ...this.#stream);
    code.if(code.op('i32.eqz', offset), () =>
      code.store('v128.store', to, code.load('v128.load', [to]), 2 * BATCH * 4),
    );
    code.update(this.#end, 'i32.add', this.#end, BATCH);
  }

  /** Emits the load of the words of four points; if `four` is given and 0 at run time, of one word in all lanes. */
  next(four: Local | null): Local {
    const code = this.#code;
    const last = code.op('i32.add', this.#index, 3);
    code.if(code.op('i32.ge_s', code.op('i32.sub', last, this.#end), 0), () => this.#generate());
    const offset = code.op('i32.shl', code.op('i32.and', this.#index, 2 * BATCH - 1), 2);
    const at = code.op('i32.add', this.#address, offset);
    if (four === null) return code.load('v128.load', [at]);
    const words = code.local('v128');
    code.if(
      four,
      () => code.loadInto(words, 'v128.load', [at]),
      () => code.loadInto(words, 'v128.load32_splat', [at]),
    );
    return words;
  }
}

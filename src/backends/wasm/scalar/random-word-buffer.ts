import type { Expr } from '../../../ir/expr.ts';
import type { Code, Local } from '../assembler/code.ts';
import type { PlanCode } from '../module/plan-code.ts';
import { philox32 } from './philox.ts';

/**
 * Words that are made together, and bytes of the ring: two lots, and the first vector once more behind them.
 */
const BATCH = 32;
const BUFFER_BYTES = 2 * BATCH * 4 + 16;

/**
 * A random stream whose words are wanted one after the other: they are made in lots of 32 and wait in scratch
 * memory.
 */
export class RandomWordBuffer {
  readonly #code: Code;
  readonly #plan: PlanCode;
  readonly #address: Local;
  readonly #index: Local;
  /** The first word that has not been made; those of the lot before it are in the ring. */
  readonly #end: Local;
  readonly #stream: readonly Local[];

  /** `index` holds the number of the word that is wanted next; key and counter are the same everywhere. */
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

  /** Before a row: the words may go on where the last row ended, or anywhere else. */
  begin(): void {
    const code = this.#code;
    const behind = code.op('i32.sub', this.#end, this.#index);
    code.if(code.op('i32.gt_u', behind, BATCH), () => {
      code.set(this.#end, code.op('i32.and', this.#index, -BATCH));
      // The first four words may be in two lots.
      this.#make();
    });
  }

  /** Makes the next lot. */
  #make(): void {
    const code = this.#code;
    const slot = code.op('i32.shl', code.op('i32.and', this.#end, BATCH), 2);
    const to = code.op('i32.add', this.#address, slot);
    code.call(philox32(this.#plan), to, this.#end, ...this.#stream);
    code.if(code.op('i32.eqz', slot), () =>
      code.store('v128.store', to, code.load('v128.load', [to]), 2 * BATCH * 4),
    );
    code.update(this.#end, 'i32.add', this.#end, BATCH);
  }

  /** The words of four points, or, where `four` is false, one word in all lanes. */
  next(four: Local | null): Local {
    const code = this.#code;
    const last = code.op('i32.add', this.#index, 3);
    code.if(code.op('i32.ge_s', code.op('i32.sub', last, this.#end), 0), () => this.#make());
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

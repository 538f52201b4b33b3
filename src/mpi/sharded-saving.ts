import type { OptimizerState } from '../optim/index.ts';
import type { Saving } from '../train/checkpoint/types.ts';
import type { ShardedOptimizer } from './sharded-optimizer.ts';

/**
 * Checkpoints of a training whose ranks keep parts of the optimizer's state. Rank 0 decides when one is taken, and the others send
 * it their parts.
 */
export class ShardedSaving implements Saving {
  readonly #own: Saving | undefined;
  readonly #optimizer: ShardedOptimizer;
  /** Whether rank 0 takes a checkpoint. The other ranks pass null. */
  readonly #announce: (isTaken: boolean | null) => Promise<boolean>;

  /** @param own the checkpoints that rank 0 writes. */
  constructor(
    own: Saving | undefined,
    optimizer: ShardedOptimizer,
    gather: (where: string, own: boolean | null) => Promise<readonly (boolean | null)[]>,
  ) {
    this.#own = own;
    this.#optimizer = optimizer;
    this.#announce = async (isTaken) => (await gather('a checkpoint', isTaken))[0] === true;
    if (own !== undefined) own.getOptimizerState = this.getOptimizerState;
  }

  getOptimizerState = async (): Promise<OptimizerState> => {
    await this.#announce(true);
    return (await this.#optimizer.getState())!;
  };

  restore(): Promise<void> {
    return this.#all((own) => own.restore());
  }

  afterStep(): Promise<void> {
    return this.#all((own) => own.afterStep());
  }

  afterEpoch(): Promise<void> {
    return this.#all((own) => own.afterEpoch());
  }

  end(): Promise<void> {
    return this.#all((own) => own.end());
  }

  async settle(): Promise<void> {
    await this.#own?.settle();
  }

  /** Rank 0 does what it does without the others, which send their parts for each checkpoint that is taken. */
  async #all(run: (own: Saving) => Promise<void>): Promise<void> {
    if (this.#own === undefined) {
      while (await this.#announce(null)) await this.#optimizer.getState();
    } else {
      await run(this.#own);
      await this.#announce(false);
    }
  }
}

import { StateError } from '../ir/errors.ts';

/** Ranks that have failed, ended, or not arrived in time. All other ranks get this error. */
export class RankFailure extends StateError {
  readonly #ranks: readonly number[];

  constructor(ranks: readonly number[], size: number, what: string) {
    const name = ranks.length === 1 ? 'rank' : 'ranks';
    super(`[fit] ${name} ${ranks.join(', ')} of ${size} ${what}`);
    this.#ranks = ranks;
  }

  get ranks(): readonly number[] {
    return this.#ranks;
  }
}

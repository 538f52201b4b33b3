import type { ShardNode } from '../train/shards.ts';
import type { SumOutline, SumShapes } from './sum-outline.ts';

type Outline = ShardNode<SumOutline>;

/** Outlines as they are sent. */
export interface SentOutlines {
  readonly outlines: readonly ShardNode<Omit<SumOutline, 'shapes'>>[];
  /** The shapes of each outline as JSON; null if they are those of the last step. */
  readonly shapes: string | null;
}

/** The shapes of all ranks in the last step: nearly always the next step has the same, which are not sent again. */
export class KnownShapes {
  /** What this rank has sent, and what it will have sent after this step. */
  #sent = '';
  #next = '';
  readonly #known: (readonly (SumShapes | null)[])[];

  constructor(ranks: number) {
    this.#known = Array.from({ length: ranks }, () => []);
  }

  split(outlines: readonly Outline[]): SentOutlines {
    this.#next = JSON.stringify(outlines.map(({ sum }) => sum?.shapes ?? null));
    return {
      outlines: outlines.map(({ sum, ...node }) => {
        if (sum === null) return { ...node, sum };
        const { shapes: _, ...rest } = sum;
        return { ...node, sum: rest };
      }),
      shapes: this.#next === this.#sent ? null : this.#next,
    };
  }

  /** The outlines of all ranks, in order. */
  join(all: readonly SentOutlines[]): (Outline & { readonly rank: number })[] {
    this.#sent = this.#next;
    return all.flatMap(({ outlines, shapes }, rank) => {
      if (shapes !== null) this.#known[rank] = JSON.parse(shapes) as (SumShapes | null)[];
      return outlines.map(({ sum, ...node }, i) => ({
        ...{ ...node, rank },
        sum: sum && { ...sum, shapes: this.#known[rank]![i]! },
      }));
    });
  }
}

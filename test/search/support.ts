import { defaultGenerator } from '../../src/index.ts'; // by its path, since workers that import this have no aliases of vitest's
import {
  choice,
  type Journal,
  logUniform,
  type SearchOptions,
  type SearchResults,
  successiveHalving,
  type TrialFunction,
} from '../../src/search.ts';

export const space = { rate: logUniform(1e-4, 1e-1), width: choice([8, 16, 32]) };

/** What `toy` gives is a function of all that it is told, and of a random number. */
export const toy: TrialFunction<typeof space, 'score' | 'noise'> = async (
  { rate, width },
  { epochs, seed },
) => {
  const noise = defaultGenerator().uniform([]).item();
  return { score: Math.abs(Math.log10(rate) + 2) - width / 100 + noise / epochs + seed / 2 ** 34, noise };
};

/** A search that is over in no time. */
export const options: SearchOptions<typeof space, 'score' | 'noise'> = {
  space,
  strategy: successiveHalving({ trials: 9, maxEpochs: 9 }),
  objective: { minimize: 'score' },
  trial: toy,
  seed: 5,
  progress: false,
};

/** A journal in memory. */
export class Memory implements Journal {
  readonly name = 'memory';
  text: string;

  constructor(text = '') {
    this.text = text;
  }

  async read(): Promise<string> {
    return this.text;
  }

  async append(line: string): Promise<void> {
    this.text = this.text.slice(0, this.text.lastIndexOf('\n') + 1) + line;
  }

  get lines(): string[] {
    return this.text.split('\n').slice(0, -1);
  }
}

/** All runs without the time that they took. */
export const untimed = ({ runs }: SearchResults<unknown>): object[] =>
  runs.map((run) => ({ ...run, seconds: 0 }));

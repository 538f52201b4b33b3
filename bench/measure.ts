import { cpus, totalmem } from 'node:os';

/** The machine and the engine, in one line each: no figure means anything without them. */
export function describeMachine(backend: { name: string; threads: number }): string {
  const [cpu] = cpus();
  return [
    `machine: ${cpu?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    `runtime: Node ${process.version}, ${process.platform} ${process.arch}; backend ${backend.name}, ${backend.threads} thread(s)`,
  ].join('\n');
}

type Work = () => void | Promise<void>;

/**
 * Median seconds of several programs, timed in turn (A B A B ...), so that a machine whose speed drifts is
 * the same for all. Each is run `warmUp` times first.
 */
export async function medians(works: readonly Work[], { rounds = 9, warmUp = 2 } = {}): Promise<number[]> {
  const times: number[][] = works.map(() => []);
  for (let round = -warmUp; round < rounds; round++) {
    for (const [i, work] of works.entries()) {
      const start = performance.now();
      await work();
      if (round >= 0) times[i]!.push((performance.now() - start) / 1000);
    }
  }
  return times.map((t) => t.sort((a, b) => a - b)[Math.floor(t.length / 2)]!);
}

import type { Session } from '../session.ts';
import { printTable, type Row } from '../tables.ts';

/** Work that is limited by memory bandwidth and elementary functions: fused maps, and the update of Adam. */
export async function benchElementwise(session: Session): Promise<void> {
  await session.withProcesses(['elementwise', 'adam'], async (processes) => {
    const rows: Row[] = [];
    for (const last of ['tanh', 'relu'] as const) {
      for (const [size, chained] of [
        [1_000_000, false],
        [1_000_000, true],
        [10_000, false],
      ] as const) {
        if (chained && last === 'tanh') continue;
        const of = chained ? ' of the last result' : '';
        const label = `(x · a + b).${last}()${of}, ${size.toLocaleString('en-US')} floats`;
        const task = { kind: 'elementwise', size, last, chained } as const;
        const timings = await session.time('elementwise', label, processes, task);
        rows.push({ label, timings, figure: (seconds) => (2 * 4 * size) / seconds / 1e9 });
      }
    }
    printTable(
      'Elementwise, in GB/s (4 bytes read and 4 written for each float): median (best)',
      session.libraries,
      rows,
    );
    const size = 1_000_000;
    const label = `Adam, ${size.toLocaleString('en-US')} parameters`;
    const timings = await session.time('elementwise', label, processes, { kind: 'adam', size });
    printTable('Step of Adam for the loss sum(p · g), in ms: median (best)', session.libraries, [
      { label, timings, figure: (seconds) => seconds * 1000 },
    ]);
  });
}

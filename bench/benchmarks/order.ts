import type { Session } from '../session.ts';
import { printTable, type Row } from '../tables.ts';

/** Sorting, the largest elements, and cumulative sums along rows. */
export async function benchOrder(session: Session): Promise<void> {
  await session.withProcesses(['order'], async (processes) => {
    const rows: Row[] = [];
    for (const operation of ['sort', 'top 10', 'top 100', 'cumsum'] as const) {
      for (const [count, columns] of [
        [1, 1_000_000],
        [1000, 1000],
        [10_000, 64],
      ] as const) {
        if (operation === 'top 100' && columns < 100) continue;
        const label = `${operation} along ${count.toLocaleString('en-US')} x ${columns.toLocaleString('en-US')}`;
        const task = { kind: 'order', rows: count, columns, operation } as const;
        const timings = await session.time('sort', label, processes, task);
        rows.push({ label, timings, figure: (seconds) => seconds * 1000 });
      }
    }
    printTable('Order, in ms: median (best)', session.libraries, rows);
  });
}

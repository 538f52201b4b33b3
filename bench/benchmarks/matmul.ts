import { RegisterLoop } from '../register-loop.ts';
import type { Session } from '../session.ts';
import { alignColumns, printTable, type Row } from '../tables.ts';
import { flops, type Product } from '../task.ts';

const products: readonly Product[] = [
  { m: 512, k: 784, n: 512 },
  { m: 512, k: 784, n: 512, transposeA: true },
  { m: 512, k: 784, n: 512, transposeB: true },
  { m: 512, k: 784, n: 128 },
  { m: 512, k: 128, n: 10 },
  { m: 32, k: 784, n: 128 },
  { m: 1, k: 784, n: 512 },
  { m: 512, k: 784, n: 1 },
];

/** Matrix products, and a loop in registers that shows the largest speedup by threads on this machine. */
export async function benchMatmul(session: Session): Promise<void> {
  const { threads } = session.settings;
  const loop = new RegisterLoop(threads);
  const rows: Row[] = [];
  const loops: { gflops: number; gain: number }[] = [];
  try {
    await loop.measure(); // warm-up, not counted
    loop.take();
    await session.withProcesses(['matmul'], async (processes) => {
      for (const product of products) {
        const label = describe(product);
        const task = { kind: 'matmul', products: [product] } as const;
        const between = () => loop.measure();
        const timings = await session.time('matmul', label, processes, task, { between });
        loops.push(loop.take());
        rows.push({ label, timings, figure: (seconds) => flops([product]) / seconds / 1e9 });
      }
    });
  } finally {
    await loop.stop();
  }
  printTable(
    'Matrix product, float32, in GFLOP/s: median (best); Aᵀ and Bᵀ are stored transposed',
    session.libraries,
    rows,
  );
  if (threads > 1) printLoop(threads, rows, loops);
}

/** Prints the rate of the loop in the rounds of each product, and the speedups by threads. */
function printLoop(
  threads: number,
  rows: readonly Row[],
  loops: readonly { gflops: number; gain: number }[],
): void {
  console.log('\nIn the same rounds: a loop in registers with 128-bit vectors on one thread,');
  console.log(`and the speedup by ${threads} threads in it and in ndgrad's product`);
  const lines = rows.map(({ label, timings }, i) => {
    const one = timings.get('ndgrad-1');
    const several = timings.get(`ndgrad-${threads}`);
    const gain = one && several ? (one.median / several.median).toFixed(2) : '-';
    return [label, loops[i]!.gflops.toFixed(1), loops[i]!.gain.toFixed(2), gain];
  });
  for (const line of alignColumns([['', 'GFLOP/s', 'gain', "ndgrad's gain"], ...lines])) console.log(line);
}

function describe({ m, k, n, transposeA, transposeB }: Product): string {
  return `[${m}, ${k}]${transposeA ? 'ᵀ' : ''} · [${k}, ${n}]${transposeB ? 'ᵀ' : ''}`;
}

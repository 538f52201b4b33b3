import type { Session } from '../session.ts';
import { alignColumns, type Column, printTable, type Row } from '../tables.ts';
import { type ConvolutionTask, convolutionFlops, flops, type PoolingTask, productOf } from '../task.ts';

const convolution = {
  kind: 'convolution',
  batch: 128,
  size: 28,
  inputs: 32,
  outputs: 64,
  kernelSize: 3,
} as const;
const pooling = { kind: 'pooling', batch: 128, size: 28, channels: 32, window: 2 } as const;
const few = 1;
/** The number of images for which the matrix of all windows fits in a cache. */
const inCache = 8;

/** A convolution and its gradients, the equivalent matrix product, and max-pooling. */
export async function benchConvolution(session: Session): Promise<void> {
  const { batch, size, inputs, outputs, kernelSize } = convolution;
  await session.withProcesses(['convolution', 'pooling', 'matmul'], async (processes) => {
    const rows: Row[] = [];
    for (const gradients of [false, true]) {
      const label = gradients ? 'convolution, forward + gradients' : 'convolution, forward';
      const task = (batch: number): ConvolutionTask => ({ ...convolution, batch, gradients });
      const timings = await session.timeBatches('convolution', label, processes, task, { batch, few });
      rows.push({ label, timings, figure: (seconds) => convolutionFlops(task(batch)) / seconds / 1e9 });
    }
    const convolutions = [...rows];
    for (const images of [batch, inCache]) {
      const product = (batch: number) => productOf({ ...convolution, batch, gradients: false });
      const { m, k, n } = product(images);
      const label = `matrix product [${m}, ${k}] · [${k}, ${n}]`;
      const task = (batch: number) => ({ kind: 'matmul', products: [product(batch)] }) as const;
      const timings = await session.timeBatches('convolution', label, processes, task, {
        batch: images,
        few,
      });
      rows.push({ label, timings, figure: (seconds) => flops([product(images)]) / seconds / 1e9 });
    }
    printTable(
      `Convolution ${kernelSize} x ${kernelSize} (same) of ${batch} images ${size} x ${size} from ${inputs} to ${outputs} channels, ` +
        'in GFLOP/s: median (best); gradients of images and kernel',
      session.libraries,
      rows,
    );
    for (const product of rows.slice(convolutions.length)) {
      printShares(session.libraries, convolutions, product);
    }

    const pools: Row[] = [];
    for (const gradients of [false, true]) {
      const label = gradients ? 'forward + gradient' : 'forward';
      const task = (batch: number): PoolingTask => ({ ...pooling, batch, gradients });
      const workload = `max-pooling, ${label}`;
      const timings = await session.timeBatches('convolution', workload, processes, task, { batch, few });
      pools.push({ label, timings, figure: (seconds) => seconds * 1000 });
    }
    printTable(
      `Max-pooling ${pooling.window} x ${pooling.window} of ${pooling.batch} images ${pooling.size} x ${pooling.size} with ` +
        `${pooling.channels} channels, in ms: median (best)`,
      session.libraries,
      pools,
    );
  });
}

/** Prints the rate of the convolutions relative to that of a product. */
function printShares(libraries: readonly Column[], convolutions: readonly Row[], product: Row): void {
  const shown = libraries.filter(({ key }) => product.timings.has(key));
  const percent = (seconds: number, row: Row, of: number) =>
    `${Math.round((100 * row.figure(seconds)) / product.figure(of))} %`;
  const share = (row: Row, key: string): string => {
    const [a, b] = [row.timings.get(key), product.timings.get(key)];
    if (a === undefined || b === undefined) return '-';
    return `${percent(a.median, row, b.median)} (${percent(a.minimum, row, b.minimum)})`;
  };
  const lines = convolutions.map((row) => [row.label, ...shown.map(({ key }) => share(row, key))]);
  console.log(`\nRelative to the rate of the ${product.label} on the same threads: medians (best rounds)`);
  for (const line of alignColumns([['', ...shown.map(({ title }) => title)], ...lines])) console.log(line);
}

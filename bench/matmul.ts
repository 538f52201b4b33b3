import { Generator, matmul, tensor } from 'ndgrad';
import { medians } from './measure.ts';

/** The shapes of the reference model's forward and backward pass at batch 512, and two squares. */
const shapes: readonly (readonly [m: number, k: number, n: number])[] = [
  [512, 784, 128],
  [784, 512, 128],
  [512, 128, 128],
  [512, 128, 10],
  [256, 256, 256],
  [512, 512, 512],
];

/** Matrix multiply in GFLOP/s, against the three nested loops that everyone writes first. */
export async function benchMatmul(): Promise<void> {
  console.log('\nmatrix multiply, float32       ndgrad GFLOP/s   plain loops   ratio');
  for (const [m, k, n] of shapes) {
    const random = new Generator(1);
    const a = random.uniform([m, k], -1, 1).dataSync();
    const b = random.uniform([k, n], -1, 1).dataSync();
    const x = tensor(a, { shape: [m, k] });
    const y = tensor(b, { shape: [k, n] });
    const c = new Float32Array(m * n);
    const [ours, loops] = await medians([
      () => {
        matmul(x, y).dataSync();
      },
      () => plainLoops(a, b, c, m, k, n),
    ]);
    const gflops = (seconds: number) => (2 * m * k * n) / seconds / 1e9;
    const shape = `[${m}, ${k}] x [${k}, ${n}]`;
    console.log(
      `  ${shape.padEnd(28)} ${gflops(ours!).toFixed(2).padStart(14)} ${gflops(loops!).toFixed(2).padStart(13)} ` +
        `${(loops! / ours!).toFixed(2).padStart(7)}`,
    );
  }
}

function plainLoops(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  c: Float32Array,
  m: number,
  k: number,
  n: number,
): void {
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let p = 0; p < k; p++) sum += a[i * k + p]! * b[p * n + j]!;
      c[i * n + j] = sum;
    }
  }
}

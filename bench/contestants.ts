import { fileURLToPath } from 'node:url';
import { versionOf } from './peers.ts';
import type { Task } from './task.ts';

/** Who takes part: a library with its backend and threads. */
export interface Contestant {
  /** Its name on the command line. */
  readonly key: string;
  /** Its name in the tables. */
  readonly title: string;
  /** The main program of its process. */
  readonly program: string;
  readonly arguments: readonly string[];
  /** The version of its package; null where that is not installed, or where the library tells it itself. */
  readonly version: string | null;
  /** The only tasks that it is here for; all if not given. */
  readonly kinds?: readonly Task['kind'][];
  /** Whether it computes on the GPU; such ones take part only in the benchmark `gpu`. */
  readonly gpu?: true;
}

/** Whether a contestant is here for such tasks. */
export const does = ({ kinds }: Contestant, kind: Task['kind']): boolean => kinds?.includes(kind) ?? true;

const images = ['convolution', 'pooling', 'convnet'] as const;

export interface ContestantOptions {
  /** ndgrad's backend: the reference interpreter has one thread. */
  readonly backend: 'js' | 'wasm';
  readonly threads: number;
  readonly python: string;
  /** Whether a GPU may be one that computes on the CPU. */
  readonly allowSoftware: boolean;
}

/** All contestants; ndgrad on one thread comes first, since the others are compared with it. */
export function contestants(options: ContestantOptions): Contestant[] {
  const { backend, threads, python, allowSoftware } = options;
  const several = threads > 1 ? [threads] : [];
  const title = (name: string, n: number) => `${name}, ${n} thread${n === 1 ? '' : 's'}`;
  const make = (
    key: string,
    title: string,
    file: string,
    args: readonly (string | number)[],
    folder?: string,
    kinds?: Contestant['kinds'],
  ): Contestant => ({
    key,
    title,
    program: fileURLToPath(new URL(`contestants/${file}.ts`, import.meta.url)),
    arguments: args.map(String),
    version: folder === undefined ? null : versionOf(folder),
    ...(kinds === undefined ? {} : { kinds }),
  });
  const onGpu = (contestant: Contestant): Contestant => ({ ...contestant, gpu: true });
  const jax = 'node_modules/@jax-js/jax';
  const tfjs = 'node_modules/@tensorflow/tfjs';
  return [
    ...[1, ...several].map((n) => make(`ndgrad-${n}`, title('ndgrad', n), 'ndgrad', [n, backend], '..')),
    make('jax-js', 'jax-js wasm', 'jax', [1], jax),
    make('tfjs-wasm', 'tfjs wasm', 'tfjs', [1, 'wasm'], tfjs),
    make('tfjs-cpu', 'tfjs cpu', 'tfjs', [1, 'cpu'], tfjs),
    make('brain', 'brain.js', 'brain', [1], 'node_modules/brain.js', ['training']),
    make('convnetjs', 'convnetjs', 'convnetjs', [1], 'node_modules/convnetjs', images),
    ...[1, ...several].map((n) => make(`torch-${n}`, title('PyTorch', n), 'pytorch', [n, python])),
    ...[1, ...several].map((n) =>
      make(
        `torch-nhwc-${n}`,
        title('PyTorch NHWC', n),
        'pytorch',
        [n, python, 'channels_last'],
        undefined,
        images,
      ),
    ),
    onGpu(
      make('ndgrad-webgpu', 'ndgrad WebGPU', 'ndgrad-gpu', [1, allowSoftware ? 'allow-software' : ''], '..'),
    ),
    onGpu(make('jax-webgpu', 'jax-js WebGPU', 'jax', [1, 'webgpu'], jax)),
  ];
}

/** The GPU itself: kernels that show what it can do at best. */
export const card: Contestant = {
  key: 'card',
  title: 'the card',
  program: fileURLToPath(new URL('contestants/card.ts', import.meta.url)),
  arguments: ['1'],
  version: null,
  gpu: true,
};

import { fileURLToPath } from 'node:url';
import { versionOf } from './peers.ts';
import type { Task } from './task.ts';

/** A library with its backend and number of threads. */
export interface LibrarySetup {
  /** Its name on the command line. */
  readonly key: string;
  /** Its name in the tables. */
  readonly title: string;
  /** The main program of its process. */
  readonly program: string;
  readonly arguments: readonly string[];
  /** The version of its package; null if that is not installed, or if the library reports it itself. */
  readonly version: string | null;
  /** The only kinds of tasks that it takes part in; all by default. */
  readonly kinds?: readonly Task['kind'][];
  /** Whether it computes on the GPU. Such libraries take part only in the benchmark `gpu`. */
  readonly gpu?: true;
}

/** Whether a library takes part in tasks of a kind. */
export const supports = ({ kinds }: LibrarySetup, kind: Task['kind']): boolean =>
  kinds?.includes(kind) ?? true;

const images = ['convolution', 'pooling', 'convnet'] as const;

export interface LibraryOptions {
  /** ndgrad's backend: the reference interpreter has one thread. */
  readonly backend: 'js' | 'wasm';
  readonly threads: number;
  readonly python: string;
  /** Whether an adapter that computes on the CPU is accepted as a GPU. */
  readonly allowSoftware: boolean;
}

/** All libraries. ndgrad on one thread comes first, since the others are compared with it. */
export function librarySetups(options: LibraryOptions): LibrarySetup[] {
  const { backend, threads, python, allowSoftware } = options;
  const several = threads > 1 ? [threads] : [];
  const title = (name: string, n: number) => `${name}, ${n} thread${n === 1 ? '' : 's'}`;
  const make = (
    key: string,
    title: string,
    file: string,
    args: readonly (string | number)[],
    folder?: string,
    kinds?: LibrarySetup['kinds'],
  ): LibrarySetup => ({
    key,
    title,
    program: fileURLToPath(new URL(`libraries/${file}.ts`, import.meta.url)),
    arguments: args.map(String),
    version: folder === undefined ? null : versionOf(folder),
    ...(kinds === undefined ? {} : { kinds }),
  });
  const onGpu = (library: LibrarySetup): LibrarySetup => ({ ...library, gpu: true });
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

/** Kernels that measure the limits of the GPU. */
export const gpuKernels: LibrarySetup = {
  key: 'gpu-kernels',
  title: 'GPU kernels',
  program: fileURLToPath(new URL('libraries/gpu-kernels.ts', import.meta.url)),
  arguments: ['1'],
  version: null,
  gpu: true,
};

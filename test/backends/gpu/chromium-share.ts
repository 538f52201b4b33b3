import type { Case } from './case.ts';

// How many of the cases of a group run in Chromium, where SwiftShader takes up to a tenth of a second for
// each kernel. On WebGPU the kernels are those of Node, where all cases run; on WebGL2 they are other
// ones, from another compiler. Losses and layers are the same operations again.
const shares: Record<'webgpu' | 'webgl2', { readonly [group: string]: number }> = {
  webgpu: {
    'known answers': 1 / 20,
    'known gradients': 1 / 20,
    'known losses': 0,
    'known layers': 0,
    'operations of the catalogue': 1 / 10,
    'random numbers': 1 / 5,
    reductions: 1 / 6,
    contractions: 1 / 8,
    'convolution and pooling': 1 / 4,
    training: 1 / 9,
  },
  webgl2: {
    'known answers': 1 / 8,
    'known gradients': 1 / 10,
    'known losses': 0,
    'known layers': 0,
    'operations of the catalogue': 1 / 4,
    'random numbers': 1 / 5,
    reductions: 1 / 4,
    'convolution and pooling': 1 / 2,
    training: 1 / 5,
  },
};

/**
 * The cases that an API's share leaves, spread evenly over each group; all where `GPU_RUNS` asks for more.
 */
export function thinned(cases: readonly Case[], api: 'webgpu' | 'webgl2', runs = 1): Case[] {
  const seen = new Map<string, number>();
  return cases.filter(({ group }) => {
    const i = seen.get(group) ?? 0;
    seen.set(group, i + 1);
    const share = Math.min(1, runs * (shares[api][group] ?? 1));
    // Where there is a share it has the first one.
    return Math.ceil((i + 1) * share) > Math.ceil(i * share);
  });
}

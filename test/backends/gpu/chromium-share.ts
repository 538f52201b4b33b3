import type { Case, Group } from './case.ts';

// The share of the cases of a group that runs in Chromium, where SwiftShader takes up to 0.1 s per shader program. On
// WebGPU the programs are the same as in Node, where all cases run; on WebGL2 they are GLSL. Losses and layers use no
// other operations.
const shares: Record<'webgpu' | 'webgl2', { readonly [G in Group]?: number }> = {
  webgpu: {
    'known answers': 1 / 20,
    'known gradients': 1 / 20,
    'known losses': 0,
    'known layers': 0,
    operations: 1 / 10,
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
    operations: 1 / 4,
    'random numbers': 1 / 5,
    reductions: 1 / 4,
    'convolution and pooling': 1 / 2,
    training: 1 / 5,
  },
};

/** The share of the cases for an API, spread evenly over each group; `runs` (from `GPU_RUNS`) multiplies it. */
export function thinned(cases: readonly Case[], api: 'webgpu' | 'webgl2', runs = 1): Case[] {
  const seen = new Map<string, number>();
  return cases.filter(({ group }) => {
    const i = seen.get(group) ?? 0;
    seen.set(group, i + 1);
    const share = Math.min(1, runs * (shares[api][group] ?? 1));
    // A share above 0 includes the first case.
    return Math.ceil((i + 1) * share) > Math.ceil(i * share);
  });
}

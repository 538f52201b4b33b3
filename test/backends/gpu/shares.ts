import { full } from '../../tooling/effort.ts';
import type { Case, Group } from './case.ts';

type Shares = { readonly [G in Group]?: number };

// The share of the cases of a group that runs on a software GPU, which takes up to 0.1 s to compile a shader program. All run
// in Node in `npm run test:full`. In Chromium fewer do: on WebGPU the programs are the same as in Node, on WebGL2 they are
// GLSL. Losses and layers use no other operations.
const shares = {
  node: full
    ? {}
    : {
        'known answers': 1 / 60,
        'known gradients': 1 / 60,
        'known losses': 0,
        'known layers': 0,
        operations: 1 / 20,
        'random numbers': 1 / 5,
        reductions: 1 / 10,
        contractions: 0,
        'convolution and pooling': 1 / 16,
        loops: 1 / 12,
        'values of all kinds': 1 / 6,
        'checks on values': 1 / 6,
      },
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
    loops: 1 / 6,
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
    loops: 1 / 3,
    training: 1 / 5,
  },
} satisfies Record<string, Shares>;

/** The share of the cases that runs, spread evenly over each group. */
export function thinned(cases: readonly Case[], where: keyof typeof shares): Case[] {
  const seen = new Map<string, number>();
  return cases.filter(({ group }) => {
    const i = seen.get(group) ?? 0;
    seen.set(group, i + 1);
    const share = (shares[where] as Shares)[group] ?? 1;
    // A share above 0 includes the first case.
    return Math.ceil((i + 1) * share) > Math.ceil(i * share);
  });
}

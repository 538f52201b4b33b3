import { supportLoops } from '../backends/wasm/index.ts';
import { inPlace } from '../compiler/in-place.ts';
import { loopCompiler as compiler } from '../compiler/loop.ts';
import type { LoopCompiler } from '../ir/primitive.ts';

/** The compiler of loops, and what backends need to run them. Programs without loops do not contain it. */
export function loopCompiler(): LoopCompiler {
  supportLoops();
  return compiler;
}

/** The same for values that are written into the memory of a leaf. */
export function inPlaceCompiler(...layout: Parameters<typeof inPlace>): LoopCompiler {
  supportLoops();
  return inPlace(...layout);
}

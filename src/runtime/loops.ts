import { supportLoops } from '../backends/wasm/index.ts';
import { loopCompiler as compiler } from '../compiler/loop.ts';
import type { LoopCompiler } from '../ir/primitive.ts';

/** The compiler of loops, and what backends need to run them. Programs without loops do not contain it. */
export function loopCompiler(): LoopCompiler {
  supportLoops();
  return compiler;
}

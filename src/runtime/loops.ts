// What operations that are loops bring along, so that programs without them do not contain it.
export { loopCompiler } from '../compiler/loop.ts';

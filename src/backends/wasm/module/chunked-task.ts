import type { Callable, Code, Local } from '../assembler/code.ts';
import type { PlanCode, Task } from './plan-code.ts';

/** Enough chunks to balance the load of many threads. */
const MAX_CHUNKS = 256;

/**
 * A task over `count` units of work, divided into chunks of adjacent units. `body` emits the code for units `first` to
 * `end - 1`. All chunks but the last one have a multiple of `multiple` units.
 */
export function chunkedTask(
  plan: PlanCode,
  count: number,
  cost: number,
  multiple: number,
  body: (code: Code, first: Local, end: Local, scratch: Local) => void,
): Task {
  const wanted = Math.min(MAX_CHUNKS, Math.max(1, Math.ceil(cost / plan.grain)));
  const size = Math.ceil(Math.ceil(count / wanted) / multiple) * multiple;
  const chunks = Math.ceil(count / size);
  const run: Callable = plan.module.function(['i32', 'i32'], [], (code, chunk, scratch) => {
    const first = code.op('i32.mul', chunk!, size);
    const end = code.op('i32.add', first, size);
    if (count % size !== 0) code.set(end, code.smaller(end, count));
    body(code, first, end, scratch!);
  });
  return { run, chunks, cost };
}

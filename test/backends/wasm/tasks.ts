import { expect } from 'vitest';
import type { JsArray } from '../../../src/backends/js/index.ts';
import { alignToCacheLine, frame } from '../../../src/backends/wasm/module/frame-layout.ts';
import { PlanCode, type Task } from '../../../src/backends/wasm/module/plan-code.ts';
import { dtypes } from '../../../src/ir/dtype.ts';
import type { Kernel } from '../../../src/ir/kernel.ts';
import type { Plan } from '../../../src/ir/plan.ts';
import { evaluateOffset } from '../../../src/ir/view.ts';
import { kernelsOf } from '../../compiler/plans.ts';
import type { PlanBuilder } from '../js/plans.ts';

const PAGE = 65536;
const FRAME = 64;
/** The initial value of every byte of memory outside the buffers and the frame. */
const FILLER = 0x7f;

interface Options {
  readonly values?: readonly number[];
  readonly grain?: number;
  /** The buffer at the end of memory: more than 64 bytes beyond it cannot be read. */
  readonly last?: number;
}

export interface TaskRun {
  /** Like the plan's results. */
  readonly results: JsArray[];
  readonly tasks: readonly Task[];
  readonly scratchBytes: number;
}

/**
 * Runs the kernels of a plan without an arena, compiled to tasks by `compile`, on one thread, chunks from last to first.
 * Fails if a byte outside the results and the kernels' own memory was written.
 */
export function runTasks(
  builder: PlanBuilder,
  compile: (kernel: Kernel, plan: PlanCode) => Task[],
  { values = [], grain, last = 0 }: Options = {},
): TaskRun {
  const plan = builder.plan();
  const arrays = plan.buffers.map(({ location }) => {
    if (location.kind === 'arena') throw new Error('these tests do not support an arena');
    return (location.kind === 'bound' ? builder.bound : builder.results)[location.index]!;
  });
  const code = new PlanCode(plan, false, grain);
  const tasks = kernelsOf(plan).flatMap((kernel, i) => {
    code.beginKernel(i);
    return compile(kernel, code);
  });
  tasks.forEach(({ run }, i) => {
    code.module.export(`task${i}`, run);
  });

  const { starts, tables, temporary, scratch, pages } = layOut(code, arrays, last);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const bytes = new Uint8Array(memory.buffer).fill(FILLER);
  arrays.forEach((array, b) => {
    on(plan, memory, b, starts[b]!, array.length).set(array);
  });
  const words = new Int32Array(memory.buffer, FRAME + frame.words, code.words.length);
  code.words.forEach((word, i) => {
    if (word.kind === 'address') {
      const { bytes } = dtypes[plan.buffers[word.buffer]!.dtype];
      words[i] = starts[word.buffer]! + bytes * evaluateOffset(word.offset, values);
    } else if (word.kind === 'offset') words[i] = evaluateOffset(word.offset, values);
    else if (word.kind === 'temporary') words[i] = temporary[word.region]! + word.byteOffset;
    else if (word.kind === 'table') {
      words[i] = tables[i]!;
      new Int32Array(memory.buffer, tables[i]!).set(word.values);
    } else if (word.kind === 'value') throw new Error('these tests do not support uniforms');
  });

  const own = [
    [scratch, code.scratchBytes],
    ...temporary.map((at, region) => [at, code.temporaryBytes[region]!] as const),
    ...plan.buffers.flatMap(({ location }, b) =>
      location.kind === 'result' ? [[starts[b]!, arrays[b]!.byteLength] as const] : [],
    ),
  ] as const;
  const outside = (): Uint8Array => {
    const copy = bytes.slice();
    for (const [at, length] of own) copy.fill(0, at, at + length);
    return copy;
  };

  const before = outside();
  const env = { memory, frame: new WebAssembly.Global({ value: 'i32' }, FRAME) };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code.module.encode()), { env });
  tasks.forEach(({ chunks }, i) => {
    const run = exports[`task${i}`] as (chunk: number, scratch: number) => void;
    for (let chunk = chunks - 1; chunk >= 0; chunk--) run(chunk, scratch);
  });
  expect(Buffer.compare(outside(), before), 'a write outside the results').toBe(0);
  const results = plan.buffers.flatMap(({ location }, b) =>
    location.kind === 'result' ? [on(plan, memory, b, starts[b]!, arrays[b]!.length).slice()] : [],
  );
  return { results, tasks, scratchBytes: code.scratchBytes };
}

const on = (plan: Plan, memory: WebAssembly.Memory, b: number, at: number, size: number): JsArray =>
  dtypes[plan.buffers[b]!.dtype].on(memory.buffer, at, size);

/** The addresses of a plan's memory, at least 64 bytes apart. */
function layOut(code: PlanCode, arrays: readonly JsArray[], last: number) {
  let end = FRAME + alignToCacheLine(frame.words + 4 * code.words.length);
  const take = (bytes: number): number => {
    const at = end;
    end += alignToCacheLine(bytes) + 64;
    return at;
  };
  const tables = code.words.map((word) => (word.kind === 'table' ? take(word.values.byteLength) : 0));
  const temporary = code.temporaryBytes.map(take);
  const scratch = take(code.scratchBytes);
  const starts = arrays.map((array) => take(array.byteLength));
  const pages = Math.ceil((end + arrays[last]!.byteLength) / PAGE);
  starts[last] = pages * PAGE - 64 - arrays[last]!.byteLength;
  return { starts, tables, temporary, scratch, pages };
}

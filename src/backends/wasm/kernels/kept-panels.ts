import { buffersWritten } from '../../../ir/buffer-use.ts';
import { axisGroupsOf } from '../../../ir/contract-axes.ts';
import type { Contract, Kernel } from '../../../ir/kernel.ts';
import type { Loop, PlanStep } from '../../../ir/plan.ts';
import { sizeOf } from '../../../ir/view.ts';
import { chunkedTask } from '../module/chunked-task.ts';
import { alignToCacheLine } from '../module/frame-layout.ts';
import { perPlan } from '../module/per-plan.ts';
import type { PlanCode, Task } from '../module/plan-code.ts';
import { FEW_ROWS, K_BLOCK, STRIP } from './contract.ts';
import type { KeptMatrix } from './loop-support.ts';
import { type RightMatrix, readsInPlace } from './matrix-access.ts';
import { packFunction } from './pack.ts';
import { emitElementOffset, matrixLayoutOf, stridedRunsOf } from './strided-runs.ts';
import { TILE_COLUMNS } from './tile.ts';

// A right matrix that does not change in a loop is packed once, before the loop, and stays in memory until the run ends.

/** The most bytes of packed matrices in a plan. */
const MAX_BYTES = 0x400_0000;
const PANEL_STEP = 4 * TILE_COLUMNS;

const keptOf = perPlan(() => new Map<string, KeptMatrix>());

const keyOf = ({ type, axes, b }: Contract): string => JSON.stringify([type, axes, b.buffer, b.view]);

/** The packed right matrix of a contraction; undefined if it is packed where it is used. */
export const keptMatrix = (plan: PlanCode, source: Contract): KeptMatrix | undefined =>
  keptOf(plan).get(keyOf(source));

/** Tasks that pack the right matrices of a loop's contractions, unless the loop changes them. */
export function keepMatrices(plan: PlanCode, loop: Loop): Task[] {
  const kept = keptOf(plan);
  const written = new Set(buffersWritten(loop));
  const slots = slotsOf(loop);
  return kernelsOf(loop.steps).flatMap((kernel) => {
    const { source, shape } = kernel;
    if (source.kind !== 'contract' || kept.has(keyOf(source))) return [];
    const { buffer, view } = source.b;
    if (written.has(buffer) || view.offset.terms.some(({ slot }) => slots.has(slot))) return [];
    const groups = axisGroupsOf(source);
    const size = { m: sizeOf(groups.a.m.shape), n: sizeOf(groups.b.n.shape), k: sizeOf(groups.b.k.shape) };
    const layout = matrixLayoutOf(plan, source.b, groups.b.n, groups.b.k);
    if (sizeOf(shape) === 0 || size.m === 1 || size.n === 1 || size.k === 0) return [];
    if (readsInPlace(layout, source.type, size.m <= FEW_ROWS)) return [];
    const found = pack(plan, source, size);
    if (found === null) return [];
    kept.set(keyOf(source), found.matrix);
    return [found.task];
  });
}

const kernelsOf = (steps: readonly PlanStep[]): Kernel[] =>
  steps.flatMap((step) => (step.kind === 'loop' ? kernelsOf(step.steps) : [step]));

const slotsOf = ({ slot, steps }: Loop): Set<number> =>
  new Set([slot, slot + 1, ...steps.flatMap((step) => (step.kind === 'loop' ? [...slotsOf(step)] : []))]);

/**
 * Packs a matrix as `compileContract` reads it: for each block along k the panels of all columns. Null if it is too large.
 */
function pack(
  plan: PlanCode,
  source: Contract,
  { n, k }: { readonly n: number; readonly k: number },
): { readonly matrix: KeptMatrix; readonly task: Task } | null {
  const { batch, n: columns, k: terms } = axisGroupsOf(source).b;
  const batches = sizeOf(batch.shape);
  const rowBytes = Math.ceil(n / TILE_COLUMNS) * PANEL_STEP;
  const batchBytes = rowBytes * Math.ceil(k / 4) * 4;
  const before = plan.temporaryBytes[2];
  const bytes = before + alignToCacheLine(batches * batchBytes);
  if (bytes > MAX_BYTES) return null;
  const word = plan.kept(before);
  plan.temporaryBytes[2] = bytes;
  const strips = Math.ceil(n / STRIP);
  const starts = stridedRunsOf(plan, batch, plan.bytesOf(source.b.buffer));
  const packPart = packFunction(
    plan,
    matrixLayoutOf(plan, source.b, columns, terms),
    source.type,
    TILE_COLUMNS,
  );
  const originOf: KeptMatrix['origin'] = (code, plan, number) =>
    code.op('i32.add', plan.word(code, word), code.op('i32.mul', number, batchBytes));
  const emit: RightMatrix['emit'] = (code, { origin, line, k: p, depth }) => {
    const rounded = code.op('i32.and', code.op('i32.add', depth, 3), -4);
    const panel = code.op('i32.mul', rounded, PANEL_STEP);
    const at = code.op('i32.add', origin, code.op('i32.mul', p, rowBytes));
    const before = code.op('i32.div_u', line, TILE_COLUMNS);
    code.update(at, 'i32.add', at, code.op('i32.mul', before, panel));
    return { at, panel };
  };
  const task = chunkedTask(plan, batches * strips, batches * n * k, 1, (code, first, end) =>
    code.for(first, end, 1, (unit) => {
      const number = code.op('i32.div_u', unit, strips);
      const line = code.op('i32.mul', code.op('i32.rem_u', unit, strips), STRIP);
      const count = code.smaller(code.op('i32.sub', n, line), STRIP);
      const from = emitElementOffset(code, plan, starts, number);
      code.update(from, 'i32.add', from, plan.address(code, source.b));
      const origin = originOf(code, plan, number);
      code.for(0, k, K_BLOCK, (p) => {
        const depth = code.smaller(code.op('i32.sub', k, p), K_BLOCK);
        const { at } = emit(code, { origin, line, count, k: p, depth }, origin);
        code.call(packPart, from, line, count, p, depth, at);
      });
    }),
  );
  return { matrix: { origin: originOf, right: { step: PANEL_STEP, emit } }, task };
}

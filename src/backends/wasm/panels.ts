import { dtypes } from '../../ir/dtype.ts';
import type { Code, Local } from './assembler/code.ts';
import { packFunction } from './pack.ts';
import type { PlanCode } from './plan-code.ts';
import type { Lines } from './steps.ts';

/** Some neighbouring lines, from one k to another. */
export interface Part {
  /** The address of the operand. */
  readonly origin: Local;
  readonly line: Local;
  readonly count: Local;
  readonly k: Local;
  readonly depth: Local;
}

/** An operand as tiles read it: in panels of a few lines. */
export interface Panels {
  /** Bytes between neighbouring lines of a panel, and between neighbours along k. */
  readonly line: number;
  readonly step: number;
  /** The address of the first panel of a part, and the bytes from panel to panel. */
  emit(code: Code, part: Part, scratch: Local): { readonly at: Local; readonly panel: Local };
}

/**
 * The operand where it lies; null where tiles cannot read that: of another type, with uneven or negative
 * steps.
 */
export function panelsInPlace(
  { dtype, lines, depths }: Lines,
  type: 'f32' | 'i32',
  width: number,
): Panels | null {
  if (dtypes[dtype].scalar !== type || dtypes[dtype].bytes !== 4) return null;
  if (!('stride' in lines && 'stride' in depths) || lines.stride < 0 || depths.stride < 0) return null;
  const [line, step] = [lines.stride, depths.stride];
  return {
    line,
    step,
    emit: (code, { origin, line: first, k }) => {
      const at = code.op('i32.add', origin, code.op('i32.mul', first, line));
      code.update(at, 'i32.add', at, code.op('i32.mul', k, step));
      return { at, panel: code.copy(width * line) };
    },
  };
}

/** The operand as it is copied to scratch memory, at most `lines` lines and `depth` steps of k at a time. */
export function packedPanels(
  plan: PlanCode,
  operand: Lines,
  type: 'f32' | 'i32',
  width: number,
  most: { readonly lines: number; readonly depth: number },
): Panels {
  const pack = packFunction(plan, operand, type, width);
  const offset = plan.scratch(Math.ceil(most.lines / width) * most.depth * 4 * width);
  return {
    line: 4,
    step: 4 * width,
    emit: (code, { origin, line, count, k, depth }, scratch) => {
      const at = code.op('i32.add', scratch, offset);
      return { at, panel: code.call(pack, origin, line, count, k, depth, at)! };
    },
  };
}

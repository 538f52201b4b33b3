import { dtypes } from '../../../ir/dtype.ts';
import type { Callable, Code, Local, Operand } from '../assembler/code.ts';
import type { PlanCode } from '../module/plan-code.ts';
import { isWide, loadLanes, loadVector } from '../scalar/lanes.ts';
import { emitOperation } from '../scalar/operations.ts';
import { emitOffset, emitRuns, inRunsOf, type Lines, type Steps } from './steps.ts';

/** Lines of one vector. */
const GROUP = 4;
/** Panels that are copied at a time where lines are neighbours in memory. */
const WIDE = 4;

/**
 * A function `(origin, line, count, k, depth, to)` that lays the elements k to k + depth - 1 of `count` lines
 * from `line` on side by side, converted to `type`: in panels of `width` lines, 4 or 8, one step of k after
 * the other. It gives the bytes from panel to panel. `origin` is the operand's address. What a last panel
 * lacks in lines is filled with any numbers that memory holds. A panel has room for a multiple of 4 steps. Up
 * to 28 bytes beyond the operand are read.
 */
export function packFunction(plan: PlanCode, operand: Lines, type: 'f32' | 'i32', width: number): Callable {
  const { bytes } = dtypes[operand.dtype];
  const isUnit = (steps: Steps, count: number): boolean => steps.stride === bytes && inRunsOf(count, steps);
  return plan.module.function(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    ['i32'],
    (code, origin, line, count, k, depth, to) => {
      const part = { origin: origin!, line: line!, count: count!, k: k!, depth: depth!, to: to! };
      const packer = new Packer(code, plan, operand, type, width, part);
      const every = (size: number): Local =>
        code.op('i32.div_u', code.op('i32.add', part.count, size - 1), size);
      if (isUnit(operand.lines, width)) {
        const panels = every(width);
        const wide = code.op('i32.and', panels, -WIDE);
        code.for(0, wide, WIDE, (panel) => packer.copy(panel, WIDE));
        code.for(wide, panels, 1, (panel) => packer.copy(panel, 1));
      } else if (isUnit(operand.depths, GROUP)) {
        code.for(0, every(GROUP), 1, (group) => packer.transpose(group));
      } else {
        code.for(0, every(GROUP), 1, (group) => packer.gather(group));
      }
      code.return(packer.panel);
    },
  );
}

/** Emits the loops over the groups of a part. */
class Packer {
  /** Bytes from panel to panel. */
  readonly panel: Local;
  readonly #code: Code;
  readonly #plan: PlanCode;
  readonly #operand: Lines;
  readonly #type: 'f32' | 'i32';
  readonly #width: number;
  readonly #part: { readonly [name in 'origin' | 'line' | 'count' | 'k' | 'depth' | 'to']: Local };
  readonly #bytes: number;
  /** Bytes from one step of k to the next. */
  readonly #step: number;

  constructor(
    code: Code,
    plan: PlanCode,
    operand: Lines,
    type: 'f32' | 'i32',
    width: number,
    part: { readonly [name in 'origin' | 'line' | 'count' | 'k' | 'depth' | 'to']: Local },
  ) {
    this.#code = code;
    this.#plan = plan;
    this.#operand = operand;
    this.#type = type;
    this.#width = width;
    this.#part = part;
    this.#bytes = dtypes[operand.dtype].bytes;
    this.#step = 4 * width;
    const steps = code.op('i32.and', code.op('i32.add', part.depth, 3), -4);
    this.panel = code.op('i32.mul', steps, this.#step);
  }

  /** Lines that are neighbours in memory: `n` panels of them from number `first` on. */
  copy(first: Local, n: number): void {
    const code = this.#code;
    const { line, to } = this.#part;
    const firstLine = code.op('i32.add', line, code.op('i32.mul', first, this.#width));
    const between = this.#width * this.#bytes;
    const together = this.#operand.lines.starts === null;
    const from = Array.from({ length: together ? 1 : n }, (_, i) =>
      this.#lineAddress(code.op('i32.add', firstLine, i * this.#width)),
    );
    const targets = [code.op('i32.add', to, code.op('i32.mul', first, this.panel))];
    for (let i = 1; i < n; i++) targets.push(code.op('i32.add', targets[i - 1]!, this.panel));
    this.#eachStep((offset) => {
      const at = from.map((address) => code.op('i32.add', address, offset));
      targets.forEach((target, i) => {
        for (let v = 0; v < this.#width; v += GROUP) {
          const within = v * this.#bytes + (together ? i * between : 0);
          this.#store(target, this.#load(at[together ? 0 : i]!, within), 4 * v);
        }
        code.update(target, 'i32.add', target, this.#step);
      });
    });
  }

  /** Lines whose elements are neighbours in memory: four lines, four steps at a time. */
  transpose(group: Local): void {
    const code = this.#code;
    const { k, depth } = this.#part;
    const lines = this.#lines(group);
    const to = this.#target(group);
    emitRuns(code, this.#plan, this.#operand.depths, k, depth, (start, count) => {
      const addresses = lines.map((line) => code.op('i32.add', line, start));
      code.for(0, count, 4, () => {
        const loaded = addresses.map((address) => this.#load(address));
        transposed(code, loaded).forEach((vector, i) => {
          this.#store(to, vector, i * this.#step);
        });
        for (const address of addresses) code.update(address, 'i32.add', address, 4 * this.#bytes);
        code.update(to, 'i32.add', to, 4 * this.#step);
      });
    });
  }

  /** Any four lines, element by element. */
  gather(group: Local): void {
    const code = this.#code;
    const lines = this.#lines(group);
    const to = this.#target(group);
    this.#eachStep((offset) => {
      const addresses = lines.map((line) => code.op('i32.add', line, offset));
      this.#store(to, this.#converted(loadLanes(code, this.#operand.dtype, addresses)));
      code.update(to, 'i32.add', to, this.#step);
    });
  }

  /** The addresses of a group's lines; those that are missing are like the last one. */
  #lines(group: Local): Local[] {
    const code = this.#code;
    const { line, count } = this.#part;
    const last = code.op('i32.add', line, code.op('i32.sub', count, 1));
    const first = code.op('i32.add', line, code.op('i32.shl', group, 2));
    return Array.from({ length: GROUP }, (_, i) => {
      const number = code.op('i32.add', first, i);
      return this.#lineAddress(code.select(code.op('i32.lt_u', number, last), number, last));
    });
  }

  #lineAddress(number: Operand): Local {
    return this.#code.op(
      'i32.add',
      this.#part.origin,
      emitOffset(this.#code, this.#plan, this.#operand.lines, number),
    );
  }

  /** Where the first vector of a group goes. */
  #target(group: Local): Local {
    const code = this.#code;
    const groups = this.#width / GROUP;
    const panel = code.op('i32.mul', code.op('i32.div_u', group, groups), this.panel);
    const place = code.op('i32.mul', code.op('i32.rem_u', group, groups), 4 * GROUP);
    return code.op('i32.add', code.op('i32.add', this.#part.to, panel), place);
  }

  /** A loop over the part's steps of k, with their byte offsets. */
  #eachStep(body: (offset: Local) => void): void {
    const code = this.#code;
    const { k, depth } = this.#part;
    const { depths } = this.#operand;
    emitRuns(code, this.#plan, depths, k, depth, (offset, count) =>
      code.for(0, count, 1, () => {
        body(offset);
        code.update(offset, 'i32.add', offset, depths.stride);
      }),
    );
  }

  #load(address: Local, offset = 0): Local {
    const { dtype } = this.#operand;
    if (isWide(dtype)) return this.#converted(this.#code.load('v128.load', [address], offset));
    return this.#converted(loadVector(this.#code, dtype, this.#code.op('i32.add', address, offset)));
  }

  #converted(local: Local): Local {
    const { scalar } = dtypes[this.#operand.dtype];
    if (scalar === this.#type) return local;
    return emitOperation(this.#code, this.#plan, this.#type, scalar, [{ local, literal: null, once: false }]);
  }

  #store(to: Local, vector: Local, offset = 0): void {
    this.#code.store('v128.store', to, vector, offset);
  }
}

function transposed(code: Code, rows: readonly Local[]): Local[] {
  const [a, b, c, d] = rows as [Local, Local, Local, Local];
  const [low, high] = [
    [0, 4, 1, 5],
    [2, 6, 3, 7],
  ] as const;
  return ([low, high] as const).flatMap((half) => {
    const [ab, cd] = [code.shuffle(half, a, b), code.shuffle(half, c, d)];
    return [code.shuffle([0, 1, 4, 5], ab, cd), code.shuffle([2, 3, 6, 7], ab, cd)];
  });
}

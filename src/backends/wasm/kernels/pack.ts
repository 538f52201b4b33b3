import { dtypes } from '../../../ir/dtype.ts';
import type { Callable, Code, Local, Operand } from '../assembler/code.ts';
import type { PlanCode } from '../module/plan-code.ts';
import { emitOperation } from '../scalar/operations.ts';
import { isFourBytes, loadLanes, loadVector } from '../scalar/vector-access.ts';
import {
  emitElementOffset,
  emitRunLoop,
  type MatrixLayout,
  runsAreMultipleOf,
  type StridedRuns,
} from './strided-runs.ts';

/** Lines that one vector holds. */
const VECTOR_LINES = 4;
/** Panels that are copied at a time if lines are adjacent in memory. */
const COPIED_PANELS = 4;

/**
 * A function `(origin, line, count, k, depth, to)` that packs the elements k to k + depth - 1 of `count` lines, from
 * `line` on, into panels [depth, width] at `to`, converted to `type`; `width` is 4 or 8. It returns the bytes from panel
 * to panel. `origin` is the address of the matrix. Missing lines of the last panel have unspecified values. The depth of
 * a panel is rounded up to a multiple of 4. Up to 28 bytes beyond the matrix are read.
 */
export function packFunction(
  plan: PlanCode,
  matrix: MatrixLayout,
  type: 'f32' | 'i32',
  width: number,
): Callable {
  const { bytes } = dtypes[matrix.dtype];
  const isUnit = (runs: StridedRuns, count: number): boolean =>
    runs.stride === bytes && runsAreMultipleOf(count, runs);
  return plan.module.function(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    ['i32'],
    (code, origin, line, count, k, depth, to) => {
      const part = { origin: origin!, line: line!, count: count!, k: k!, depth: depth!, to: to! };
      const packer = new Packer(code, plan, matrix, type, width, part);
      const every = (size: number): Local =>
        code.op('i32.div_u', code.op('i32.add', part.count, size - 1), size);
      if (isUnit(matrix.lines, width)) {
        const panels = every(width);
        const wide = code.op('i32.and', panels, -COPIED_PANELS);
        code.for(0, wide, COPIED_PANELS, (panel) => packer.copy(panel, COPIED_PANELS));
        code.for(wide, panels, 1, (panel) => packer.copy(panel, 1));
      } else if (isUnit(matrix.alongK, VECTOR_LINES)) {
        code.for(0, every(VECTOR_LINES), 1, (group) => packer.transpose(group));
      } else {
        code.for(0, every(VECTOR_LINES), 1, (group) => packer.gather(group));
      }
      code.return(packer.panel);
    },
  );
}

/** Emits the packing loops of one part of a matrix. */
class Packer {
  /** Bytes from panel to panel. */
  readonly panel: Local;
  readonly #code: Code;
  readonly #plan: PlanCode;
  readonly #matrix: MatrixLayout;
  readonly #type: 'f32' | 'i32';
  readonly #width: number;
  readonly #part: { readonly [name in 'origin' | 'line' | 'count' | 'k' | 'depth' | 'to']: Local };
  readonly #bytes: number;
  /** Bytes from one k to the next in a panel. */
  readonly #step: number;

  constructor(
    code: Code,
    plan: PlanCode,
    matrix: MatrixLayout,
    type: 'f32' | 'i32',
    width: number,
    part: { readonly [name in 'origin' | 'line' | 'count' | 'k' | 'depth' | 'to']: Local },
  ) {
    this.#code = code;
    this.#plan = plan;
    this.#matrix = matrix;
    this.#type = type;
    this.#width = width;
    this.#part = part;
    this.#bytes = dtypes[matrix.dtype].bytes;
    this.#step = 4 * width;
    const depth = code.op('i32.and', code.op('i32.add', part.depth, 3), -4);
    this.panel = code.op('i32.mul', depth, this.#step);
  }

  /** Copies `n` panels, from panel `first` on, of lines that are adjacent in memory. */
  copy(first: Local, n: number): void {
    const code = this.#code;
    const { line, to } = this.#part;
    const firstLine = code.op('i32.add', line, code.op('i32.mul', first, this.#width));
    const panelBytes = this.#width * this.#bytes;
    const together = this.#matrix.lines.starts === null;
    const from = Array.from({ length: together ? 1 : n }, (_, i) =>
      this.#lineAddress(code.op('i32.add', firstLine, i * this.#width)),
    );
    const targets = [code.op('i32.add', to, code.op('i32.mul', first, this.panel))];
    for (let i = 1; i < n; i++) targets.push(code.op('i32.add', targets[i - 1]!, this.panel));
    this.#eachStep((offset) => {
      const at = from.map((address) => code.op('i32.add', address, offset));
      targets.forEach((target, i) => {
        for (let v = 0; v < this.#width; v += VECTOR_LINES) {
          const within = v * this.#bytes + (together ? i * panelBytes : 0);
          this.#store(target, this.#load(at[together ? 0 : i]!, within), 4 * v);
        }
        code.update(target, 'i32.add', target, this.#step);
      });
    });
  }

  /** Transposes four lines whose elements along k are adjacent in memory, 4 x 4 elements at a time. */
  transpose(group: Local): void {
    const code = this.#code;
    const { k, depth } = this.#part;
    const lines = this.#lines(group);
    const to = this.#target(group);
    emitRunLoop(code, this.#plan, this.#matrix.alongK, k, depth, (start, count) => {
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

  /** Gathers any four lines element by element. */
  gather(group: Local): void {
    const code = this.#code;
    const lines = this.#lines(group);
    const to = this.#target(group);
    this.#eachStep((offset) => {
      const addresses = lines.map((line) => code.op('i32.add', line, offset));
      this.#store(to, this.#converted(loadLanes(code, this.#matrix.dtype, addresses)));
      code.update(to, 'i32.add', to, this.#step);
    });
  }

  /** The addresses of a group of four lines; missing lines get the address of the last one. */
  #lines(group: Local): Local[] {
    const code = this.#code;
    const { line, count } = this.#part;
    const last = code.op('i32.add', line, code.op('i32.sub', count, 1));
    const first = code.op('i32.add', line, code.op('i32.shl', group, 2));
    return Array.from({ length: VECTOR_LINES }, (_, i) => {
      const number = code.op('i32.add', first, i);
      return this.#lineAddress(code.select(code.op('i32.lt_u', number, last), number, last));
    });
  }

  #lineAddress(number: Operand): Local {
    return this.#code.op(
      'i32.add',
      this.#part.origin,
      emitElementOffset(this.#code, this.#plan, this.#matrix.lines, number),
    );
  }

  /** The target address of a group's first vector. */
  #target(group: Local): Local {
    const code = this.#code;
    const groups = this.#width / VECTOR_LINES;
    const panel = code.op('i32.mul', code.op('i32.div_u', group, groups), this.panel);
    const lane = code.op('i32.mul', code.op('i32.rem_u', group, groups), 4 * VECTOR_LINES);
    return code.op('i32.add', code.op('i32.add', this.#part.to, panel), lane);
  }

  /** Emits a loop over the part's elements along k, with their byte offsets. */
  #eachStep(body: (offset: Local) => void): void {
    const code = this.#code;
    const { k, depth } = this.#part;
    const { alongK } = this.#matrix;
    emitRunLoop(code, this.#plan, alongK, k, depth, (offset, count) =>
      code.for(0, count, 1, () => {
        body(offset);
        code.update(offset, 'i32.add', offset, alongK.stride);
      }),
    );
  }

  #load(address: Local, offset = 0): Local {
    const { dtype } = this.#matrix;
    if (isFourBytes(dtype)) return this.#converted(this.#code.load('v128.load', [address], offset));
    return this.#converted(loadVector(this.#code, dtype, this.#code.op('i32.add', address, offset)));
  }

  #converted(local: Local): Local {
    const { scalar } = dtypes[this.#matrix.dtype];
    if (scalar === this.#type) return local;
    return emitOperation(this.#code, this.#plan, this.#type, scalar, [
      { local, literal: null, isInvariant: false },
    ]);
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

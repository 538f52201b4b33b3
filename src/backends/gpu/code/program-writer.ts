import type { DType, ScalarType } from '../../../ir/dtype.ts';
import type { Offset } from '../../../ir/view.ts';
import { coalesce } from '../../../ir/view.ts';
import { FLOATS_PER_VALUE } from '../device/encoding.ts';
import type { DraftBuffer } from '../passes/plan-draft.ts';

/** The state of a program that is being written: the buffers that it reads, and unique names. */
export class ProgramWriter {
  /** The plan's buffers that the program reads, in the order of its inputs. */
  readonly inputs: number[] = [];
  /** The number of the plan's values that the program needs. */
  valueCount = 0;
  readonly #buffers: readonly DraftBuffer[];
  #names = 0;

  constructor(buffers: readonly DraftBuffer[]) {
    this.#buffers = buffers;
  }

  dtype(buffer: number): DType {
    return this.#buffers[buffer]!.dtype;
  }

  name(): string {
    return `v${this.#names++}`;
  }

  /** The element of a buffer at a position, in its scalar type. An empty buffer is not bound and reads as 0. */
  element(buffer: number, position: string): string {
    if (this.#buffers[buffer]!.size === 0)
      return { float32: '0.0', int32: '0', uint8: '0', bool: 'false' }[this.dtype(buffer)];
    let input = this.inputs.indexOf(buffer);
    if (input < 0) input = this.inputs.push(buffer) - 1;
    const load = (at: string): string => `load_${input}(${at})`;
    return {
      float32: () => load(position),
      int32: () => joined(load(`2 * (${position})`), load(`2 * (${position}) + 1`)),
      uint8: () => `i32(${load(position)})`,
      bool: () => `(${load(position)} != 0.0)`,
    }[this.dtype(buffer)]();
  }

  /** One of the run's values, in a scalar type. */
  value(index: number, type: ScalarType): string {
    this.valueCount = Math.max(this.valueCount, index + 1);
    const number = (i: number): string => `value(${FLOATS_PER_VALUE * index + i})`;
    if (type === 'f32') return number(0);
    if (type === 'bool') return `(${number(0)} != 0.0)`;
    return type === 'i32' ? joined(number(1), number(2)) : bits(number(1), number(2));
  }

  offset({ base, terms }: Offset): string {
    const parts = terms.map(({ slot, scale }) => `${this.value(slot, 'i32')} * ${integer(scale)}`);
    return sum([...(base === 0 ? [] : [integer(base)]), ...parts]);
  }
}

const bits = (low: string, high: string): string => `(u32(${low}) | (u32(${high}) << 16u))`;
const joined = (low: string, high: string): string => `bitcast<i32>(${bits(low, high)})`;

/** An i32 literal. WGSL has no literal for the smallest i32. */
export function integer(value: number): string {
  if (value === -2147483648) return '(-2147483647 - 1)';
  return value < 0 ? `(${value})` : String(value);
}

export const sum = (parts: readonly string[]): string => (parts.length === 0 ? '0' : parts.join(' + '));

/** Statements of one function. */
export class CodeBlock {
  readonly writer: ProgramWriter;
  readonly #lines: string[] = [];

  constructor(writer: ProgramWriter) {
    this.writer = writer;
  }

  add(...lines: readonly string[]): void {
    this.#lines.push(...lines);
  }

  /** Declares a constant for a value, unless it is a name or a literal. Returns the name. */
  let(type: ScalarType, value: string): string {
    if (/^(\w+|\d+\.\d+)$/.test(value)) return value;
    const name = this.writer.name();
    this.add(`let ${name}: ${type} = ${value};`);
    return name;
  }

  var(type: ScalarType, value: string): string {
    const name = this.writer.name();
    this.add(`var ${name}: ${type} = ${value};`);
    return name;
  }

  /** A loop over `from`, `from + step`, ... below `to`. `body` gets the loop variable. */
  loop(from: string, to: string, step: string, body: (i: string) => void): void {
    const i = this.writer.name();
    this.add(`for (var ${i}: i32 = ${from}; ${i} < ${to}; ${i} += ${step}) {`);
    body(i);
    this.add('}');
  }

  toString(): string {
    return this.#lines.join('\n');
  }
}

/** A loop nest over several views. */
export interface LoopNest {
  readonly shape: readonly number[];
  /** For each view its stride along each axis. */
  readonly strides: readonly (readonly number[])[];
}

/** The position in each view, relative to its first element, of a point given by its row-major number. */
export function positions(block: CodeBlock, point: string, nest: LoopNest): string[] {
  const { shape, strides } = coalesce(nest.shape, nest.strides);
  const parts: string[][] = strides.map(() => []);
  let rest = point;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis]!;
    const used = strides.some((stride) => stride[axis] !== 0);
    let index = rest;
    if (axis > 0) {
      const next = block.let('i32', `${rest} / ${size}`);
      if (used) index = block.let('i32', `${rest} - ${next} * ${size}`);
      rest = next;
    }
    strides.forEach((stride, view) => {
      const s = stride[axis]!;
      if (s !== 0) parts[view]!.unshift(s === 1 ? index : `${index} * ${integer(s)}`);
    });
  }
  return parts.map((p) => sum(p));
}

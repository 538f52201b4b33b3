import { Bytes } from './bytes.ts';
import * as instructions from './instructions.ts';
import { typeCodes, typeOfLetter, type ValueType } from './types.ts';

/** A local variable of one function. */
export interface Local {
  readonly type: ValueType;
  readonly index: number;
}

/** An argument of an instruction: a local, or a number that is an i32 constant. */
export type Operand = Local | number;

/** A function of the module. */
export interface Callable {
  readonly index: number;
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/**
 * The body of a function under construction, in three-address form: each instruction takes locals or constants and writes
 * its result to a new local or to a given one. Operand types are checked at once.
 */
export class Code {
  readonly params: readonly Local[];
  readonly #results: readonly ValueType[];
  readonly #prologue = new Bytes();
  readonly #once = new Map<string, Local>();
  #bytes = new Bytes();
  readonly #locals: ValueType[] = [];
  #depth = 0;

  constructor(params: readonly ValueType[], results: readonly ValueType[]) {
    this.params = params.map((type, index) => ({ type, index }));
    this.#results = results;
  }

  /** A new local; its initial value is 0. */
  local(type: ValueType): Local {
    return { type, index: this.params.length + this.#locals.push(type) - 1 };
  }

  /**
   * A value that is computed once, in the function's prologue, for all uses of the same key: the code that `make` emits is
   * moved there. It may use parameters that never change, and other such values. The local must not be changed.
   */
  once(key: string, make: () => Local): Local {
    const known = this.#once.get(key);
    if (known !== undefined) return known;
    const [body, depth] = [this.#bytes, this.#depth];
    this.#bytes = new Bytes(64);
    this.#depth = 0;
    const value = make();
    // Values that `make` itself requested are complete and precede it.
    this.#prologue.append(this.#bytes);
    this.#bytes = body;
    this.#depth = depth;
    this.#once.set(key, value);
    return value;
  }

  /** A literal vector, set in the function's prologue and not in loops. */
  literal(values: Float32Array | Int32Array | Float64Array): Local {
    const words = new Int32Array(values.buffer, values.byteOffset, 4);
    return this.once(`literal ${words.join()}`, () => this.v128(values));
  }

  /** A new local with the value of an operand. */
  copy(value: Operand): Local {
    const target = this.local(typeof value === 'number' ? 'i32' : value.type);
    this.set(target, value);
    return target;
  }

  set(target: Local, value: Operand): void {
    this.#push(value, target.type);
    this.#assign(target);
  }

  /** Emits an instruction without immediates. */
  op(name: instructions.Plain, ...operands: readonly Operand[]): Local {
    return this.#emit(instructions.plain[name], operands, name)!;
  }

  /** As `op`, with the result in an existing local, which may be an operand. */
  update(target: Local, name: instructions.Plain, ...operands: readonly Operand[]): void {
    this.#emit(instructions.plain[name], operands, name, undefined, target);
  }

  /** An instruction on memory at `operands[0] + offset`. */
  load(name: instructions.MemoryAccess, operands: readonly Operand[], offset = 0): Local {
    return this.#emit(instructions.memory[name], operands, name, () => this.#memory(name, offset))!;
  }

  /** As `load`, into an existing local. */
  loadInto(target: Local, name: instructions.MemoryAccess, operands: readonly Operand[], offset = 0): void {
    this.#emit(instructions.memory[name], operands, name, () => this.#memory(name, offset), target);
  }

  /** A store at `address + offset`. */
  store(name: instructions.MemoryAccess, address: Operand, value: Operand, offset = 0): void {
    this.#emit(instructions.memory[name], [address, value], name, () => this.#memory(name, offset));
  }

  /** `vector` with one lane loaded from `address + offset`. */
  loadLane(
    name: instructions.LaneAccess,
    lane: number,
    address: Operand,
    vector: Operand,
    offset = 0,
  ): Local {
    return this.#emit(instructions.memoryLane[name], [address, vector], name, () => {
      this.#memory(name, offset);
      this.#bytes.byte(lane);
    })!;
  }

  storeLane(
    name: instructions.LaneAccess,
    lane: number,
    address: Operand,
    vector: Operand,
    offset = 0,
  ): void {
    this.#emit(instructions.memoryLane[name], [address, vector], name, () => {
      this.#memory(name, offset);
      this.#bytes.byte(lane);
    });
  }

  /** Extracts or replaces a lane of a vector. */
  lane(name: instructions.Lane, lane: number, ...operands: readonly Operand[]): Local {
    return this.#emit(instructions.lane[name], operands, name, () => this.#bytes.byte(lane))!;
  }

  /** The 32-bit lanes of two vectors, numbered 0 to 7, in the given order. */
  shuffle(lanes: readonly [number, number, number, number], a: Local, b: Local): Local {
    this.#push(a, 'v128');
    this.#push(b, 'v128');
    this.#opcode(0xfd0d);
    for (const l of lanes) for (let byte = 0; byte < 4; byte++) this.#bytes.byte(4 * l + byte);
    return this.#assign(this.local('v128'));
  }

  i64(value: number): Local {
    this.#opcode(0x42);
    this.#bytes.signed(value);
    return this.#assign(this.local('i64'));
  }

  /** A literal vector of 16 bytes. */
  v128(values: Float32Array | Int32Array | Float64Array): Local {
    this.#opcode(0xfd0c);
    this.#bytes.raw(values);
    return this.#assign(this.local('v128'));
  }

  /** condition ? a : b, for operands of any type. */
  select(condition: Operand, a: Operand, b: Operand): Local {
    const type = typeof a === 'number' ? 'i32' : a.type;
    this.#push(a, type);
    this.#push(b, type);
    this.#push(condition, 'i32');
    this.#opcode(0x1c);
    this.#bytes.byte(1);
    this.#bytes.byte(typeCodes[type]);
    return this.#assign(this.local(type));
  }

  /** The minimum of two unsigned numbers. */
  smaller(a: Operand, b: Operand): Local {
    return this.select(this.op('i32.lt_u', a, b), a, b);
  }

  if(condition: Operand, then: () => void, otherwise?: () => void): void {
    this.#push(condition, 'i32');
    this.#open(0x04, then);
    if (otherwise !== undefined) {
      this.#opcode(0x05);
      this.#depth++;
      otherwise();
      this.#depth--;
    }
    this.#opcode(0x0b);
  }

  /** Repeats the body while the condition that it returns is not 0. */
  loop(body: () => Operand): void {
    this.#open(0x03, () => {
      this.#push(body(), 'i32');
      this.#opcode(0x0d);
      this.#bytes.unsigned(0);
    });
    this.#opcode(0x0b);
  }

  /** A block that the body may leave early: `leave(condition)` jumps to its end if the condition is not 0. */
  block(body: (leave: (condition: Operand) => void) => void): void {
    const depth = this.#depth;
    this.#open(0x02, () =>
      body((condition) => {
        this.#push(condition, 'i32');
        this.#opcode(0x0d);
        this.#bytes.unsigned(this.#depth - depth - 1);
      }),
    );
    this.#opcode(0x0b);
  }

  /** Counts `counter` from `from` up to `to` (exclusive) by `step`. The body must not change it. */
  for(from: Operand, to: Operand, step: Operand, body: (counter: Local) => void): void {
    const counter = this.copy(from);
    this.if(this.op('i32.lt_u', counter, to), () =>
      this.loop(() => {
        body(counter);
        this.update(counter, 'i32.add', counter, step);
        return this.op('i32.lt_u', counter, to);
      }),
    );
  }

  /** Calls a function; returns null if it has no result. */
  call(callee: Callable, ...operands: readonly Operand[]): Local | null {
    const [result] = callee.results;
    const target = result === undefined ? null : this.local(result);
    this.#call(callee, operands, target);
    return target;
  }

  /** Calls a function, with its result in an existing local. */
  callInto(target: Local, callee: Callable, ...operands: readonly Operand[]): void {
    this.#call(callee, operands, target);
  }

  #call(callee: Callable, operands: readonly Operand[], target: Local | null): void {
    if (target?.type !== callee.results[0]) throw misused('call');
    if (operands.length !== callee.params.length) throw misused('call');
    operands.forEach((operand, i) => {
      this.#push(operand, callee.params[i]!);
    });
    this.#opcode(0x10);
    this.#bytes.unsigned(callee.index);
    if (target !== null) this.#assign(target);
  }

  /** The value of a global (i32). */
  global(index: number): Local {
    this.#opcode(0x23);
    this.#bytes.unsigned(index);
    return this.#assign(this.local('i32'));
  }

  setGlobal(index: number, value: Operand): void {
    this.#push(value, 'i32');
    this.#opcode(0x24);
    this.#bytes.unsigned(index);
  }

  return(...values: readonly Operand[]): void {
    values.forEach((value, i) => {
      this.#push(value, this.#results[i]!);
    });
    this.#opcode(0x0f);
  }

  unreachable(): void {
    this.#opcode(0x00);
  }

  /** Copies bytes within memory, as memmove does. */
  copyMemory(to: Operand, from: Operand, bytes: Operand): void {
    for (const operand of [to, from, bytes]) this.#push(operand, 'i32');
    this.#opcode(0xfc0a);
    this.#bytes.byte(0);
    this.#bytes.byte(0);
  }

  /** Sets bytes in memory to a value. */
  fillMemory(to: Operand, value: Operand, bytes: Operand): void {
    for (const operand of [to, value, bytes]) this.#push(operand, 'i32');
    this.#opcode(0xfc0b);
    this.#bytes.byte(0);
  }

  /** The entry of the module's code section. */
  encode(): Bytes {
    const body = new Bytes();
    const runs: [count: number, type: ValueType][] = [];
    for (const type of this.#locals) {
      const last = runs[runs.length - 1];
      if (last?.[1] === type) last[0]++;
      else runs.push([1, type]);
    }
    body.unsigned(runs.length);
    for (const [count, type] of runs) {
      body.unsigned(count);
      body.byte(typeCodes[type]);
    }
    body.append(this.#prologue);
    body.append(this.#bytes);
    // `unreachable`: a function with results has returned before.
    if (this.#results.length > 0) body.byte(0x00);
    body.byte(0x0b);
    return body;
  }

  #emit(
    [opcode, signature]: readonly [number, string],
    operands: readonly Operand[],
    name: string,
    immediates?: () => void,
    target?: Local,
  ): Local | null {
    const colon = signature.indexOf(':');
    if (operands.length !== colon) throw misused(name);
    for (let i = 0; i < colon; i++) this.#push(operands[i]!, typeOfLetter[signature[i]!]!, name);
    this.#opcode(opcode);
    immediates?.();
    const result = typeOfLetter[signature[colon + 1]!];
    if (result === undefined) return null;
    if (target !== undefined && target.type !== result) throw misused(name);
    return this.#assign(target ?? this.local(result));
  }

  #push(operand: Operand, type: ValueType, name = 'set'): void {
    const got = typeof operand === 'number' ? 'i32' : operand.type;
    if (got !== type) throw misused(name);
    if (typeof operand === 'number') {
      this.#bytes.byte(0x41);
      this.#bytes.signed(operand);
    } else {
      this.#bytes.byte(0x20);
      this.#bytes.unsigned(operand.index);
    }
  }

  #assign(target: Local): Local {
    this.#bytes.byte(0x21);
    this.#bytes.unsigned(target.index);
    return target;
  }

  #opcode(code: number): void {
    if (code < 0x100) {
      this.#bytes.byte(code);
    } else {
      this.#bytes.byte(code >> 8);
      this.#bytes.unsigned(code & 255);
    }
  }

  /** Alignment is a hint, except for atomics, which require their own width. */
  #memory(name: string, offset: number): void {
    this.#bytes.unsigned(name.includes('atomic') ? 2 : 0);
    this.#bytes.unsigned(offset);
  }

  #open(opcode: number, body: () => void): void {
    this.#opcode(opcode);
    this.#bytes.byte(0x40);
    this.#depth++;
    body();
    this.#depth--;
  }
}

/** A bug in the code generator. */
const misused = (name: string): Error => new Error(`[wasm] ${name}: wrong operands`);

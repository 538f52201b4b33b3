import type { ScalarType } from '../../ir/dtype.ts';
import { type Expr, postorder } from '../../ir/expr.ts';
import type { Access } from '../../ir/kernel.ts';
import { philox4x32 } from '../../ir/philox.ts';
import { addIndexOffsets, countUp, gathers, reads, ViewReader } from './buffer-access.ts';
import { BLOCK_LENGTH, type ElementwiseLoop, type Register, type RegisterAllocator } from './registers.ts';
import type { RunContext } from './run-context.ts';

type Instruction = (n: number, start: number) => void;

/** Expressions over the points of a loop nest, compiled to instructions that process one block of points at a time. */
export class ExpressionProgram {
  /** The registers that hold the expressions' values after `evaluate`. */
  readonly results: readonly Register[];
  readonly #context: RunContext;
  readonly #registers: RegisterAllocator;
  readonly #readers: ViewReader[] = [];
  readonly #fills: Instruction[] = [];
  readonly #instructions: Instruction[] = [];

  /** `acc` is the register with the values of the kernel's `acc`. */
  constructor(
    context: RunContext,
    registers: RegisterAllocator,
    roots: readonly Expr[],
    inputs: readonly Access[],
    acc: Register | null = null,
  ) {
    this.#context = context;
    this.#registers = registers;
    const order = postorder(roots);
    const registerOf = new Map<Expr, Register>();
    const uses = new Map<Expr, number>();
    for (const e of order) for (const a of e.args) uses.set(a, (uses.get(a) ?? 0) + 1);
    for (const root of roots) uses.set(root, Infinity);
    for (const e of order) {
      if (e.op === 'const' || e.op === 'uniform') {
        registerOf.set(e, this.#filled(e));
        uses.set(e, Infinity);
      } else if (e.op === 'acc') {
        registerOf.set(e, acc!);
        uses.set(e, Infinity);
      }
    }
    for (const e of order) {
      if (registerOf.has(e)) continue;
      const args = e.args.map((a) => registerOf.get(a)!);
      for (const a of e.args) {
        const left = uses.get(a)! - 1;
        uses.set(a, left);
        if (left === 0) registers.release(a.type, registerOf.get(a)!);
      }
      const out = registers.take(e.type);
      registerOf.set(e, out);
      this.#instructions.push(
        e.op === 'load' ? this.#load(inputs[e.value]!, out, args) : this.#operation(e, out, args),
      );
    }
    this.results = roots.map((e) => registerOf.get(e)!);
  }

  /** Starts a run over blocks of at most n elements. */
  begin(n: number): void {
    for (const reader of this.#readers) reader.begin(this.#context.values);
    for (const fill of this.#fills) fill(Math.min(n, BLOCK_LENGTH), 0);
  }

  /** Evaluates the expressions at n <= BLOCK_LENGTH points, from number `start` (row-major) on. */
  evaluate(start: number, n: number): void {
    const steps = this.#instructions;
    for (let i = 0; i < steps.length; i++) steps[i]!(n, start);
  }

  /** A register filled with a literal or a uniform. */
  #filled({ op, type, value }: Expr): Register {
    const out = this.#registers.takePermanent(type);
    const convert = conversions[type];
    this.#fills.push((n) => out.fill(convert(op === 'const' ? value : this.#context.values[value]!), 0, n));
    return out;
  }

  #load(input: Access, out: Register, indices: readonly Register[]): Instruction {
    const context = this.#context;
    const reader = new ViewReader(input.view);
    this.#readers.push(reader);
    const { buffer } = input;
    if (buffer === null) return (n, start) => reader.read(start, n, countUp, out, out);
    const { dtype } = context.plan.buffers[buffer]!;
    const read = reads[dtype];
    if (indices.length === 0) return (n, start) => reader.read(start, n, read, out, context.buffers[buffer]!);

    const gather = gathers[dtype];
    const fill = input.fill ?? 0;
    const positions = this.#registers.takePermanent('i32');
    return (n, start) => {
      reader.read(start, n, countUp, positions, positions);
      for (let k = 0; k < indices.length; k++) {
        const { size, stride } = input.gather[k]!;
        addIndexOffsets(n, positions, indices[k]!, size, stride);
      }
      gather(n, out, context.buffers[buffer]!, positions, fill);
    };
  }

  #operation(e: Expr, out: Register, args: readonly Register[]): Instruction {
    if (e.op === 'philox') return (n) => philoxLoop(n, out, args);
    const [a, b = a, c = a] = args as [Register, Register?, Register?];
    if (e.op === 'check') {
      const fail = (bits: number) => this.#context.fail(e.value, e.type === 'u32' ? bits >>> 0 : bits);
      return (n) => checkLoop(n, out, a, b, fail);
    }
    const type = e.args[e.args.length - 1]!.type;
    const loop: ElementwiseLoop | undefined = this.#context.precision.loops[type][e.op];
    if (loop === undefined) throw new Error(`[js] ${e.op} is not an operation on ${type}`);
    return (n) => loop(n, out, a, b, c);
  }
}

const conversions: { readonly [T in ScalarType]: (value: number) => number } = {
  f32: (value) => value,
  i32: (value) => value,
  u32: (value) => value,
  bool: (value) => (value !== 0 ? 1 : 0),
};

function checkLoop(
  n: number,
  out: Register,
  a: Register,
  condition: Register,
  fail: (value: number) => void,
): void {
  for (let i = 0; i < n; i++) {
    if (condition[i] === 0) fail(a[i]!);
    out[i] = condition[i] === 0 ? 0 : a[i]!;
  }
}

const words = new Uint32Array(4);

/** Keeps the latest Philox block: usually four consecutive points use its four words. */
function philoxLoop(n: number, out: Register, args: readonly Register[]): void {
  const [index, c1, c2, c3, key0, key1] = args as [
    Register,
    Register,
    Register,
    Register,
    Register,
    Register,
  ];
  let [c0Now, c1Now, c2Now, c3Now, key0Now, key1Now] = [-1, 0, 0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    const word = index[i]!;
    if (
      word >>> 2 !== c0Now ||
      c1[i] !== c1Now ||
      c2[i] !== c2Now ||
      c3[i] !== c3Now ||
      key0[i] !== key0Now ||
      key1[i] !== key1Now
    ) {
      c0Now = word >>> 2;
      c1Now = c1[i]!;
      c2Now = c2[i]!;
      c3Now = c3[i]!;
      key0Now = key0[i]!;
      key1Now = key1[i]!;
      philox4x32(c0Now, c1Now, c2Now, c3Now, key0Now, key1Now, words);
    }
    out[i] = words[word & 3]!;
  }
}

import type { Limits } from '../ir/backend.ts';
import { dtypes } from '../ir/dtype.ts';
import { acc, type Expr, load, postorder, rewrite } from '../ir/expr.ts';
import type { Access, BufferView, KernelSource } from '../ir/kernel.ts';
import { Node } from '../ir/node.ts';
import type { PlanStep } from '../ir/plan.ts';
import type { LazyValue, LoopFuser, LoopInput, Primitive } from '../ir/primitive.ts';
import { contiguous, isContiguous, reshapeView, sameShape, sizeOf, type View } from '../ir/view.ts';
import { eliminateCommonSubexpressions, sameAccess } from './expressions.ts';
import type { Graph } from './toposort.ts';

type Inlined = Omit<LazyValue, 'shape'>;

/** A kernel with a source other than a map whose epilogue is not known yet. */
interface PendingKernel {
  readonly shape: readonly number[];
  readonly source: Exclude<KernelSource, { kind: 'map' }>;
  readonly name: string;
}

/** Expressions up to this cost are recomputed by each user instead of stored. */
const CHEAP_COST = 2;
/** Expressions with more nodes are never cheap; their cost need not be computed. */
const CHEAP_NODES = 16;

/**
 * Pass 3. From primitives to kernels. Elementwise operations are inlined into their users; the last elementwise user of a
 * reduction, contraction, scatter or algorithm becomes its epilogue; views become part of the accesses. A value gets its own buffer if
 * it is a result, if several users would have to recompute an expensive expression, if a contraction, a scatter or a
 * computed index reads it, or if a kernel would exceed the backend's limits. Without `limits` nothing is fused: one kernel
 * for each node. `nodes` are the graph's; a loop adds its buffers, and puts nodes of other shapes for values that it holds
 * for several iterations.
 */
export function fuse(
  graph: Graph,
  nodes: Node[],
  primitives: Primitive[],
  roots: readonly number[],
  limits: Limits | null,
): PlanStep[] {
  return new Fuser(graph, nodes, primitives, roots, limits).run();
}

class Fuser implements LoopFuser {
  readonly nodes: Node[];
  readonly inputs: readonly (readonly number[])[];
  readonly primitives: Primitive[];
  readonly limits: Limits | null;
  readonly isRoot: boolean[];
  readonly needsBuffer: boolean[];
  readonly scopes: readonly number[];
  readonly lazyValues: LazyValue[] = [];
  steps: PlanStep[] = [];
  /** The number of uses of each node. */
  readonly #uses: number[];
  readonly #pending = new Map<number, PendingKernel>();

  constructor(
    { inputs }: Graph,
    nodes: Node[],
    primitives: Primitive[],
    roots: readonly number[],
    limits: Limits | null,
  ) {
    this.nodes = nodes;
    this.inputs = inputs;
    this.primitives = primitives;
    this.limits = limits;
    this.isRoot = nodes.map(() => false);
    for (const r of roots) this.isRoot[r] = true;
    this.#uses = nodes.map(() => 0);
    for (const list of inputs) for (const i of list) this.#uses[i]!++;
    this.needsBuffer = this.#findBuffers();
    const loop = primitives.find((p) => p.kind === 'loop');
    this.scopes = loop?.compiler.scopes(primitives, inputs, roots) ?? [];
  }

  run(): PlanStep[] {
    for (let i = 0; i < this.primitives.length; i++) if ((this.scopes[i] ?? -1) < 0) this.visit(i);
    return this.steps;
  }

  /** Finds the values that must be buffers, looking through views. */
  #findBuffers(): boolean[] {
    const needs = this.nodes.map(() => false);
    const mark = (value: number): void => {
      let v = value;
      while (this.primitives[v]!.kind === 'view') v = this.inputs[v]![0]!;
      needs[v] = true;
    };
    this.primitives.forEach((p, i) => {
      const inputs = this.inputs[i]!;
      if (p.kind === 'algorithm') inputs.forEach(mark);
      if (p.kind === 'contract' || p.kind === 'scatter') inputs.slice(0, 2).forEach(mark);
      if (p.kind === 'map' || p.kind === 'reduce') {
        for (const input of p.inputs)
          if (input.input !== null && input.gatherAxes.length > 0) mark(inputs[input.input]!);
      }
    });
    return needs;
  }

  visit(i: number): void {
    const p = this.primitives[i]!;
    const type = this.nodes[i]!.dtype === 'float32' ? 'f32' : 'i32';
    switch (p.kind) {
      case 'leaf':
        this.lazyValues[i] = this.#buffered(i);
        return;
      case 'view':
        this.#visitView(i, p.move);
        return;
      case 'map':
        this.lazyValues[i] = { shape: this.nodes[i]!.shape, ...this.#inlineWithinLimits(i, p) };
        break;
      case 'reduce': {
        const { inputs, expr, names } = this.#inlineWithinLimits(i, p);
        this.#addPending(i, { kind: 'reduce', reducer: p.reducer, over: p.over, inputs, expr }, names);
        break;
      }
      case 'contract': {
        const [a, b] = ([0, 1] as const).map((k): BufferView => {
          const { buffer, view } = this.#bufferView(this.inputs[i]![k]!);
          return { buffer, view: p.moves === undefined ? view : p.moves[k]!(view) };
        });
        const { batch, m, k, n } = p;
        this.#addPending(i, { kind: 'contract', type, a: a!, b: b!, axes: { batch, m, k, n } }, []);
        break;
      }
      case 'loop':
        p.compiler.compile(this, i);
        return;
      case 'loopValue':
        if (this.isRoot[i]) this.materialize(i);
        return;
      case 'argument':
        throw p.misused();
      case 'scatter': {
        const [indices, updates] = this.inputs[i]!.map((s) => this.#bufferView(s));
        const { axis, check } = p;
        this.#addPending(i, { kind: 'scatter', type, axis, check, indices: indices!, updates: updates! }, []);
        break;
      }
      case 'algorithm': {
        const operands = this.inputs[i]!.map((s) => this.#bufferView(s));
        this.#addPending(i, { ...p, type, operands }, []);
        break;
      }
    }
    if (
      this.limits === null ||
      this.isRoot[i] ||
      this.needsBuffer[i] ||
      (this.#uses[i]! > 1 && !this.#isCheap(i))
    ) {
      this.materialize(i);
    }
  }

  #visitView(i: number, move: (view: View) => View | null): void {
    const source = this.inputs[i]![0]!;
    if (this.#uses[i]! > 1 && !this.#isCheap(source)) this.materialize(source);
    const node = this.nodes[i]!;
    const moved = this.moved(source, move);
    if (
      moved !== null &&
      (sizeOf(node.shape) <= sizeOf(this.lazyValues[source]!.shape) || this.#isCheap(source))
    ) {
      this.lazyValues[i] = moved;
    } else {
      this.materialize(source);
      this.lazyValues[i] = this.moved(source, move)!;
    }
    if (this.isRoot[i]) this.materialize(i);
  }

  #inlineWithinLimits(i: number, p: Primitive & { kind: 'map' | 'reduce' }): Inlined {
    const inlined = this.#inline(i, p.inputs, p.expr, p.kind === 'reduce');
    if (this.limits === null) return inlined;
    const { maxInputs, maxNodes } = this.limits;
    if (inlined.inputs.length <= maxInputs) {
      if (inlined.nodes <= maxNodes) return inlined;
      const nodes = postorder([inlined.expr]).length;
      if (nodes <= maxNodes) return { ...inlined, nodes };
    }
    for (const s of this.inputs[i]!) if (!this.#isLoad(s)) this.materialize(s);
    return this.#inline(i, p.inputs, p.expr, p.kind === 'reduce');
  }

  /** A primitive's expression with the expressions of its node's inputs substituted. */
  #inline(i: number, loopInputs: readonly LoopInput[], expr: Expr, inReduction: boolean): Inlined {
    const sources = this.inputs[i]!;
    const inputs: Access[] = [];
    const names: string[] = [];
    let nodes = postorder([expr]).length;
    const number = (access: Access): number => {
      const known = inputs.findIndex((other) => sameAccess(other, access));
      return known >= 0 ? known : inputs.push(access) - 1;
    };
    const replacements = loopInputs.map((input): Expr | Access => {
      if (input.input === null)
        return { buffer: null, view: input.move(contiguous([]))!, gather: [], fill: null };
      const s = sources[input.input]!;
      if (input.gatherAxes.length > 0) return this.#gathered(s, input);
      if (inReduction && this.#pendingIn(s).length > 0) this.materialize(s);
      let moved = this.moved(s, input.move);
      const grows = moved !== null && sizeOf(moved.shape) > sizeOf(this.lazyValues[s]!.shape);
      if (moved === null || (grows && !this.#isCheap(s))) {
        this.materialize(s);
        moved = this.moved(s, input.move)!;
      }
      for (const name of moved.names) if (!names.includes(name)) names.push(name);
      nodes += moved.nodes;
      const numbers = moved.inputs.map(number);
      if (numbers.every((n, k) => n === k)) return moved.expr;
      const [inlined] = rewrite([moved.expr], (e) =>
        e.op === 'load' ? load(numbers[e.value]!, e.type, e.args) : e,
      );
      return inlined!;
    });
    const [whole] = rewrite([expr], (e) => {
      if (e.op !== 'load') return e;
      const r = replacements[e.value]!;
      return 'view' in r ? load(number(r), e.type, e.args) : r;
    });
    names.push(this.nodes[i]!.op.name);
    return { inputs, expr: whole!, names, nodes };
  }

  /** A lazy value under a view; null if the view of one of its accesses can't express it. */
  moved(value: number, move: (view: View) => View | null): LazyValue | null {
    const lazy = this.lazyValues[value]!;
    const inputs: Access[] = [];
    for (const access of lazy.inputs) {
      const view = move(access.view);
      if (view === null) return null;
      inputs.push({ ...access, view });
    }
    // An expression without inputs (a constant) has no view with the new shape.
    const shape = inputs[0]?.view.shape ?? move(contiguous(lazy.shape))!.shape;
    return { ...lazy, shape, inputs };
  }

  #gathered(value: number, input: LoopInput): Access {
    const { buffer, view } = this.#bufferView(value);
    const rest = view.shape.map((_, axis) => axis).filter((axis) => !input.gatherAxes.includes(axis));
    const restView: View = {
      shape: rest.map((axis) => view.shape[axis]!),
      stride: rest.map((axis) => view.stride[axis]!),
      offset: view.offset,
    };
    return {
      buffer,
      view: input.move(restView)!,
      gather: input.gatherAxes.map((axis) => ({ size: view.shape[axis]!, stride: view.stride[axis]! })),
      fill: input.fill,
    };
  }

  /** The value as a buffer under a view; gives it a buffer if necessary. */
  #bufferView(value: number): BufferView {
    if (!this.#isLoad(value)) this.materialize(value);
    const [access] = this.lazyValues[value]!.inputs;
    return { buffer: access!.buffer!, view: access!.view };
  }

  /** Is the value a plain load of an existing buffer under a view? */
  #isLoad(value: number): boolean {
    const { expr, inputs } = this.lazyValues[value]!;
    return (
      expr.op === 'load' &&
      expr.args.length === 0 &&
      inputs[0]!.buffer !== null &&
      !this.#pending.has(inputs[0]!.buffer)
    );
  }

  reshape(value: number, shape: readonly number[]): void {
    const { op, inputs, dtype, params, values } = this.nodes[value]!;
    this.nodes[value] = new Node(op, inputs, shape, dtype, params, values);
  }

  addBuffer(like: number, shape: readonly number[]): number {
    const { op, dtype } = this.nodes[like]!;
    return this.nodes.push(new Node(op, [], shape, dtype)) - 1;
  }

  settle(value: number): void {
    if (!this.#isLoad(value) && (this.needsBuffer[value] || !this.#isCheap(value))) this.materialize(value);
  }

  #pendingIn(value: number): number[] {
    return this.lazyValues[value]!.inputs.flatMap((a) =>
      a.buffer !== null && this.#pending.has(a.buffer) ? [a.buffer] : [],
    );
  }

  #isCheap(value: number): boolean {
    const { nodes, expr } = this.lazyValues[value]!;
    return nodes <= CHEAP_NODES && this.#pendingIn(value).length === 0 && costOf(expr) <= CHEAP_COST;
  }

  #buffered(value: number, shape = this.nodes[value]!.shape): LazyValue {
    const access: Access = { buffer: value, view: contiguous(shape), gather: [], fill: null };
    return {
      shape,
      inputs: [access],
      expr: load(0, dtypes[this.nodes[value]!.dtype].scalar),
      names: [],
      nodes: 1,
    };
  }

  #addPending(i: number, source: PendingKernel['source'], names: readonly string[]): void {
    const { op, shape } = this.nodes[i]!;
    const all = names.length > 0 ? names : [op.name];
    this.#pending.set(i, { shape, source, name: all.join(' ') });
    this.lazyValues[i] = this.#buffered(i);
  }

  /** Gives a value a buffer: emits the kernel that computes it, unless it has one. */
  materialize(value: number): void {
    const lazy = this.lazyValues[value]!;
    const own = this.#pending.get(value);
    if (own !== undefined) {
      this.#emit(value, lazy, own, value);
      return;
    }
    const [access] = lazy.inputs;
    if (this.#isLoad(value) && access!.buffer === value && isContiguous(access!.view)) return;
    let absorbed: number | null = null;
    for (const c of this.#pendingIn(value)) {
      if (!this.#pending.has(c)) continue;
      if (absorbed === null && this.#canAbsorb(lazy, c)) absorbed = c;
      else this.materialize(c);
    }
    this.#emit(value, lazy, absorbed === null ? null : this.#pending.get(absorbed)!, absorbed);
  }

  /** Can a map become the epilogue of a pending kernel? It must read the kernel's result element by element. */
  #canAbsorb(lazy: LazyValue, pending: number): boolean {
    const { shape } = this.#pending.get(pending)!;
    return (
      sizeOf(lazy.shape) === sizeOf(shape) &&
      lazy.inputs.every((a) => {
        if (a.buffer === pending && (a.gather.length > 0 || !isContiguous(a.view))) return false;
        return reshapeView(a.view, shape) !== null;
      })
    );
  }

  #emit(value: number, lazy: LazyValue, pending: PendingKernel | null, absorbed: number | null): void {
    const shape = pending?.shape ?? lazy.shape;
    const source: KernelSource = pending?.source ?? { kind: 'map' };
    const inputs: Access[] = [];
    const numbers = lazy.inputs.map((a) => {
      if (a.buffer !== null && a.buffer === absorbed) return -1;
      return (
        inputs.push(sameShape(a.view.shape, shape) ? a : { ...a, view: reshapeView(a.view, shape)! }) - 1
      );
    });
    const exprs = rewrite([lazy.expr], (e) => {
      if (e.op !== 'load') return e;
      const n = numbers[e.value]!;
      return n < 0 ? acc(e.type) : load(n, e.type, e.args);
    });
    const [expr] = eliminateCommonSubexpressions(exprs);
    const names = [...(pending ? [pending.name] : []), ...lazy.names];
    const name = names.join(' ') || 'copy';
    this.steps.push({
      kind: 'kernel',
      name,
      shape,
      source,
      inputs,
      stores: [{ buffer: value, expr: expr! }],
    });
    if (absorbed !== null) this.#pending.delete(absorbed);
    this.lazyValues[value] = this.#buffered(value, lazy.shape);
  }
}

const costs: { readonly [op: string]: number } = {
  const: 0,
  uniform: 0,
  load: 0,
  acc: 0,
  div: 4,
  mod: 4,
  sqrt: 4,
  exp: 20,
  expm1: 20,
  log: 20,
  log1p: 20,
  sin: 20,
  cos: 20,
  tanh: 20,
  erf: 20,
  sigmoid: 20,
  softplus: 20,
  pow: 40,
  philox: 40,
  check: 2,
};

/** A rough estimate of the work for one element. */
function costOf(expr: Expr): number {
  let cost = 0;
  for (const e of postorder([expr])) cost += e.op === 'load' && e.args.length > 0 ? 4 : (costs[e.op] ?? 1);
  return cost;
}

import { dtypes } from '../ir/dtype.ts';
import { type Expr, load, uniform } from '../ir/expr.ts';
import type { Reducer } from '../ir/kernel.ts';
import type { LoweringBuilder } from '../ir/lowering-builder.ts';
import type { Node } from '../ir/node.ts';
import type { Check } from '../ir/plan.ts';
import type { LoopInput, Primitive } from '../ir/primitive.ts';
import { broadcastView, contiguous, rowMajorStrides, type View } from '../ir/view.ts';
import type { Graph } from './toposort.ts';

/**
 * Pass 2. The primitive of each node, from its operation's `lower`; `checks` collects the conditions on values.
 */
export function lower(graph: Graph, checks: Check[]): Primitive[] {
  return graph.nodes.map((node, i) =>
    graph.known[i] ? { kind: 'leaf' } : node.op.lower(node, new Builder(node, graph.slots[i]!, checks)),
  );
}

class Builder implements LoweringBuilder {
  readonly #node: Node;
  readonly #firstSlot: number;
  readonly #checks: Check[];
  readonly #inputs: LoopInput[] = [];
  #space: readonly number[];

  constructor(node: Node, firstSlot: number, checks: Check[]) {
    this.#node = node;
    this.#firstSlot = firstSlot;
    this.#checks = checks;
    this.#space = node.shape;
  }

  over(shape: readonly number[]): void {
    this.#space = [...this.#node.shape, ...shape];
  }

  input(k: number, move?: (view: View) => View | null): Expr {
    const space = this.#space;
    return this.#add(
      { input: k, move: move ?? ((v) => broadcastView(v, space)), gatherAxes: [], fill: null },
      k,
      [],
    );
  }

  gather(
    k: number,
    axes: readonly number[],
    indices: readonly Expr[],
    move: (rest: View) => View,
    fill?: number,
  ): Expr {
    return this.#add({ input: k, move, gatherAxes: axes, fill: fill ?? null }, k, indices);
  }

  index(axis: number): Expr {
    return this.#counter(this.#space.map((_, i) => (i === axis ? 1 : 0)));
  }

  linearIndex(): Expr {
    return this.#counter(rowMajorStrides(this.#space));
  }

  #counter(stride: readonly number[]): Expr {
    const view: View = { shape: this.#space, stride, offset: contiguous([]).offset };
    return this.#add({ input: null, move: () => view, gatherAxes: [], fill: null }, null, []);
  }

  #add(input: LoopInput, k: number | null, indices: readonly Expr[]): Expr {
    this.#inputs.push(input);
    const type = k === null ? 'i32' : dtypes[this.#node.inputs[k]!.dtype].scalar;
    return load(this.#inputs.length - 1, type, indices);
  }

  value(i: number, type: 'f32' | 'i32' | 'u32'): Expr {
    return uniform(this.slot(i), type);
  }

  slot(i: number): number {
    return this.#firstSlot + i;
  }

  check(check: Check): number {
    this.#checks.push(check);
    return this.#checks.length - 1;
  }

  map(expr: Expr): Primitive {
    return { kind: 'map', inputs: this.#inputs, expr };
  }

  reduce(reducer: Reducer, expr: Expr): Primitive {
    return {
      kind: 'reduce',
      reducer,
      over: this.#space.slice(this.#node.shape.length),
      inputs: this.#inputs,
      expr,
    };
  }
}

import { type DType, dtypes } from '../../src/ir/dtype.ts';
import type { Node } from '../../src/ir/node.ts';
import { sameShape, sizeOf } from '../../src/ir/view.ts';
import { fromArray, full } from '../../src/tensor/creation.ts';
import { gradients } from '../../src/tensor/gradients.ts';
import { Parameter } from '../../src/tensor/parameter.ts';
import { Generator } from '../../src/tensor/random.ts';
import { broadcastShapes } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { anything, type Domain } from './domains.ts';
import { Draw } from './draw.ts';
import { invoke, operationNames } from './invoke.ts';
import { operations } from './operations/index.ts';

const sizes = [3, 2, 1, 4, 7, 0];
/** Tensors that grow beyond this are not built upon. */
const largest = 600;

/** Draws operands from what was computed before, so that a graph grows with sharing. */
class GraphDraw extends Draw {
  readonly pool: Tensor[] = [];

  number(shape: readonly number[], _domain: Domain): Tensor {
    return this.operand(
      shape,
      () => true,
      this.pick(['float32', 'float32', 'float32', 'int32', 'uint8', 'bool']),
    );
  }

  float(shape: readonly number[], _domain: Domain): Tensor {
    return this.operand(shape, (t) => t.dtype === 'float32', 'float32');
  }

  bool(shape: readonly number[]): Tensor {
    return this.operand(shape, (t) => t.dtype === 'bool', 'bool');
  }

  dtype(): DType {
    return this.pick(['float32', 'int32', 'uint8', 'bool']);
  }

  shape(leastRank = 0, mostRank = 3, nonEmpty = false): number[] {
    const fits = (t: Tensor) =>
      t.rank >= leastRank && t.rank <= mostRank && t.size <= 200 && !(nonEmpty && t.size === 0);
    const known = this.pool.filter(fits);
    if (known.length > 0 && this.integer(0, 4) > 0) return [...this.recent(known).shape];
    const rank = this.integer(leastRank, mostRank);
    return Array.from({ length: rank }, () => this.pick(nonEmpty ? sizes.slice(0, -1) : sizes));
  }

  /** One of the tensors, the latest ones more often. */
  recent(tensors: readonly Tensor[]): Tensor {
    return this.oneIn(2) ? this.pick(tensors) : this.pick(tensors.slice(-4));
  }

  private operand(shape: readonly number[], fits: (t: Tensor) => boolean, dtype: DType): Tensor {
    const known = this.pool.filter((t) => fits(t) && (t.size > 0 || sizeOf(shape) === 0));
    const t =
      known.length > 0 && this.integer(0, 6) > 0
        ? this.arrange(this.recent(known), shape)
        : this.source(shape, dtype);
    this.pool.push(t);
    return t;
  }

  private source(shape: readonly number[], dtype: DType): Tensor {
    const seed = this.integer(0, 1000);
    if (this.oneIn(6)) return full(shape, this.pick(dtype === 'bool' ? [0, 1] : [0, 1, 3]), dtype);
    if (this.oneIn(6) && dtype === 'float32') return new Generator(seed).normal(shape);
    if (this.oneIn(6) && dtype === 'bool') return new Generator(seed).bernoulli(shape, 0.5);
    const values = this.values(sizeOf(shape), anything);
    if (dtype === 'float32') return fromArray(values, shape, dtype);
    const data = dtypes[dtype].allocate(values.length);
    const whole = dtype === 'bool' ? (x: number) => (x > 0 ? 1 : 0) : (x: number) => x;
    data.set(values.map(whole));
    return fromArray(data, shape, dtype);
  }

  /** A tensor's elements under another shape: as many of them as it takes. */
  arrange(t: Tensor, shape: readonly number[]): Tensor {
    if (sameShape(t.shape, shape)) return t;
    if (t.size === sizeOf(shape)) return t.reshape(shape);
    if (broadcasts(t.shape, shape)) return t.broadcastTo(shape);
    const flat = t.flatten();
    const start = this.integer(0, Math.max(0, flat.size - sizeOf(shape)));
    if (flat.size < sizeOf(shape)) return flat.slice(Math.min(start, flat.size - 1)).broadcastTo(shape);
    return flat.slice([start, start + sizeOf(shape)]).reshape(shape);
  }
}

function broadcasts(from: readonly number[], to: readonly number[]): boolean {
  try {
    return sameShape(broadcastShapes('test', from, to), to);
  } catch {
    return false;
  }
}

export interface RandomGraph {
  /** What to compute: the graph's ends and some of what lies between. */
  readonly outputs: readonly Tensor[];
  /** The operations that were called. */
  readonly names: readonly string[];
}

export interface RandomStep extends RandomGraph {
  readonly assignments: readonly (readonly [target: Parameter, value: Tensor])[];
}

/** A graph of 3 to 25 calls of operations. */
export function randomGraph(choices: readonly number[]): RandomGraph {
  return grow(new GraphDraw(choices));
}

/** A graph on Parameters, some of which take new values: computed ones, parts and turns of others, the same one for several. */
export function randomStep(choices: readonly number[]): RandomStep {
  const d = new GraphDraw(choices);
  const shapes = [[3, 2], [3, 2], [2, 3], [4], []];
  const parameters = shapes.map(
    (shape, i) => new Parameter(new Generator(i).normal(shape), { name: `p${i}` }),
  );
  d.pool.push(...parameters);
  const graph = grow(d);
  const floats = d.pool.filter((t) => t.dtype === 'float32' && t.size > 0);
  const targets = parameters.filter(() => !d.oneIn(4));
  const assignments = targets.map(
    (p) => [p, d.arrange(d.pick([...parameters, ...floats]), p.shape)] as const,
  );
  return { ...graph, assignments };
}

function grow(d: GraphDraw): RandomGraph {
  const names: string[] = [];
  const steps = d.integer(3, 25);
  for (let i = 0; i < steps; i++) {
    const floats = d.pool.filter((t) => t.dtype === 'float32');
    if (floats.length > 2 && d.oneIn(10)) {
      names.push('gradients');
      d.pool.push(...gradients(d.recent(floats).sum(), [d.pick(floats), d.pick(floats)]));
      continue;
    }
    const name = d.pick(operationNames);
    names.push(name);
    const results = invoke(name, operations[name].arguments(d));
    d.pool.push(...results.filter((t) => t.size <= largest));
  }
  const used = new Set<Node>();
  for (const t of d.pool) for (const input of t.node.inputs) used.add(input);
  const ends = d.pool.filter((t) => !used.has(t.node));
  return { outputs: [...ends, ...d.pool.filter(() => d.oneIn(8))], names };
}

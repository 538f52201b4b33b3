import fc from 'fast-check';
import { toposort } from '../../../src/compiler/toposort.ts';
import type { Backend } from '../../../src/ir/backend.ts';
import type { TypedArray } from '../../../src/ir/dtype.ts';
import { leafNode, Node } from '../../../src/ir/node.ts';
import { Storage } from '../../../src/ir/storage.ts';
import { computeDouble } from '../../../src/testing/double.ts';
import { randomGraph } from '../../tensor/graphs.ts';
import type { Case, Effort } from './case.ts';
import { firstMiss } from './compare.ts';
import { evaluate } from './evaluate.ts';

// Random graphs over all operations and data types, with the numbers at float32's edges. An error of
// rounding may grow to any size on its way (by a comparison, a floor, a difference), so each node is held
// against double precision of what the device itself computed for its inputs, and the fused plan against
// the one that computes every node.

const choices = fc.array(fc.nat({ max: 0x7fffffff }), { minLength: 40, maxLength: 300, size: 'max' });

export function graphs({ runs, seed }: Effort): Case[] {
  const lists = fc.sample(choices, { numRuns: Math.ceil(8 * runs), seed });
  return lists.map((list, i) => ({
    group: 'random graphs',
    name: `number ${i}`,
    run: (backend) => checkGraph(backend, list),
  }));
}

async function checkGraph(backend: Backend, list: readonly number[]): Promise<string | null> {
  const { outputs, names } = randomGraph(list);
  const where = `${names.join(', ')} of ${JSON.stringify(list)}`;
  const roots = [...new Set(outputs.map((t) => t.node))].filter((node) => node.storage === null);
  const nodes = toposort(roots).nodes.filter((node) => node.storage === null);
  const values = await evaluate(backend, nodes);
  const known = new Map(nodes.map((node, i) => [node, values[i]!]));
  for (const node of nodes) {
    const miss = checkNode(node, known);
    if (miss !== null) return `${node.op.name} ${miss} in ${where}`;
  }
  // A GPU's compiler may make one operation of a product and a sum, if these are in one kernel;
  // SwiftShader's does not.
  if (!/swiftshader/i.test(backend.reason)) return null;
  const fused = await evaluate(backend, roots);
  for (const [i, root] of roots.entries()) {
    const miss = firstMiss(fused[i]!, [known.get(root)!]);
    if (miss !== null) return `fused ${root.op.name} ${miss} in ${where}`;
  }
  return null;
}

/** Holds a node's values against double precision of what was computed for its inputs. */
function checkNode(node: Node, known: ReadonlyMap<Node, TypedArray>): string | null {
  const arrays = node.inputs.map((input) => known.get(input) ?? input.storage!.array);
  const inputs = node.inputs.map(({ dtype, shape }, k) => leafNode(new Storage(dtype, arrays[k]!), shape));
  const alone = new Node(node.op, inputs, node.shape, node.dtype, node.params, node.values);
  if (node.op.name === 'prod' && arrays.some(isWild)) return null;
  const [wanted] = computeDouble([alone], new Map());
  const got = known.get(node)!;
  return firstMiss(got, [wanted!], { relative: 1e-5, scale: scaleOf(alone, got.length, arrays) });
}

/** Products of such numbers overflow in one order and vanish in another. */
const isWild = (array: TypedArray): boolean => array.some((x) => !(Math.abs(x) < 1e3 && Math.abs(x) > 1e-3));

/** Linear in each operand: errors go by the sum of the products' magnitudes. */
const products = new Set(['matmul', 'conv', 'convKernel']);
/** Sums of elements of the operands. */
const sums = new Set([
  'sum',
  'mean',
  'scatterAdd',
  'foldWindows',
  'sumPool',
  'sumPoolGradient',
  'maxPoolGradient',
]);

function scaleOf(node: Node, length: number, arrays: readonly TypedArray[]): ArrayLike<number> {
  const { name } = node.op;
  const magnitudes = (array: TypedArray): Float64Array => Float64Array.from(array, Math.abs);
  if (products.has(name)) {
    const leaves = node.inputs.map((input, k) => [input, magnitudes(arrays[k]!)] as const);
    return computeDouble([node], new Map(leaves.filter(([{ dtype }]) => dtype === 'float32')))[0]!;
  }
  let scale = 0;
  if (sums.has(name)) for (const array of arrays) scale += magnitudes(array).reduce((a, b) => a + b, 0);
  // (x - mean) times the other operands, and a shift.
  if (name === 'standardize')
    scale = arrays.reduce(
      (product, array) => product * magnitudes(array).reduce((a, b) => Math.max(a, b), 1),
      2,
    );
  return new Float64Array(length).fill(scale);
}

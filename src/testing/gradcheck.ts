import { checkCount, describe, readOptions } from '../ir/arguments.ts';
import { DTypeError, NdgradError, ValueError } from '../ir/errors.ts';
import { inDependencyOrder, leafOperation, type Node } from '../ir/node.ts';
import { fillBits } from '../ir/philox.ts';
import { compute } from '../runtime/run.ts';
import { checkTensor } from '../tensor/apply.ts';
import { fromArray, scalar } from '../tensor/creation.ts';
import { gradients } from '../tensor/gradients.ts';
import { Parameter } from '../tensor/parameter.ts';
import { show } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { computeDouble, doubleEvaluator, type LeafValues } from './double.ts';
import { placeOf } from './elements.ts';

export interface GradcheckOptions {
  /** Largest distance |analytic - numeric| / max(1, |analytic|, |numeric|) that passes; 1e-6 by default. */
  readonly tolerance?: number;
  /** The step of the differences is epsilon * max(1, |x|); 1e-4 by default. */
  readonly epsilon?: number;
  /** 2 checks the gradients of the gradients as well; 1 by default. */
  readonly order?: 1 | 2;
}

export interface GradcheckReport {
  /** How many derivatives were compared. */
  readonly checked: number;
  /** The largest distance among them, measured as `tolerance` is. */
  readonly largestError: number;
}

/** A function of tensors; it may ask for particular shapes, and for fewer tensors than it is given. */
export type DifferentiableFunction = { of(...inputs: Tensor[]): Tensor }['of'];

/**
 * Checks gradients against finite differences in double precision. `f` is called once; what it built is
 * evaluated again with other values in place of the inputs, so random numbers (a dropout mask) stay as they
 * were drawn.
 *
 * Parameters may stand among the inputs, and `f` need not take them as arguments: the gradient of a layer of
 * your own, with respect to its input and all of its parameters, is checked by
 *
 * ```ts
 * await gradcheck((x) => layer.call(x), [x, ...layer.parameters()]);
 * ```
 *
 * Keep the inputs away from kinks (relu at 0, ties of max), where no derivative exists. A result of any shape
 * is reduced to a number with fixed random weights. The numeric derivative is (4 d(h / 2) - d(h)) / 3 with
 * d(h) = (f(x + h) - f(x - h)) / 2h (Richardson 1911), whose error falls with h^4.
 *
 * @param f gives a float32 tensor that depends on every input.
 * @param inputs float32 tensors; ones that are computed from others are taken by their values.
 * @throws NdgradError with the input, the place of the first element that is wrong, the value found and the value expected.
 */
export async function gradcheck(
  f: DifferentiableFunction,
  inputs: readonly Tensor[],
  options?: GradcheckOptions,
): Promise<GradcheckReport> {
  checkCount('gradcheck', arguments.length, 3);
  const { tolerance, epsilon, order } = readOptions('gradcheck', options, {
    ...{ tolerance: 1e-6, epsilon: 1e-4, order: 1 },
  });
  if (typeof f !== 'function') {
    throw new ValueError(`[gradcheck] got ${describe(f)}, wanted a function of tensors.`);
  }
  if (!Array.isArray(inputs)) {
    throw new ValueError(`[gradcheck] got inputs ${describe(inputs)}, wanted an array of tensors.`);
  }
  for (const x of inputs) checkTensor('gradcheck', x);
  const xs = await Promise.all(inputs.map(asLeaf));
  const y = f(...xs);
  checkTensor('gradcheck', y);
  if (y.dtype !== 'float32') {
    throw new DTypeError(`[gradcheck] the function gave a ${y.dtype} tensor, wanted float32.`);
  }
  const reached = nodesBehind(y.node);
  const missing = xs.findIndex((x) => !reached.has(x.node));
  if (missing >= 0) {
    throw new ValueError(
      `[gradcheck] the result does not depend on input ${missing} of shape ${show(xs[missing]!.shape)}. ` +
        'Use the arguments that the function is called with, or leave this input out.',
    );
  }
  // They may be on a device, those of a layer's Parameters after training for one.
  await Promise.all([...reached].filter(isLeaf).map(compute));
  const at = new Map<Node, Float64Array>();
  for (const x of xs) at.set(x.node, Float64Array.from(await x.data()));
  let value = weighted(y, 1);
  let report: GradcheckReport = { checked: 0, largestError: 0 };
  for (let level = 1; level <= order; level++) {
    const analytic = gradients(value, xs);
    report = compare(value, xs, analytic, at, { tolerance, epsilon, level, report });
    if (level < order)
      value = analytic.map((g, i) => weighted(g, 2 + i)).reduce((a, b) => a.add(b), scalar(0));
  }
  return report;
}

interface Level {
  readonly tolerance: number;
  readonly epsilon: number;
  readonly level: number;
  readonly report: GradcheckReport;
}

function compare(
  value: Tensor,
  xs: readonly Tensor[],
  gradient: readonly Tensor[],
  at: LeafValues,
  options: Level,
): GradcheckReport {
  const { tolerance, epsilon, level } = options;
  let { checked, largestError } = options.report;
  const analytic = computeDouble(
    gradient.map((g) => g.node),
    at,
  );
  const reached = nodesBehind(value.node);
  const evaluate = doubleEvaluator([value.node]);
  xs.forEach((x, input) => {
    for (let i = 0; i < x.size; i++) {
      const a = analytic[input]![i]!;
      const derivative = (step: number) =>
        reached.has(x.node) ? richardson(evaluate, at, x.node, i, step) : 0;
      let n = Number.NaN;
      let error = Number.NaN;
      // Smaller steps next: a kink nearby must not look like a wrong gradient.
      for (let shrink = 1; shrink <= 256 && !(error <= tolerance); shrink *= 16) {
        n = derivative(epsilon / shrink);
        error = Math.abs(a - n) / Math.max(1, Math.abs(a), Math.abs(n));
      }
      if (!(error <= tolerance)) {
        throw new NdgradError(
          `[gradcheck] ${level === 1 ? 'gradient' : 'second gradient'} with respect to ${nameOf(x, input)} of shape ` +
            `${show(x.shape)} at ${placeOf(i, x.shape)}: got ${a}, wanted ${n} (finite differences); ` +
            `their distance is ${error}, ${tolerance} is allowed.`,
        );
      }
      checked++;
      largestError = Math.max(largestError, error);
    }
  });
  return { checked, largestError };
}

const nameOf = (x: Tensor, input: number): string =>
  x instanceof Parameter ? `input ${input}, the Parameter '${x.name}',` : `input ${input}`;

/** The derivative of a scalar node by one element of a leaf. */
function richardson(
  evaluate: ReturnType<typeof doubleEvaluator>,
  at: LeafValues,
  leaf: Node,
  i: number,
  epsilon: number,
): number {
  const values = at.get(leaf)!;
  const x = values[i]!;
  const h = epsilon * Math.max(1, Math.abs(x));
  const valueAt = (shifted: number): number => {
    values[i] = shifted;
    return evaluate(at)[0]![0]!;
  };
  const central = (step: number): number => (valueAt(x + step) - valueAt(x - step)) / (x + step - (x - step));
  const derivative = (4 * central(h / 2) - central(h)) / 3;
  values[i] = x;
  return derivative;
}

async function asLeaf(x: Tensor, i: number): Promise<Tensor> {
  if (x.dtype !== 'float32') {
    throw new DTypeError(
      `[gradcheck] input ${i} is ${x.dtype}, wanted float32. Let the function capture what is not differentiated.`,
    );
  }
  return isLeaf(x.node) ? x : fromArray(await x.data(), x.shape, 'float32');
}

/** sum(t * w) with fixed random weights of magnitude 0.5 to 1.5. */
function weighted(t: Tensor, stream: number): Tensor {
  const bits = new Uint32Array(t.size);
  fillBits(bits, 0, t.size, 0, 0, 0, 0, stream);
  const weights = Float32Array.from(bits, (b) => (b & 1 ? 1 : -1) * (0.5 + (b >>> 8) / 16777216));
  return t.mul(fromArray(weights, t.shape, 'float32')).sum();
}

const isLeaf = (node: Node): boolean => node.op === leafOperation;

function nodesBehind(root: Node): Set<Node> {
  return new Set(inDependencyOrder([root]));
}

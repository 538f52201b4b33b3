import { checkCount, describe, readOptions } from '../ir/arguments.ts';
import { ShapeError, ValueError } from '../ir/errors.ts';
import { where } from '../tensor/ops/elementwise/logic.ts';
import type { Parameter } from '../tensor/parameter.ts';
import { show } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkFraction, checkNotNegative } from './check.ts';
import { Optimizer, type OptimizerOptions, type Slots, type Update } from './optimizer.ts';

export interface MuonOptions extends OptimizerOptions {
  /** The fraction of the running mean of g that each step keeps; 0.95 by default. */
  readonly momentum?: number;
  /** Whether to use Nesterov momentum; true by default. */
  readonly nesterov?: boolean;
  /** Decoupled weight decay: p decreases by learningRate * weightDecay * p; 0 by default. */
  readonly weightDecay?: number;
  /** How many Newton-Schulz iterations a step does; 5 by default. */
  readonly iterations?: number;
}

/**
 * Muon (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon), for matrices: the step is the momentum with all its
 * singular values near 1.
 *
 *     m = momentum * m + (1 - momentum) * g
 *     d = (1 - momentum) * g + momentum * m    with nesterov, else m
 *     p = p - learningRate * (sqrt(max(1, columns / rows)) * orthogonal(d) + weightDecay * p)
 *
 * `orthogonal` starts from X = d / (norm(d) + 1e-7) and repeats X = 3.4445 X + (-4.775 A + 2.0315 A A) X with A = X X^T. A
 * Parameter with more than two axes, the kernel of a convolution, counts as the matrix [-1, last axis]. The reference
 * computes in bfloat16, this class in float32. The learning rate is 0.02 by default.
 *
 * Muon is for the kernels of hidden layers. Biases, gains, embeddings and the output layer belong to another optimizer:
 *
 * ```ts
 * const isHidden = (p: Parameter) => p.rank >= 2 && p !== output.kernel;
 * const optimizer = new MultiOptimizer([
 *   new Muon(model.parameters().filter(isHidden)),
 *   new AdamW(model.parameters().filter((p) => !isHidden(p)), { learningRate: 3e-4 }),
 * ]);
 * ```
 *
 * @throws ShapeError for a Parameter with fewer than two axes.
 */
export class Muon extends Optimizer<'m'> {
  static override readonly kind: string = 'Muon';
  readonly #settings: Required<Omit<MuonOptions, keyof OptimizerOptions>>;

  constructor(parameters: readonly Parameter[], options?: MuonOptions) {
    const { kind } = new.target;
    checkCount(kind, arguments.length, 2);
    const settings = readOptions(kind, options, {
      ...{ learningRate: 0.02, momentum: 0.95, nesterov: true, weightDecay: 0, iterations: 5 },
      clip: {},
    });
    super(parameters, settings, ['m']);
    const { momentum, nesterov, weightDecay, iterations } = settings;
    checkFraction(kind, { momentum });
    checkNotNegative(kind, { weightDecay });
    if (!(Number.isInteger(iterations) && iterations >= 1))
      throw new ValueError(
        `[${kind}] got iterations ${describe(iterations)}, wanted a whole number from 1 up.`,
      );
    for (const { name, shape } of this.parameters) {
      if (shape.length >= 2) continue;
      throw new ShapeError(
        `[${kind}] got Parameter '${name}' ${show(shape)}, wanted two axes or more. Give it to another optimizer, and both to ` +
          'MultiOptimizer.',
      );
    }
    this.#settings = { momentum, nesterov, weightDecay, iterations };
  }

  protected override update(p: Tensor, g: Tensor, slots: Slots<'m'>, learningRate: number): Update<'m'> {
    const { momentum, nesterov, weightDecay, iterations } = this.#settings;
    const m = slots.m.mul(momentum).add(g.mul(1 - momentum));
    const direction = (nesterov ? g.mul(1 - momentum).add(m.mul(momentum)) : m).reshape([
      -1,
      p.shape.at(-1)!,
    ]);
    const [rows, columns] = direction.shape as readonly [number, number];
    const scale = learningRate * Math.sqrt(Math.max(1, columns / rows));
    const step = orthogonal(direction, iterations).mul(scale).reshape(p.shape);
    return { value: p.mul(1 - learningRate * weightDecay).sub(step), slots: { m } };
  }
}

/** A matrix with the singular vectors of g and singular values near 1, by a quintic Newton-Schulz iteration. */
function orthogonal(g: Tensor, iterations: number): Tensor {
  const isTall = g.shape[0]! > g.shape[1]!;
  const largest = g.abs().max();
  // Squares of the elements divided by the largest one are in the range of float32.
  const scale = where(largest.equal(0), 1, largest);
  const scaled: Tensor = (isTall ? g.transpose() : g).div(scale);
  const norm = scaled.square().sum().sqrt();
  let x: Tensor = scaled.div(norm.add(scale.reciprocal().mul(1e-7)));
  for (let i = 0; i < iterations; i++) {
    const a: Tensor = x.matmul(x.transpose());
    const b: Tensor = a.mul(-4.775).add(a.matmul(a).mul(2.0315));
    x = x.mul(3.4445).add(b.matmul(x));
  }
  return isTall ? x.transpose() : x;
}

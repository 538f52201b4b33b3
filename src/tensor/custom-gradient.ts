import { checkCount, describe, isRecord, refusal } from '../ir/arguments.ts';
import { ShapeError, ValueError } from '../ir/errors.ts';
import { type Node, noParams } from '../ir/node.ts';
import { sameShape } from '../ir/view.ts';
import { apply, checkTensor } from './apply.ts';
import { operation } from './operation.ts';
import { parametersBehind } from './parameter.ts';
import { show } from './shape.ts';
import { Tensor } from './tensor.ts';

/** Gradients by the arguments: one for a single argument, or a list with one for each; null where there is none. */
type Backward = (g: Tensor) => Tensor | null | readonly (Tensor | null)[];

/** What the function of `customGradient` returns. */
export interface CustomGradient<Y extends Tensor = Tensor> {
  /** The result of the call. */
  readonly value: Y;
  /**
   * Gets the gradient by the value, of its shape, and returns the gradients by the arguments, of their shapes: one
   * tensor for a single argument, or a list with one for each, null where there is none. It may use the arguments and
   * everything that the function has computed. Gradients of higher order are those of its operations.
   */
  readonly backward: (g: Tensor) => Tensor | null | readonly (Tensor | null)[];
}

/**
 * The backward functions of nodes. They are no part of their structure, so that every call of a function finds the same
 * plan.
 */
export const backwards = new WeakMap<Node, Backward>();

const customGradientOperation = operation<{}>({
  name: 'customGradient',
  shape: ([value]) => ({ shape: value!.shape, dtype: value!.dtype }),
  // dx as the backward function says
  vjp: (g, y, [, ...args]) => [
    null,
    ...checked(backwards.get(y.node)!(g), args).map((dx) => dx && (() => dx)),
  ],
  lower: () => ({ kind: 'view', move: (v) => v }),
});

/**
 * A function of tensors with a gradient of its own, as `jax.custom_vjp` and `tf.custom_gradient`. Gradients flow to its
 * arguments only; other tensors that it uses are constants.
 *
 * ```ts
 * const limited = customGradient((x: Tensor) => ({ value: x, backward: (g) => clip(g, -1, 1) }));
 * ```
 *
 * @param f is called with the arguments of each call, and returns the value and its backward function.
 * @throws ValueError, when it is called, if the value depends on a trainable Parameter that is no argument.
 */
export function customGradient<A extends readonly Tensor[], Y extends Tensor>(
  f: (...args: A) => CustomGradient<Y>,
): (...args: A) => Y {
  checkCount('customGradient', arguments.length, 1);
  if (typeof f !== 'function')
    throw refusal('customGradient', 'f', f, 'a function that returns { value, backward }');
  return (...args) => {
    for (const x of args) checkTensor('customGradient', x);
    const result = f(...args);
    if (!isRecord(result) || !(result.value instanceof Tensor) || typeof result.backward !== 'function') {
      throw new ValueError(
        `[customGradient] got ${describe(result)} from f, wanted { value, backward }, a tensor and a function of its gradient.`,
      );
    }
    const { value, backward } = result;
    const ends = new Set(args.map((x) => x.node));
    const [lost] = parametersBehind(value, (node) => ends.has(node) || node.op.cutsGraph).filter(
      (p) => p.trainable && !ends.has(p.node),
    );
    if (lost) {
      throw new ValueError(
        `[customGradient] got a value that depends on Parameter '${lost.name}', which is no argument and would get no gradient. ` +
          'Pass it as an argument, or detach it.',
      );
    }
    const y = apply(customGradientOperation, [value, ...args], noParams);
    backwards.set(y.node, (g) => backward(g));
    return y as Y;
  };
}

function checked(given: ReturnType<Backward>, args: readonly Tensor[]): readonly (Tensor | null)[] {
  const all = Array.isArray(given) ? (given as readonly (Tensor | null)[]) : [given as Tensor | null];
  if (all.length !== args.length) {
    throw new ValueError(
      `[customGradient] got ${all.length} gradients from backward, wanted ${args.length}, one for each argument.`,
    );
  }
  all.forEach((dx, i) => {
    if (dx === null) return;
    checkTensor('customGradient', dx);
    const { shape, dtype } = args[i]!;
    if (sameShape(dx.node.shape, shape) && dx.dtype === dtype) return;
    throw new ShapeError(
      `[customGradient] got a ${dx.dtype} gradient of shape ${show(dx.shape)} from backward for argument ${i}, ` +
        `wanted ${dtype} ${show(shape)}, as the argument.`,
    );
  });
  return all;
}

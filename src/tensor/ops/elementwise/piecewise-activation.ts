import { checkNumber } from '../../../ir/arguments.ts';
import { ShapeError, ValueError } from '../../../ir/errors.ts';
import { sameShape } from '../../../ir/view.ts';
import { checkCall, checkTensor } from '../../apply.ts';
import { broadcastShapes, type Shape, show } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { floating } from './elementwise.ts';
import { clip, where } from './logic.ts';

// Activations made of straight lines, or of products with one.

/** min(max(x, 0), 6) (Krizhevsky 2010). */
export function relu6<S extends Shape>(x: Tensor<S>): Tensor<S, 'float32'> {
  checkCall('relu6', arguments.length, 1, x);
  return clip(floating(x), 0, 6) as Tensor<S, 'float32'>;
}

/**
 * x where x > 0, alpha x elsewhere, with a tensor alpha that broadcasts against x, such as a learned slope for each channel
 * [..., C] (He et al. 2015).
 */
export function prelu<S extends Shape>(x: Tensor<S>, alpha: Tensor): Tensor<S, 'float32'> {
  checkCall('prelu', arguments.length, 2, x);
  checkTensor('prelu', alpha);
  if (!sameShape(broadcastShapes('prelu', x.node.shape, alpha.node.shape), x.node.shape)) {
    throw new ShapeError(
      `[prelu] got alpha of shape ${show(alpha.shape)}, wanted one that broadcasts to ${show(x.shape)}.`,
    );
  }
  const f: Tensor = floating(x);
  return where(f.greater(0), f, f.mul(alpha)) as Tensor<S, 'float32'>;
}

/** x limited to low .. high, -1 and 1 by default. */
export function hardTanh<S extends Shape>(x: Tensor<S>, low = -1, high = 1): Tensor<S, 'float32'> {
  checkCall('hardTanh', arguments.length, 3, x);
  checkNumber('hardTanh', 'low', low);
  checkNumber('hardTanh', 'high', high);
  if (!(low < high)) throw new ValueError(`[hardTanh] got low ${low} and high ${high}, wanted low < high.`);
  return clip(floating(x), low, high) as Tensor<S, 'float32'>;
}

/** min(max(x + 3, 0), 6) / 6, as in PyTorch and Keras 3: near `sigmoid`. */
export function hardSigmoid<S extends Shape>(x: Tensor<S>): Tensor<S, 'float32'> {
  checkCall('hardSigmoid', arguments.length, 1, x);
  return ramp(floating(x)) as Tensor<S, 'float32'>;
}

/** x hardSigmoid(x), also called hardSilu (Howard et al. 2019): near `silu`. */
export function hardSwish<S extends Shape>(x: Tensor<S>): Tensor<S, 'float32'> {
  checkCall('hardSwish', arguments.length, 1, x);
  const f: Tensor = floating(x);
  return f.mul(ramp(f)) as Tensor<S, 'float32'>;
}

const ramp = (x: Tensor): Tensor => clip(x.add(3), 0, 6).div(6);

import { StateError } from '../ir/errors.ts';
import type { Optimizer } from '../optim/index.ts';
import { reachedGradients } from '../tensor/gradients.ts';
import { parametersBehind } from '../tensor/parameter.ts';
import { show } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** @throws StateError if a gradient of the loss reaches a trainable Parameter that the optimizer does not hold. */
export function checkTrained(loss: Tensor, optimizer: Optimizer): void {
  const held = new Set(optimizer.parameters);
  const others = parametersBehind(loss).filter((p) => p.trainable && p.dtype === 'float32' && !held.has(p));
  if (others.length === 0) return;
  const gradients = reachedGradients('fit', loss, others);
  const missed = others.filter((_, i) => gradients[i] !== null);
  if (missed.length === 0) return;
  const names = missed.slice(0, 4).map((p) => `'${p.name}' ${show(p.shape)}`);
  if (missed.length > names.length) names.push('...');
  throw new StateError(
    `[fit] the loss depends on trainable Parameters that the optimizer does not hold: ${names.join(', ')}. ` +
      'They would not be trained. Layers are found in public fields, and in arrays, records and Maps there, but not in ' +
      '#private fields or under symbols: use a public field, give their Parameters to the optimizer, freeze them, or pass ' +
      'allowUntrained: true.',
  );
}

import { StateError } from '../ir/errors.ts';
import type { Node } from '../ir/node.ts';
import type { Parameter } from '../tensor/parameter.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** The error for a loss that does not reach a Parameter: why, and what to do. */
export function unreached(operation: string, loss: Tensor, parameter: Parameter): StateError {
  const { name } = parameter;
  if (dependsOnOlder(loss.node, parameter)) {
    return new StateError(
      `[${operation}] the loss was built on an older version of Parameter '${name}'. ` +
        'Build the loss again for every step: call the model again.',
    );
  }
  if (loss.node.inputs.length === 0) {
    return new StateError(
      `[${operation}] the loss has no graph to Parameter '${name}': it is a constant, detached, or was minimized before. ` +
        'Build the loss again for every step: call the model again.',
    );
  }
  return new StateError(
    `[${operation}] the loss does not depend on Parameter '${name}'. ` +
      'Use it in the forward pass, freeze it (trainable = false), or leave it out of the optimizer.',
  );
}

function dependsOnOlder(root: Node, parameter: Parameter): boolean {
  const storage = parameter.node.storage;
  const seen = new Set<Node>([root]);
  for (const node of seen) {
    if (node.storage === storage && node.version !== parameter.version) return true;
    for (const input of node.inputs) seen.add(input);
  }
  return false;
}

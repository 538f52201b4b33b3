import { checkArray, checkCount, readOptions, refusal } from '../ir/arguments.ts';
import { NonFiniteError, ShapeError, ValueError } from '../ir/errors.ts';
import { leafNode, leafOperation } from '../ir/node.ts';
import { sameShape } from '../ir/view.ts';
import { explainRun, type RunRequest, run, yieldIfWanted } from '../runtime/run.ts';
import { checkTensor } from './apply.ts';
import { Parameter } from './parameter.ts';
import { show } from './shape.ts';
import type { Tensor } from './tensor.ts';

/** What one run computes and overwrites, as one plan. */
export interface StepOptions {
  /** Tensors to compute. They come back detached: their values stay, the graph behind them is let go. */
  readonly results?: readonly Tensor[];
  /** Parameters and the values that they take, all computed from the values before the run. */
  readonly assignments: readonly (readonly [target: Parameter, value: Tensor])[];
}

/**
 * Computes tensors and overwrites Parameters in one plan: what optimizers and running statistics are made of.
 * Versions count up at the call. If a value check fails, nothing is overwritten.
 *
 * @throws ValueError for an index that is out of range, NonFiniteError if a new value is NaN or infinite.
 */
export async function runStep(options: StepOptions): Promise<void> {
  checkCount('runStep', arguments.length, 1);
  await runAssignments(options, notFinite, 'runStep');
}

const notFinite = (target: string): Error =>
  new NonFiniteError(
    `[runStep] the new value of '${target}' is NaN or infinite. Nothing was overwritten. Check how it is computed.`,
  );

/** @internal The number of steps of optimizers and of `runStep`. */
export const steps = { count: 0 };

/**
 * @internal `runStep` with the error for a target whose new value is NaN or infinite. Without one new values are not
 * checked. On a synchronous backend a failed step throws at the call, so that the caller counts no step.
 */
export function runAssignments(
  options: StepOptions,
  notFinite?: (target: string) => Error,
  operation = 'assign',
): Promise<void> {
  const running = run({ ...checked(operation, options), notFinite });
  if (notFinite) steps.count++;
  for (const [target] of options.assignments) target.overwritten();
  return finish(running, options.results ?? []);
}

async function finish(running: void | Promise<void>, results: readonly Tensor[]): Promise<void> {
  await running;
  await yieldIfWanted();
  // The handle lets go of the graph; the node keeps it for others that were built on it.
  for (const t of results) {
    const { op, storage, shape } = t.node;
    if (op !== leafOperation && storage !== null) t.node = leafNode(storage, shape);
  }
}

/** The plan that `runStep` would run, printed. */
export function explainAssignments(options: StepOptions): string {
  checkCount('explainAssignments', arguments.length, 1);
  return explainRun({ ...checked('explainAssignments', options), notFinite });
}

function checked(name: string, options: StepOptions): RunRequest {
  const { results, assignments } = readOptions(name, options, { results: [], assignments: undefined });
  checkArray(name, 'results', results, '[loss]');
  checkArray(name, 'assignments', assignments, '[[parameter, value]]');
  for (const t of results) checkTensor(name, t);
  const seen = new Set<Parameter>();
  for (const pair of assignments) {
    checkArray(name, 'assignment', pair, '[parameter, value]');
    const [target, value] = pair;
    checkTensor(name, value);
    if (!(target instanceof Parameter)) throw refusal(name, 'target', target, 'a Parameter');
    if (seen.has(target)) {
      throw new ValueError(
        `[${name}] Parameter '${target.name}' is assigned twice in one step. Give one value for each.`,
      );
    }
    seen.add(target);
    if (!sameShape(target.node.shape, value.node.shape) || target.dtype !== value.dtype) {
      throw new ShapeError(
        `[${name}] Parameter '${target.name}' is ${target.dtype} ${show(target.shape)}, got ${value.dtype} ${show(value.shape)}. ` +
          'Reshape or cast the value.',
      );
    }
  }
  return { results: results.map((t) => t.node), assignments: assignments.map(([t, v]) => [t.node, v.node]) };
}

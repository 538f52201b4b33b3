import { isRecord } from '../../ir/arguments.ts';
import type { TypedArray } from '../../ir/dtype.ts';
import type { State } from '../../ir/state.ts';
import { Mean } from '../../metrics/metric.ts';
import { copyOf } from '../../optim/copy.ts';
import type { OptimizerState, WeightAverageState } from '../../optim/index.ts';
import { tensor } from '../../tensor/creation.ts';
import type { Parameter } from '../../tensor/parameter.ts';
import { defaultGenerator, Generator, type GeneratorState } from '../../tensor/random.ts';
import { runAssignments } from '../../tensor/step.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { now } from '../../util/timers.ts';
import { RunningLoss, RunningLosses } from '../running-loss.ts';
import type { Content } from './file.ts';
import { givenCallbacks, namedLayers, namedParameters } from './parts.ts';
import { type Outline, readStored, storeState } from './state-outline.ts';
import { StoredTensors, storedTypes } from './stored-tensor.ts';
import type { Position, Resumable } from './types.ts';

/** What training remembers besides tensors of the shapes of Parameters, callbacks and results. */
interface FitState extends State {
  readonly seed: number;
  readonly epochs: number;
  readonly epoch: number;
  readonly batches: number;
  /** Of the epoch so far. */
  readonly seconds: number;
  /** The generator of the epoch, behind the order and Dropout. */
  readonly random: State & GeneratorState;
  readonly defaultGenerator: State & GeneratorState;
  readonly loss: State;
  /** Of several outputs, by the names of the results. */
  readonly outputLosses?: Readonly<Record<string, State>>;
  /** null for a metric without state. */
  readonly metrics: readonly (State | null)[];
  readonly trainable: Readonly<Record<string, boolean>>;
  readonly frozen: Readonly<Record<string, boolean>>;
  readonly optimizer: State;
  readonly average: State | null;
  /** The finished epochs. */
  readonly finished: readonly number[];
  readonly stopped: string | null;
}

/** A state of training that a file had. */
export interface RunState {
  readonly fit: FitState;
  readonly tensors: StoredTensors;
  /** null for a callback without state. */
  readonly callbacks: readonly (State | null)[];
  readonly results: Readonly<Record<string, readonly number[]>>;
}

/** A copy of everything that training remembers at the call. @param ofOptimizer a copy of the optimizer's state. */
export async function copyState(
  run: Resumable,
  ofOptimizer: Promise<OptimizerState> = run.optimizer.getState(),
): Promise<Content> {
  const { history, metrics, model, options, position } = run;
  const parameters = namedParameters(run);
  const [values, optimizerState, averageState] = await Promise.all([
    copyOf([...parameters.values()]),
    ofOptimizer,
    options.average?.getState(),
  ]);
  const { losses, random } = position;
  const { loss, ...outputLosses } = Object.fromEntries(
    [...losses.byName].map(([name, running]) => [name, lossState(running)]),
  );
  const fit = {
    seed: run.seed,
    epochs: run.epochs,
    epoch: position.epoch,
    batches: position.batches,
    seconds: (now() - position.start) / 1000,
    random: { ...random.getState() },
    defaultGenerator: { ...defaultGenerator().getState() },
    loss: loss!,
    ...(Object.keys(outputLosses).length > 0 && { outputLosses }),
    metrics: metrics.map((metric) => metric.getState?.() ?? null),
    trainable: Object.fromEntries([...parameters].map(([name, p]) => [name, p.trainable])),
    frozen: Object.fromEntries([...namedLayers(model)].map(([path, layer]) => [path, layer.frozen])),
    finished: [...history.epochs],
    stopped: history.stopped ?? null,
  };
  const results = Object.entries(history.history).map(([name, column]) => [name, [...column]] as const);
  const callbacks: (State | null)[] = [];
  for (const callback of givenCallbacks(run)) callbacks.push((await callback.getState?.()) ?? null);

  const tensors = new StoredTensors();
  [...parameters].forEach(([name, { dtype, shape }], i) => {
    tensors.set(name, { dtype: storedTypes[dtype], shape, values: values[i]! });
  });
  const state: FitState = {
    ...fit,
    optimizer: storeSlots(optimizerTensor, optimizerState, tensors),
    average: averageState === undefined ? null : storeSlots(averageTensor, averageState, tensors),
  };
  const outlines = {
    fit: storeState('fit:', state, tensors),
    callback: storeState('callback:', callbacks, tensors),
    history: storeState('history:', Object.fromEntries(results), tensors),
  };
  return { tensors, texts: { state: JSON.stringify(outlines) } };
}

/** @throws an error if the content is no state. */
export function readState({ tensors, texts }: Content): RunState {
  const outlines = JSON.parse(texts.state!) as Record<'fit' | 'callback' | 'history', Outline>;
  const state = {
    fit: readStored('fit:', outlines.fit, tensors),
    callbacks: readStored('callback:', outlines.callback, tensors),
    results: readStored('history:', outlines.history, tensors),
  };
  if (!isRunState(state)) throw new Error('another state');
  return { ...state, tensors };
}

/** Whether a file has the parts of a state. What is in them is checked where they are set. */
function isRunState(state: object): state is Omit<RunState, 'tensors'> {
  const { fit, callbacks, results } = state as Record<string, unknown>;
  return (
    isRecord(fit) &&
    [fit.seed, fit.epochs, fit.epoch, fit.batches].every(
      (n) => Number.isSafeInteger(n) && (n as number) >= 0,
    ) &&
    [fit.random, fit.defaultGenerator, fit.loss, fit.optimizer, fit.average ?? {}].every(isRecord) &&
    [fit.trainable, fit.frozen, results].every(isRecord) &&
    [fit.metrics, fit.finished, callbacks, ...Object.values(results as object)].every(Array.isArray) &&
    (fit.stopped === null || typeof fit.stopped === 'string')
  );
}

/** Gives a training the state of another one with the same configuration. @param restore restores the optimizer's state. */
export async function restoreState(
  run: Resumable,
  saved: RunState,
  restore: (state: OptimizerState) => Promise<void> = (state) => run.optimizer.setState(state),
): Promise<void> {
  const { fit: state, tensors } = saved;
  const { callbacks, history, metrics, model, options } = run;
  if (state.batches > 0) {
    for (const callback of callbacks) {
      if (callback.setState === undefined) await callback.onEpochBegin?.(state.epoch, run);
    }
  }

  for (const [path, layer] of namedLayers(model)) {
    if (state.frozen[path] === layer.frozen) continue;
    if (layer.frozen) layer.unfreeze();
    else layer.freeze();
  }
  const assignments: (readonly [Parameter, Tensor])[] = [];
  for (const [name, parameter] of namedParameters(run)) {
    parameter.trainable = state.trainable[name] === true;
    const { dtype, shape } = parameter;
    const values = tensors.get(name).values as TypedArray;
    assignments.push([parameter, tensor(values, { shape, dtype, copy: false })]);
  }
  await runAssignments({ assignments });
  await restore(readSlots(optimizerTensor, state.optimizer, tensors) as OptimizerState);
  if (state.average !== null) {
    const average = readSlots(averageTensor, state.average, tensors);
    await options.average?.setState(average as WeightAverageState);
  }

  for (const [i, metric] of metrics.entries()) {
    const own = state.metrics[i];
    if (own) metric.setState?.(own);
  }
  for (const [i, callback] of givenCallbacks(run).entries()) {
    const own = saved.callbacks[i];
    if (own) await callback.setState?.(own);
  }
  history.epochs.push(...state.finished);
  Object.assign(history.history, saved.results);
  if (state.stopped !== null) history.stopped = state.stopped;
  run.seed = state.seed;
  run.position = positionOf(state);
  defaultGenerator().setState(state.defaultGenerator);
}

function positionOf(state: FitState): Position {
  const { batches, epoch, loss, outputLosses = {}, random: generator, seconds } = state;
  const random = new Generator(0);
  random.setState(generator);
  const losses = new RunningLosses();
  for (const [name, saved] of Object.entries({ loss, ...outputLosses }))
    losses.byName.set(name, readLoss(saved));
  return { epoch, batches, random, losses, start: now() - seconds * 1000 };
}

const lossState = ({ means, samples, sum }: RunningLoss): State => ({
  samples: samples.getState(),
  // Not map, which leaves out holes.
  means: Array.from(means, (mean) => mean?.getState() ?? null),
  sum,
});

function readLoss(saved: State): RunningLoss {
  const loss = new RunningLoss();
  loss.samples.setState(saved.samples as State);
  for (const [i, mean] of (saved.means as (State | null)[]).entries()) {
    if (mean === null) continue;
    loss.means[i] = new Mean();
    loss.means[i].setState(mean);
  }
  loss.sum = saved.sum as number;
  return loss;
}

/** The name of the tensor for a slot of a Parameter. */
type SlotName = (slot: string, parameter: string) => string;
const optimizerTensor: SlotName = (slot, parameter) => `optimizer:${slot}/${parameter}`;
const averageTensor: SlotName = (_, parameter) => `average:${parameter}`;

type SlotState = OptimizerState | WeightAverageState;

const fileTypes = { Float32Array: 'F32', Int32Array: 'I32', Uint8Array: 'U8' } as const;

/** Stores the slots as tensors of the shapes of their Parameters, and returns the rest of the state. */
function storeSlots(nameOf: SlotName, { parameters, ...rest }: SlotState, tensors: StoredTensors): State {
  const kept = Object.entries(parameters).map(([name, { shape, slots, ...counts }]) => {
    for (const [slot, values] of Object.entries(slots)) {
      tensors.set(nameOf(slot, name), { dtype: fileTypes[values[Symbol.toStringTag]], shape, values });
    }
    return [name, { ...counts, shape: JSON.stringify(shape), slots: JSON.stringify(Object.keys(slots)) }];
  });
  return { ...(rest as State), parameters: Object.fromEntries(kept) };
}

function readSlots(nameOf: SlotName, { parameters, ...rest }: State, tensors: StoredTensors): unknown {
  const kept = Object.entries(parameters as Record<string, State>).map(
    ([name, { shape, slots, ...counts }]) => {
      const names = JSON.parse(String(slots)) as string[];
      const values = names.map((slot) => [slot, tensors.get(nameOf(slot, name)).values]);
      return [name, { ...counts, shape: JSON.parse(String(shape)), slots: Object.fromEntries(values) }];
    },
  );
  return { ...rest, parameters: Object.fromEntries(kept) };
}

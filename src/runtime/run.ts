import type { Goal } from '../compiler/cache.ts';
import { explainPlan } from '../compiler/explain.ts';
import { type SortedGraph, toposort } from '../compiler/toposort.ts';
import type { Backend, Failure } from '../ir/backend.ts';
import type { DType, TypedArray } from '../ir/dtype.ts';
import { StateError } from '../ir/errors.ts';
import { assertCurrent, cutGraph, type Node } from '../ir/node.ts';
import { Storage } from '../ir/storage.ts';
import { yieldToEventLoop } from '../util/event-loop.ts';
import { isPromise } from '../util/is-promise.ts';
import { runtime } from './runtime.ts';

// Graphs, compiler and backends meet here and nowhere else.

/** What one run computes and overwrites, as one plan. */
export interface RunRequest {
  readonly results: readonly Node[];
  /** Pairs of a Parameter's node and its new value. */
  readonly assignments: readonly (readonly [target: Node, value: Node])[];
  /**
   * The error for a float32 target whose new value has a NaN or infinite element; the run fails then. Without it new
   * values are not checked.
   */
  readonly notFinite?: ((target: string) => Error) | undefined;
}

interface Prepared {
  readonly order: SortedGraph;
  readonly goal: Goal;
  /** The results that are not known yet. */
  readonly wanted: readonly Node[];
  readonly notFinite: ((target: string) => Error) | undefined;
}

function prepare({ results, assignments, notFinite }: RunRequest): Prepared {
  const wanted = [...new Set(results)].filter((node) => node.storage === null);
  // Leaves are numbered in the order of the assignments: of several values that are not finite an error names the first.
  const roots = [...wanted, ...assignments.map(([target]) => target)];
  const first = roots.length;
  // In the order of the backward pass, which comes to the last Parameters first: their gradients need what it has just
  // computed, and then memory is free again.
  for (const [target, value] of [...assignments].reverse()) roots.push(target, value);
  const order = toposort(roots);
  return {
    order,
    wanted,
    goal: {
      results: order.roots.slice(0, wanted.length),
      assignments: pairs(order.roots, first),
      finite: notFinite !== undefined,
    },
    notFinite,
  };
}

/** `prepare` at the time of the call. Later, earlier runs may have overwritten the Parameters. */
function prepareCurrent(request: RunRequest): Prepared {
  for (const node of request.results) assertCurrent(node);
  const prepared = prepare(request);
  for (const leaf of prepared.order.leaves) assertCurrent(leaf);
  return prepared;
}

/** Neighboring numbers from an index on. */
function pairs(numbers: readonly number[], from: number): [number, number][] {
  const result: [number, number][] = [];
  for (let i = from; i < numbers.length; i += 2) result.push([numbers[i]!, numbers[i + 1]!]);
  return result;
}

/**
 * Runs a request, synchronously on synchronous backends. The results keep their values. If a check fails, nothing is
 * overwritten, and the error says why. On an asynchronous backend the results have their storages when the call
 * returns; the values follow, and the nodes lose the storages if the run fails.
 */
export function run(request: RunRequest): void | Promise<void> {
  const prepared = prepareCurrent(request);
  if (prepared.order.roots.length === 0) return;
  if (runtime.state.kind === 'ready') return execute(prepared);
  // The graph is sorted again: other runs may have computed a part of it in the meantime.
  return runtime.whenReady(async () => execute(prepare(request)));
}

function execute(
  prepared: Prepared,
  backend = runtime.ready.backend,
  results = prepared.wanted.map((node) => Storage.forResult(node.dtype, node.size)),
): void | Promise<void> {
  const { order, wanted, goal, notFinite } = prepared;
  if (order.roots.length === 0) return;
  const { plan, executable } = runtime.plan(order, goal, backend);
  const bound = order.leaves.map((node) => node.storage!);
  const finish = (failure: Failure | null): void => {
    if (failure !== null) {
      const { check, value } = failure;
      if (notFinite && check === plan.finiteCheck) throw notFinite(bound[value]!.name);
      throw plan.checks[check]!.error(value);
    }
    wanted.forEach((node, i) => {
      node.storage = results[i]!;
      if (node.op.cutsGraph) cutGraph(node);
    });
  };
  const outcome = executable.run({ values: order.values, bound, results });
  if (!isPromise(outcome)) return finish(outcome);
  wanted.forEach((node, i) => {
    node.storage = results[i]!;
  });
  return outcome.then(finish).catch((error) => {
    for (const node of wanted) node.storage = null;
    throw error;
  });
}

/**
 * Yields to the event loop after a run if the backend wants it, so that workers can start and finalizers can run in a
 * program that awaits nothing but steps.
 */
export async function yieldIfWanted(): Promise<void> {
  const { state } = runtime;
  if (state.kind === 'ready' && state.backend.wantsYield()) await yieldToEventLoop();
}

/** The values of a node, computed if they are not known. The array belongs to the node and must not be changed. */
export async function compute(node: Node): Promise<TypedArray> {
  const [backend, storage] = await computed(node);
  return backend.read(storage);
}

/** `compute` with a new array, which belongs to the caller. */
export async function computeCopy(node: Node): Promise<TypedArray> {
  const [backend, storage] = await computed(node);
  return backend.settle === undefined ? storage.copy() : (await backend.read(storage)).slice();
}

async function computed(node: Node): Promise<[Backend, Storage]> {
  const running = run({ results: [node], assignments: [] });
  // If the run fails, the node loses its storage. Reading the storage then says so.
  const { storage } = node;
  await running;
  await yieldIfWanted();
  return [await runtime.load(), storage ?? node.storage!];
}

/** `compute` without waiting: on synchronous backends, or where the values have been read before. */
export function computeSync(node: Node): TypedArray {
  return computedSync(node).array;
}

/** `computeSync` with a new array, which belongs to the caller. */
export function computeCopySync(node: Node): TypedArray {
  return computedSync(node).copy();
}

function computedSync(node: Node): Storage {
  const { name, settle } = runtime.ready.backend;
  if (settle !== undefined && node.storage === null)
    throw new StateError(`[dataSync] results of backend '${name}' must be awaited. Use \`await t.data()\`.`);
  void run({ results: [node], assignments: [] });
  return node.storage!;
}

/**
 * The initial values of a Parameter, computed on the CPU, so that they have the same bits on every backend. Versions
 * are not checked: they may have been incremented for the run that comes next.
 */
export function initialValues(node: Node): TypedArray {
  if (node.storage === null) void execute(prepare({ results: [node], assignments: [] }), runtime.ready.cpu);
  return node.storage!.array;
}

/** Fills a storage now, or, if no backend is ready yet, as soon as one is. Reading the values reports an error. */
function fillWhenReady(fill: () => void | Promise<void>): void {
  const filling = runtime.state.kind === 'ready' ? fill() : runtime.whenReady(async () => fill());
  filling?.catch(() => {});
}

/** A new storage with values that are computed on the CPU: now, or, if no backend is ready yet, as soon as one is. */
export function computedStorage(dtype: DType, size: number, compute: () => TypedArray): Storage {
  const storage = Storage.deferred(dtype, size, compute, '');
  fillWhenReady(() => void storage.array);
  return storage;
}

/**
 * A new storage with the values of a node. They are computed now, or, if no backend is ready yet, as soon as one is.
 * Where only an asynchronous backend has the node's values, `copy`, a node with the same values, is run there.
 */
export function storageOf(node: Node, copy: Node, name: string): Storage {
  const storage = Storage.deferred(node.dtype, node.size, () => initialValues(node), name);
  // Too large a Parameter is an error of its constructor.
  void storage.host.array;
  toposort([node]).leaves.forEach(assertCurrent);
  fillWhenReady(() => {
    if (!toposort([node]).leaves.some((leaf) => leaf.storage!.deviceCopy?.stale)) return void storage.array;
    storage.overwrite();
    return execute(prepare({ results: [copy], assignments: [] }), runtime.ready.backend, [storage]);
  });
  return storage;
}

/** The plan of a run, printed. */
export function explainRun(request: RunRequest): string {
  const { order, goal } = prepareCurrent(request);
  return explainPlan(runtime.plan(order, goal, runtime.ready.backend).plan);
}

import {
  backendIfReady,
  describeBackend,
  loadBackend,
  readyBackend,
  synchronousBackend,
  whenReady,
} from './backend.ts';
import { type CompiledPlan, type Goal, PlanCache } from './compiler/cache.ts';
import { compile } from './compiler/compile.ts';
import { explainPlan } from './compiler/explain.ts';
import { type Order, toposort } from './compiler/toposort.ts';
import type { Backend, Failure } from './ir/backend.ts';
import type { TypedArray } from './ir/dtype.ts';
import { StateError, ValueError } from './ir/errors.ts';
import { assertCurrent, cutGraph, type Node } from './ir/node.ts';
import { Storage } from './ir/storage.ts';
import { yieldToEventLoop } from './util/event-loop.ts';

// The one place where graphs, compiler and backends meet.

/** Plans kept for graphs of equal structure, and the backend that they are for. */
const cache = new PlanCache(256);
let cachedFor: Backend | null = null;
/** Plans of initial values, which the CPU computes, beside an asynchronous backend. */
const initialPlans = new PlanCache(16);

/** What one run is to do: compute values and overwrite Parameters, in one plan. */
export interface Step {
  readonly results: readonly Node[];
  /** Pairs of a Parameter's node and the value that it takes. */
  readonly assignments: readonly (readonly [target: Node, value: Node])[];
}

interface Prepared {
  readonly order: Order;
  readonly goal: Goal;
  /** The results that are not known yet. */
  readonly wanted: readonly Node[];
}

function prepare({ results, assignments }: Step): Prepared {
  const wanted = [...new Set(results)].filter((node) => node.storage === null);
  const roots = [...wanted];
  for (const [target, value] of assignments) roots.push(target, value);
  const order = toposort(roots);
  const first = wanted.length;
  return {
    order,
    wanted,
    goal: { results: order.roots.slice(0, first), assignments: pairs(order.roots, first) },
  };
}

/** `prepare`, where a step is asked for: later on its Parameters may be overwritten by earlier steps. */
function check(step: Step): Prepared {
  for (const node of step.results) assertCurrent(node);
  const prepared = prepare(step);
  for (const leaf of prepared.order.leaves) assertCurrent(leaf);
  return prepared;
}

/** Neighbours from a place on. */
function pairs(numbers: readonly number[], from: number): [number, number][] {
  const result: [number, number][] = [];
  for (let i = from; i < numbers.length; i += 2) result.push([numbers[i]!, numbers[i + 1]!]);
  return result;
}

function lookUp({ order, goal }: Prepared, backend: Backend): CompiledPlan {
  if (backend !== cachedFor && backend === readyBackend()) {
    cache.clear();
    cachedFor = backend;
  }
  return (backend === cachedFor ? cache : initialPlans).get(order, goal, (graph) => {
    const plan = compile(graph, goal, { limits: backend.limits });
    return { plan, executable: backend.compile(plan) };
  });
}

/**
 * Runs a step, at once where the backend is of that kind. The results keep their values; on a failed check
 * nothing is overwritten and a ValueError says why. On an asynchronous backend the results have their storages
 * at once, with values that are on their way, and lose them if the run fails.
 */
export function run(step: Step): void | Promise<void> {
  const prepared = check(step);
  if (prepared.order.roots.length === 0) return;
  if (backendIfReady() !== null) return execute(prepared);
  // Sorted anew then: other steps have been sorted since, and may have computed a part of this one.
  return whenReady(async () => execute(prepare(step)));
}

function execute(
  prepared: Prepared,
  backend = readyBackend(),
  results = prepared.wanted.map((node) => Storage.allocate(node.dtype, node.size)),
): void | Promise<void> {
  const { order, wanted, goal } = prepared;
  if (order.roots.length === 0) return;
  const { plan, executable } = lookUp(prepared, backend);
  const bound = order.leaves.map((node) => node.storage!);
  // What is only replaced need not come home, and where a device was lost it can't.
  for (const [target] of goal.assignments) {
    const storage = order.nodes[target]!.storage!;
    if (!storage.deviceCopy?.lost) continue;
    if (!order.nodes.some((node) => node.inputs.some((input) => input.storage === storage)))
      storage.overwrite();
  }
  const finish = (failure: Failure | null): void => {
    if (failure !== null) throw new ValueError(plan.checks[failure.check]!.describe(failure.value));
    wanted.forEach((node, i) => {
      node.storage = results[i]!;
      if (node.op.cutsGraph) cutGraph(node);
    });
  };
  const outcome = executable.run({ values: order.values, bound, results });
  if (!(outcome instanceof Promise)) return finish(outcome);
  wanted.forEach((node, i) => {
    node.storage = results[i]!;
  });
  return outcome.then(finish).catch((error) => {
    for (const node of wanted) node.storage = null;
    throw error;
  });
}

/**
 * After a run, for callers that can wait: where the backend wishes it the event loop turns, so that workers
 * can start and finalizers run while a program awaits nothing but steps.
 */
export async function yieldIfWanted(): Promise<void> {
  if (backendIfReady()?.wantsYield()) await yieldToEventLoop();
}

/** The values of a node, computed if they are not known. The array belongs to the node: do not change it. */
export async function compute(node: Node): Promise<TypedArray> {
  const running = run({ results: [node], assignments: [] });
  // The node may lose it: reading it then tells that its step failed.
  const { storage } = node;
  await running;
  await yieldIfWanted();
  return (await loadBackend()).read(storage ?? node.storage!);
}

/** `compute` without waiting; backends of the CPU can, and any where the values have been read before. */
export function computeSync(node: Node): TypedArray {
  const { name, settle } = readyBackend();
  if (settle !== undefined && node.storage === null)
    throw new StateError(`[dataSync] backend '${name}' makes one wait for results. Use \`await t.data()\`.`);
  void run({ results: [node], assignments: [] });
  return node.storage!.array;
}

/**
 * The values of a node that a Parameter starts with, computed on the CPU, so that they have the same bits
 * whatever the backend. They are those of the day the node was built: versions may have been counted up for
 * the run that comes next.
 */
export function initialValues(node: Node): TypedArray {
  if (node.storage === null)
    void execute(prepare({ results: [node], assignments: [] }), synchronousBackend());
  return node.storage!.array;
}

/**
 * A new storage with the values of a node: computed now, or, where the backend is not ready yet, in their
 * turn. Where values are missing that only a device has, `copy`, a node with the same values, is run there.
 */
export function storageOf(node: Node, copy: Node, name: string): Storage {
  const storage = Storage.deferred(node.dtype, node.size, () => initialValues(node), name);
  const fill = (): void | Promise<void> => {
    if (!toposort([node]).leaves.some((leaf) => leaf.storage!.deviceCopy?.stale)) return void storage.array;
    storage.overwrite();
    return execute(prepare({ results: [copy], assignments: [] }), readyBackend(), [storage]);
  };
  toposort([node]).leaves.forEach(assertCurrent);
  const filling = backendIfReady() === null ? whenReady(async () => fill()) : fill();
  filling?.catch(() => {}); // whoever asks for the values is told
  return storage;
}

/** The plan of a step, printed. */
export function explainStep(step: Step): string {
  return explainPlan(lookUp(check(step), readyBackend()).plan);
}

/** What runs the plans, and how many of them are kept. */
export interface BackendInfo {
  /** 'wasm' or 'js', or another that `setBackend` was given: 'webgpu', 'webgl2'. */
  readonly name: string;
  /** Threads that may take part in a run. */
  readonly threads: number;
  /** Why it is not WebAssembly, or why there are not more threads. */
  readonly reason: string;
  /** Bytes of the backend's own memory: what it has grown to, and what of it is in use. */
  readonly memory: { readonly bytes: number; readonly used: number };
  readonly plans: number;
  readonly planHits: number;
  readonly planMisses: number;
}

/** Which backend runs the plans, on how many threads and why not more, and the state of the plan cache. */
export function backendInfo(): BackendInfo {
  return { ...describeBackend(), plans: cache.size, planHits: cache.hits, planMisses: cache.misses };
}

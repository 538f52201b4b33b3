import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Engine } from '../../../src/backends/wasm/runtime/engine.ts';
import { WasmExecutable } from '../../../src/backends/wasm/runtime/executable.ts';
import type { Plan } from '../../../src/ir/plan.ts';
import { Storage } from '../../../src/ir/storage.ts';
import { choices } from '../../compiler/compile-variants.ts';
import { type Compiled, compilePlan } from '../../compiler/plans.ts';
import { randomGraph, randomStep } from '../../tensor/graphs.ts';
import { runs } from '../../tooling/effort.ts';

// Generated code does not check addresses. These tests compare every byte of the memory: a run may change only allocated
// memory, and never the values that it reads.

const numRuns = runs(25);

/** An engine that records allocations. */
function watched() {
  const engine = new Engine({ grain: 1 });
  const { memory } = engine;
  const blocks = new Map<number, number>();
  const { allocate, release } = memory;
  memory.allocate = (bytes) => {
    const address = allocate.call(memory, bytes);
    if (bytes > 0) blocks.set(address, bytes);
    return address;
  };
  memory.release = (address, bytes) => {
    if (bytes > 0) blocks.delete(address);
    release.call(memory, address, bytes);
  };
  return { engine, blocks };
}

/** The memory regions that are not allocated. */
function gapsIn(bytes: Uint8Array, blocks: ReadonlyMap<number, number>): Uint8Array[] {
  const gaps: Uint8Array[] = [];
  let at = 0;
  for (const [address, size] of [...blocks, [bytes.length, 0] as const].sort(([a], [b]) => a - b)) {
    if (address > at) gaps.push(bytes.subarray(at, address));
    at = Math.max(at, address + size);
  }
  return gaps;
}

const PATTERN = 0xa5;

/** The addresses in the gaps whose bytes differ from the pattern. */
const strayWrites = (gaps: readonly Uint8Array[]): number[] =>
  gaps.flatMap((gap) => [...gap.keys()].filter((i) => gap[i] !== PATTERN).map((i) => gap.byteOffset + i));

interface Outcome {
  readonly refused: boolean;
  readonly problems: string[];
}

/** Runs a plan twice and returns its invalid writes. */
function problemsOf(plan: Plan, { graph, values }: Compiled, results: readonly Storage[]): Outcome {
  const { engine, blocks } = watched();
  const leaves = graph.nodes.filter((_, i) => graph.known[i]);
  const bound = leaves.map(({ dtype, storage }) => new Storage(dtype, storage!.array.slice()));
  const kept = bound.map(({ array }) => array.slice());
  const replaced = new Set(
    plan.buffers.flatMap(({ location }) => (location.kind === 'replacement' ? [location.index] : [])),
  );
  const problems: string[] = [];
  try {
    const executable = new WasmExecutable(plan, engine);
    executable.run({ values, bound, results });
    const gaps = gapsIn(engine.memory.bytes, blocks);
    for (const gap of gaps) gap.fill(PATTERN);
    const allocated: [address: number, bytes: number][] = [];
    const { allocate } = engine.memory;
    engine.memory.allocate = (bytes) => {
      const address = allocate(bytes);
      allocated.push([address, bytes]);
      return address;
    };
    executable.run({ values, bound, results });
    // New values of Parameters alternate between two places.
    const stray = strayWrites(gaps).filter(
      (at) => !allocated.some(([address, bytes]) => at >= address && at < address + bytes),
    );
    if (stray.length > 0) problems.push(`bytes ${stray.slice(0, 8).join()} were overwritten`);
  } catch (error) {
    if (!(error instanceof Error) || error instanceof WebAssembly.RuntimeError) throw error;
    return { refused: true, problems };
  }
  bound.forEach(({ array }, i) => {
    if (replaced.has(i)) return;
    if (array.some((x, k) => !Object.is(x, kept[i]![k]))) problems.push(`leaf ${i} was overwritten`);
  });
  return { refused: false, problems };
}

const resultsOf = ({ wanted }: Compiled): Storage[] =>
  wanted.map((node) => Storage.forResult(node.dtype, node.size));

test('generated plans write what is theirs and nothing else', () => {
  fc.assert(
    fc.property(choices, fc.boolean(), (list, step) => {
      const { outputs, assignments } = step ? randomStep(list) : { ...randomGraph(list), assignments: [] };
      const compiled = compilePlan(
        outputs.map((t) => t.node),
        { assignments: assignments.map(([target, value]) => [target.node, value.node] as const) },
      );
      expect(problemsOf(compiled.plan, compiled, resultsOf(compiled))).toEqual({
        refused: false,
        problems: [],
      });
    }),
    { numRuns },
  );
});

/** A plan with one changed number: a size, a stride, an offset, the number of a buffer or of a check. */
function broken(plan: Plan, which: number, by: number): Plan {
  let seen = 0;
  const numbers = /size|stride|shape|base|byteOffset|buffer|index|over|axis|axes|check/;
  const change = <T>(value: T, name: string): T => {
    if (typeof value === 'number') return (numbers.test(name) && seen++ === which ? value + by : value) as T;
    if (Array.isArray(value)) return value.map((v) => change(v, name)) as T;
    if (value === null || typeof value !== 'object') return value;
    const entries = Object.entries(value);
    return Object.fromEntries(
      entries.map(([key, v]) => [key, key === 'expr' ? v : change(v, `${name} ${key}`)]),
    ) as T;
  };
  return { ...plan, buffers: change(plan.buffers, ''), steps: change(plan.steps, '') };
}

/** A graph that gathers from an empty buffer at the end of the memory. */
const emptyGather = [
  [0, 489911699, 485565470, 482213885, 0, 147691876, 0, 0, 0, 0, 0, 0],
  [951048952, 263995165, 0, 101222971, 61693174],
  new Array<number>(28).fill(0),
].flat();

test('plans broken on purpose are refused, or do no harm', () => {
  let refused = 0;
  fc.assert(
    fc.property(
      choices,
      fc.nat({ max: 400 }),
      fc.constantFrom(1, -1, 7, 64, 4096, 1e6, -1e6),
      (list, which, by) => {
        const compiled = compilePlan(randomGraph(list).outputs.map((t) => t.node));
        const outcome = problemsOf(broken(compiled.plan, which, by), compiled, resultsOf(compiled));
        if (outcome.refused) refused++;
        expect(outcome.problems).toEqual([]);
      },
    ),
    { numRuns: 2 * numRuns, examples: [[emptyGather, 38, 1]] },
  );
  expect(refused).toBeGreaterThan(numRuns / 3);
});

test('a stray write is noticed', () => {
  const bytes = new Uint8Array(256);
  const blocks = new Map([
    [128, 64],
    [64, 10],
  ]);
  const gaps = gapsIn(bytes, blocks);
  for (const gap of gaps) gap.fill(PATTERN);
  bytes.fill(1, 64, 74).fill(1, 128, 192);
  expect(strayWrites(gaps)).toEqual([]);
  bytes.fill(1, 74, 76).fill(1, 255);
  expect(strayWrites(gaps)).toEqual([74, 75, 255]);
});

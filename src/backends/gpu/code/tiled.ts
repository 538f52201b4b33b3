import { type AxisGroup, axisGroupsOf } from '../../../ir/contract-axes.ts';
import { sizeOf } from '../../../ir/view.ts';
import { type DeviceContract, TILE } from '../passes/split-kernels.ts';
import { converted, SUM_BLOCK } from './contract.ts';
import { CodeBlock, type ProgramWriter, positions } from './program-writer.ts';

// A contraction with tiles in workgroup memory: 16 x 16 threads compute a tile of 64 x 64, each thread every 16th row
// and column, so that adjacent threads read adjacent words. Both operands are read through their views, along their
// contiguous axis, so transposes and the windows of convolutions need no copies.

/** Terms of k per tile. */
const TILE_DEPTH = 16;
const THREADS = 16;
/** Words per row of a tile in memory. One more than its side puts the writes of adjacent threads into different banks. */
const TILE_STRIDE = TILE + 1;
/** Rows and columns of the tile per thread. */
const PER_THREAD = TILE / THREADS;

interface Sizes {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

function sizes(source: DeviceContract): Sizes {
  const { a, b } = axisGroupsOf(source);
  return { batch: sizeOf(a.batch.shape), m: sizeOf(a.m.shape), n: sizeOf(b.n.shape), k: sizeOf(a.k.shape) };
}

export function tiledWorkgroups(source: DeviceContract): [number, number, number] {
  const { batch, m, n } = sizes(source);
  return [Math.ceil(n / TILE), Math.ceil(m / TILE), batch * source.parts];
}

export function tiledEntry(source: DeviceContract, writer: ProgramWriter): string {
  const { batch, m, n, k } = sizes(source);
  const { a, b } = axisGroupsOf(source);
  const { parts } = source;
  const chunk = Math.ceil(k / parts);
  const columns = Array.from({ length: PER_THREAD }, (_, j) => j);
  const left: TileOperand = { name: 'left', buffer: source.a.buffer, line: a.m, depth: a.k, lines: m };
  const right: TileOperand = { name: 'right', buffer: source.b.buffer, line: b.n, depth: b.k, lines: n };
  return `
var<workgroup> left_tile: array<f32, ${TILE_DEPTH * TILE_STRIDE}>;
var<workgroup> right_tile: array<f32, ${TILE_DEPTH * TILE_STRIDE}>;
${functions(left, k, writer)}
${functions(right, k, writer)}
fn left_start(batch: i32) -> i32 {
${start(writer, a.batch, source.a.view.offset)}
}
fn right_start(batch: i32) -> i32 {
${start(writer, b.batch, source.b.view.offset)}
}
@compute @workgroup_size(${THREADS}, ${THREADS}, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
  let tx: i32 = i32(local.x);
  let ty: i32 = i32(local.y);
  let thread: i32 = ty * ${THREADS} + tx;
  let row0: i32 = i32(group.y) * ${TILE};
  let column0: i32 = i32(group.x) * ${TILE};
  let part: i32 = i32(group.z) / ${batch};
  let batch: i32 = i32(group.z) - part * ${batch};
  let first: i32 = part * ${chunk};
  let last: i32 = min(${k}, first + ${chunk});
  let left0: i32 = left_start(batch);
  let right0: i32 = right_start(batch);
${columns.map((i) => `  var total${i}: vec4<f32> = vec4<f32>(0.0);`).join('\n')}
  for (var run: i32 = first; run < last; run += ${SUM_BLOCK}) {
${columns.map((i) => `    var sum${i}: vec4<f32> = vec4<f32>(0.0);`).join('\n')}
    let end: i32 = min(last, run + ${SUM_BLOCK});
    for (var p: i32 = run; p < end; p += ${TILE_DEPTH}) {
${fill(left, 'row0', 'left0')}
${fill(right, 'column0', 'right0')}
      workgroupBarrier();
      for (var q: i32 = 0; q < ${TILE_DEPTH}; q += 1) {
        let at: i32 = q * ${TILE_STRIDE};
        let y: vec4<f32> = vec4<f32>(${columns.map((j) => `right_tile[at + tx + ${j * THREADS}]`).join(', ')});
${columns.map((i) => `        sum${i} += left_tile[at + ty + ${i * THREADS}] * y;`).join('\n')}
      }
      workgroupBarrier();
    }
${columns.map((i) => `    total${i} += sum${i};`).join('\n')}
  }
  // One call in a loop: what finishes an element may be long.
  var totals: array<f32, ${PER_THREAD * PER_THREAD}>;
${columns.flatMap((i) => columns.map((j) => `  totals[${PER_THREAD * i + j}] = total${i}[${j}];`)).join('\n')}
  for (var c: i32 = 0; c < ${PER_THREAD * PER_THREAD}; c += 1) {
    let row: i32 = row0 + ty + c / ${PER_THREAD} * ${THREADS};
    let column: i32 = column0 + tx + c % ${PER_THREAD} * ${THREADS};
    if (row < ${m} && column < ${n}) {
      finish(((part * ${batch} + batch) * ${m} + row) * ${n} + column, totals[c]);
    }
  }
}`;
}

/** One operand. Its lines are the rows of the left operand and the columns of the right one. */
interface TileOperand {
  readonly name: 'left' | 'right';
  readonly buffer: number;
  readonly line: AxisGroup;
  readonly depth: AxisGroup;
  readonly lines: number;
}

/** The functions `x_line` and `x_depth`, the parts of an element's position, and `x_load`, its value, or 0 beyond the edges. */
function functions(
  { name, buffer, line, depth, lines }: TileOperand,
  k: number,
  writer: ProgramWriter,
): string {
  const position = (group: AxisGroup): string => {
    const block = new CodeBlock(writer);
    const [at] = positions(block, 'i', { shape: group.shape, strides: [group.stride] });
    block.add(`return ${at};`);
    return block.toString();
  };
  return `fn ${name}_line(i: i32) -> i32 {
${position(line)}
}
fn ${name}_depth(i: i32) -> i32 {
${position(depth)}
}
fn ${name}_load(line: i32, p: i32, end: i32, at: i32) -> f32 {
  if (line < ${lines} && p < min(${k}, end)) { return ${converted(writer, buffer, 'f32', 'at')}; }
  return 0.0;
}`;
}

function start(
  writer: ProgramWriter,
  group: AxisGroup,
  offset: Parameters<ProgramWriter['offset']>[0],
): string {
  const block = new CodeBlock(writer);
  const [at] = positions(block, 'batch', { shape: group.shape, strides: [group.stride] });
  block.add(`return ${writer.offset(offset)} + ${at};`);
  return block.toString();
}

/** Loads a tile. Adjacent threads read adjacent elements of memory. */
function fill({ name, line, depth }: TileOperand, line0: string, start: string): string {
  const stride = ({ shape, stride: strides }: AxisGroup): number => {
    for (let i = shape.length - 1; i >= 0; i--) if (shape[i] !== 1) return Math.abs(strides[i]!);
    return Number.POSITIVE_INFINITY;
  };
  const steps = Array.from({ length: (TILE * TILE_DEPTH) / (THREADS * THREADS) }, (_, j) => j);
  const load = (l: string, q: string, at: string): string =>
    `${name}_tile[(${q}) * ${TILE_STRIDE} + ${l}] = ${name}_load(${line0} + ${l}, p + ${q}, end, ${start} + ${at});`;
  const lines: string[] = [];
  if (stride(depth) < stride(line)) {
    lines.push(`let q: i32 = thread % ${TILE_DEPTH};`, `let at: i32 = ${name}_depth(p + q);`);
    for (const j of steps) {
      const l = `(thread / ${TILE_DEPTH} + ${j * ((THREADS * THREADS) / TILE_DEPTH)})`;
      lines.push(load(l, 'q', `at + ${name}_line(${line0} + ${l})`));
    }
  } else {
    lines.push(`let l: i32 = thread % ${TILE};`, `let at: i32 = ${name}_line(${line0} + l);`);
    for (const j of steps) {
      const q = `(thread / ${TILE} + ${j * ((THREADS * THREADS) / TILE)})`;
      lines.push(load('l', q, `at + ${name}_depth(p + ${q})`));
    }
  }
  return ['{', ...lines, '}'].map((text) => `      ${text}`).join('\n');
}

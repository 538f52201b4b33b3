import { type AxisGroup, asReduce, axisGroupsOf, elementPositions } from '../../ir/contract-axes.ts';
import type { BufferView, Contract, Kernel } from '../../ir/kernel.ts';
import { evaluateOffset, sizeOf } from '../../ir/view.ts';
import { TILE_M, TILE_N, type TileProduct } from './precision.ts';
import { compileReduce } from './reduce.ts';
import { type Register, RegisterAllocator } from './registers.ts';
import type { RunContext } from './run-context.ts';
import { StoreWriter } from './store-writer.ts';

/** Lengths of blocks and chunks in the order of accumulation of `Contract`. */
const K_BLOCK = 256;
const K_CHUNK = 4096;
/** Maximum rows and columns of a block of the result. */
const M_BLOCK = 128;
const N_BLOCK = 256;

/**
 * A contraction: block by block, both matrices are packed into panels through tables of positions and multiplied in tiles.
 * A product with a vector becomes a reduction.
 */
export function compileContract(kernel: Kernel, source: Contract, context: RunContext): () => void {
  const groups = axisGroupsOf(source);
  const [m, n, k] = [sizeOf(groups.a.m.shape), sizeOf(groups.b.n.shape), sizeOf(groups.a.k.shape)];
  if (m === 1 || n === 1) return compileReduce(kernel, asReduce(source, context.plan.buffers), context);

  const a = new PackedMatrix(context, source.a, groups.a.m, groups.a, TILE_M);
  const b = new PackedMatrix(context, source.b, groups.b.n, groups.b, TILE_N);
  const { type } = source;
  const { registers: file } = context.precision;
  const registers = new RegisterAllocator(file);
  const acc = registers.takePermanent(type);
  const stores = new StoreWriter(kernel, context, registers, acc);
  const tile = type === 'f32' ? context.precision.tile : intTile;
  const aPanel = file.sharedArea(type, 'a', TILE_M * K_BLOCK);
  const bPanels = file.sharedArea(type, 'b', N_BLOCK * K_BLOCK);
  const products = file.sharedArea(type, 'products', TILE_M * TILE_N);
  const sums = file.sharedArea(type, 'sums', M_BLOCK * N_BLOCK);
  const chunkSums = file.sharedArea(type, 'chunk', M_BLOCK * N_BLOCK);

  /** Computes the sums of rows i0 to i0 + rows - 1 and columns j0 to j0 + columns - 1 of the result. */
  const multiply = (i0: number, rows: number, j0: number, columns: number): void => {
    multiplyChunk(sums, 0, i0, rows, j0, columns);
    for (let start = K_CHUNK; start < k; start += K_CHUNK) {
      multiplyChunk(chunkSums, start, i0, rows, j0, columns);
      for (let i = 0; i < rows * columns; i++) sums[i]! += chunkSums[i]!;
    }
  };

  const multiplyChunk = (
    sums: Register,
    start: number,
    i0: number,
    rows: number,
    j0: number,
    columns: number,
  ): void => {
    sums.fill(0, 0, rows * columns);
    const end = Math.min(start + K_CHUNK, k);
    for (let p = start; p < end; p += K_BLOCK) {
      const depth = Math.min(K_BLOCK, end - p);
      for (let j = 0; j < columns; j += TILE_N) b.pack(bPanels, j * depth, j0 + j, j0 + columns, p, depth);
      for (let i = 0; i < rows; i += TILE_M) {
        a.pack(aPanel, 0, i0 + i, i0 + rows, p, depth);
        for (let j = 0; j < columns; j += TILE_N) {
          tile(depth, products, aPanel, bPanels, j * depth);
          addTile(sums, i, rows, j, columns, products);
        }
      }
    }
  };

  return () => {
    stores.begin();
    for (let g = 0; g * m * n < stores.size; g++) {
      a.begin(g);
      b.begin(g);
      for (let i = 0; i < m; i += M_BLOCK) {
        const rows = Math.min(M_BLOCK, m - i);
        for (let j = 0; j < n; j += N_BLOCK) {
          const columns = Math.min(N_BLOCK, n - j);
          multiply(i, rows, j, columns);
          const start = (g * m + i) * n + j;
          if (columns === n) stores.runFrom(sums, 0, start, rows * n, acc);
          else for (let r = 0; r < rows; r++) stores.runFrom(sums, r * columns, start + r * n, columns, acc);
        }
      }
    }
  };
}

/** One matrix as lines along k: rows of the left matrix or columns of the right one. */
class PackedMatrix {
  /** Positions of the lines, of the elements along k, and of the batches. */
  readonly #lines: Int32Array;
  readonly #depths: Int32Array;
  readonly #batches: Int32Array;
  readonly #context: RunContext;
  readonly #matrix: BufferView;
  readonly #width: number;
  #origin = 0;

  constructor(
    context: RunContext,
    matrix: BufferView,
    lines: AxisGroup,
    { batch, k }: { readonly batch: AxisGroup; readonly k: AxisGroup },
    width: number,
  ) {
    this.#context = context;
    this.#matrix = matrix;
    this.#lines = elementPositions(lines);
    this.#depths = elementPositions(k);
    this.#batches = elementPositions(batch);
    this.#width = width;
  }

  begin(batch: number): void {
    this.#origin = evaluateOffset(this.#matrix.view.offset, this.#context.values) + this.#batches[batch]!;
  }

  /**
   * Packs elements p to p + depth - 1 of `width` lines, from `first` on, as [depth, width]. Lines from `end` on are zeros.
   */
  pack(panel: Register, at: number, first: number, end: number, p: number, depth: number): void {
    const width = this.#width;
    const depths = this.#depths;
    const data = this.#context.buffers[this.#matrix.buffer]!;
    for (let i = 0; i < width; i++) {
      if (first + i < end)
        packLine(panel, at + i, width, data, this.#origin + this.#lines[first + i]!, depths, p, depth);
      else for (let q = 0; q < depth; q++) panel[at + i + q * width] = 0;
    }
  }
}

function packLine(
  panel: Register,
  at: number,
  width: number,
  data: Register,
  line: number,
  depths: Int32Array,
  p: number,
  depth: number,
): void {
  for (let q = 0, to = at; q < depth; q++, to += width) panel[to] = data[line + depths[p + q]!]!;
}

/**
 * Adds a tile at row i and column j to the sums, clipped to the block. A sum of products from +0 is never -0, so adding
 * the first one to 0 does not change its bits.
 */
function addTile(sums: Register, i: number, rows: number, j: number, columns: number, tile: Register): void {
  const rowEnd = Math.min(TILE_M, rows - i);
  const columnEnd = Math.min(TILE_N, columns - j);
  for (let r = 0; r < rowEnd; r++) {
    const at = (i + r) * columns + j;
    for (let c = 0; c < columnEnd; c++) sums[at + c]! += tile[r * TILE_N + c]!;
  }
}

const intTile: TileProduct = (k, out, a, b, from) => {
  out.fill(0);
  for (let p = 0; p < k; p++) {
    for (let i = 0; i < TILE_M; i++) {
      for (let j = 0; j < TILE_N; j++) {
        out[i * TILE_N + j]! += Math.imul(a[p * TILE_M + i]!, b[from + p * TILE_N + j]!);
      }
    }
  }
};

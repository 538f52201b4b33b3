import {
  checkCount,
  checkOptions,
  describe,
  isRecord,
  type Known,
  readOptions,
  refusal,
} from '../../ir/arguments.ts';
import { NonFiniteError, ValueError } from '../../ir/errors.ts';
import { sameShape, sizeOf } from '../../ir/view.ts';
import type { Network } from '../../layers/base/network.ts';
import { reshape, transpose } from '../../tensor/ops/arrangement/views.ts';
import type { Parameter } from '../../tensor/parameter.ts';
import { runAssignments } from '../../tensor/step.ts';
import { type ByteSource, byteSource } from '../byte-source.ts';
import { decode, elementTypes } from '../elements.ts';
import { isOwn } from '../metadata.ts';
import { readHeader, type SafetensorsEntry } from '../safetensors/header.ts';
import { parametersByPath } from './parameters-by-path.ts';

/** Which Parameter a tensor of a file is for, and how it gets the Parameter's shape. */
export interface WeightTarget {
  /** The path of the Parameter, such as `0.kernel`. */
  readonly path: string;
  /** The order of the tensor's axes in the Parameter: `[1, 0]` for `Linear`, `[2, 3, 1, 0]` for two-dimensional convolutions. */
  readonly transpose?: readonly number[];
  /**
   * The shape that the tensor takes before its axes are reordered; the result takes the Parameter's shape. For a `Linear`
   * after `Flatten`, whose rows are ordered by channel.
   */
  readonly view?: readonly number[];
}

/**
 * Where the tensors of a file go: from their names to paths, or null for those to leave out. Names that a table does not
 * have are paths.
 */
export type WeightMap =
  | Readonly<Record<string, string | WeightTarget | null>>
  | ((name: string) => string | WeightTarget | null);

/** Options of `loadWeights`. */
export interface LoadWeightsOptions {
  /** Whether every Parameter needs a tensor and every tensor a Parameter; true by default. */
  readonly strict?: boolean;
  /** For files whose names are not the paths of the model; by default they are. */
  readonly map?: WeightMap;
}

/** What `loadWeights` left out. */
export interface LoadedWeights {
  /** The paths of Parameters without a tensor, which keep their values. */
  readonly missing: readonly string[];
  /** The names of tensors without a Parameter. */
  readonly unexpected: readonly string[];
}

const targetOptions: Known<WeightTarget> = { path: 0, transpose: 0, view: 0 };

/** What a tensor of the file becomes. */
interface Match extends WeightTarget {
  readonly name: string;
  readonly entry: SafetensorsEntry;
  readonly parameter: Parameter;
}

/**
 * Gives the Parameters of a model the values of a safetensors file: one of `saveWeights`, or of another program with `map`.
 * Nothing is overwritten unless everything fits. F16, BF16 and F64 become float32.
 *
 * @returns with `strict: false` what was left out.
 * @throws ValueError with all names that are missing, unexpected or of another shape or dtype, and for a damaged file.
 * @throws NonFiniteError for values that are NaN or infinite.
 */
export async function loadWeights(
  model: Network,
  source: Uint8Array | ArrayBufferLike | ByteSource,
  options?: LoadWeightsOptions,
): Promise<LoadedWeights> {
  checkCount('loadWeights', arguments.length, 3);
  const { strict, map } = readOptions('loadWeights', options, { strict: true, map: {} });
  const targetOf = readMap(map);
  const parameters = parametersByPath('loadWeights', model);
  const file = byteSource('loadWeights', source);
  const { metadata, entries } = await readHeader('loadWeights', file);
  const own = isOwn('loadWeights', metadata);

  const problems: string[] = [];
  const unexpected: string[] = [];
  const matches = new Map<string, Match>();
  for (const [name, entry] of entries) {
    // Optimizers' states and the like have a prefix.
    if (own && name.includes(':')) continue;
    const target = targetOf(name);
    if (target === null) continue;
    const parameter = parameters.get(target.path);
    const other = matches.get(target.path);
    if (parameter === undefined) unexpected.push(name);
    else if (other !== undefined)
      problems.push(`${describe(other.name)} and ${describe(name)} are both for ${describe(target.path)}`);
    else {
      const match = { ...target, name, entry, parameter };
      matches.set(target.path, match);
      const problem = misfit(match);
      if (problem !== null) problems.push(problem);
    }
  }
  const missing = [...parameters.keys()].filter((path) => !matches.has(path));
  if (typeof map === 'object') {
    const absent = Object.keys(map).filter((name) => !entries.has(name));
    if (absent.length > 0) problems.push(`the map names ${list(absent)}, which the file does not have`);
  }
  if (strict && missing.length > 0) problems.unshift(`missing: ${list(missing)}`);
  if (strict && unexpected.length > 0) problems.unshift(`unexpected: ${list(unexpected)}`);
  if (problems.length > 0) {
    throw new ValueError(
      `[loadWeights] got a file that does not fit the model: ${problems.join('; ')}. Give a map, or strict: false to leave out what is missing or unexpected.`,
    );
  }

  const assignments: [Parameter, ReturnType<typeof decode>][] = [];
  for (const match of matches.values()) {
    const { start, end, dtype, shape } = match.entry;
    const bytes = await file.read(start, end - start);
    const values = decode('loadWeights', match.name, dtype, match.view ?? shape, bytes);
    const turned = match.transpose === undefined ? values : transpose(values, match.transpose);
    assignments.push([
      match.parameter,
      match.view === undefined ? turned : reshape(turned, match.parameter.shape),
    ]);
  }
  const notFinite = (path: string): Error =>
    new NonFiniteError(
      `[loadWeights] got NaN or infinite values for ${describe(path)}. Nothing was overwritten.`,
    );
  await runAssignments({ assignments }, notFinite, 'loadWeights');
  return { missing, unexpected };
}

const list = (names: readonly string[]): string => names.map(describe).join(', ');

function readMap(map: WeightMap): (name: string) => WeightTarget | null {
  const isTable = isRecord(map);
  if (!isTable && typeof map !== 'function')
    throw refusal('loadWeights', 'map', map, "a function or a table such as { 'fc.weight': '0.kernel' }");
  return (name) => {
    const given = isTable ? (Object.hasOwn(map, name) ? map[name]! : name) : map(name);
    if (given === null) return null;
    const target = typeof given === 'string' ? { path: given } : given;
    const what = `the target of ${describe(name)}`;
    checkOptions('loadWeights', target, targetOptions, what);
    const { path, view = [], transpose: axes = [] } = Object(target) as Partial<WeightTarget>;
    if (typeof path === 'string' && Array.isArray(view) && Array.isArray(axes)) return target;
    throw refusal('loadWeights', what, given, 'a path, { path, transpose, view } or null');
  };
}

/** Why a tensor does not fit its Parameter; null if it does. */
function misfit({ name, entry, parameter, view, transpose: axes, path }: Match): string | null {
  const { dtype } = elementTypes[entry.dtype]!;
  const before = view ?? entry.shape;
  const after = axes === undefined ? before : axes.map((axis) => before[axis]);
  const fits =
    dtype === parameter.dtype &&
    sizeOf(before) === sizeOf(entry.shape) &&
    after.length === before.length &&
    (axes === undefined || before.every((_, axis) => axes.includes(axis))) &&
    (view === undefined ? sameShape(after as number[], parameter.shape) : sizeOf(before) === parameter.size);
  if (fits) return null;
  const got = `${entry.dtype} [${entry.shape.join(', ')}]`;
  const via = view === undefined && axes === undefined ? '' : ` as [${after.join(', ')}]`;
  return `${describe(name)} is ${got}${via}, ${describe(path)} is ${parameter.dtype} [${parameter.shape.join(', ')}]`;
}

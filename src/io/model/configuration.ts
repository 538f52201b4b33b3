import { describe, isRecord } from '../../ir/arguments.ts';
import { StateError, ValueError } from '../../ir/errors.ts';
import { Storage } from '../../ir/storage.ts';
import { Layer } from '../../layers/base/layer.ts';
import { Network } from '../../layers/base/network.ts';
import { withoutValues } from '../../tensor/parameter.ts';
import { defaultGenerator } from '../../tensor/random.ts';
import { errorMessage } from '../../util/error-message.ts';
import { decodeArgument, encode } from './arguments.ts';
import { damaged } from './json.ts';

/** A class of layers. */
export interface LayerClass {
  new (...args: never[]): Network;
  readonly kind: string;
}

interface LayerEntry {
  readonly kind: string;
  readonly args: readonly unknown[];
}

/** The structure of a model. Layers refer to each other by their numbers; inner layers come first. */
export interface Configuration {
  readonly layers: readonly LayerEntry[];
  /** The number of the model itself. */
  readonly root: number;
}

/** Layers with those inside them, counted at each place where a layer is. */
const MAX_LAYERS = 100_000;
const MAX_DEPTH = 64;

/**
 * The configuration of a model, with the classes of its layers.
 *
 * @param pathOf the path of a layer in the model, for errors.
 */
export function describeModel(
  operation: string,
  model: Network,
  pathOf: ReadonlyMap<Network, string>,
): { configuration: Configuration; classes: ReadonlyMap<string, LayerClass> } {
  const layers: LayerEntry[] = [];
  const classes = new Map<string, LayerClass>();
  /** null while its arguments are described. */
  const numbers = new Map<Network, number | null>();
  const add = (layer: Network, place: string): number => {
    const path = pathOf.get(layer) ?? place;
    const where = path === '' ? layer.type : `${layer.type} '${path}'`;
    const refuse = (got: string, at: string): ValueError =>
      new ValueError(
        `[${operation}] got ${got} for ${at} of ${where}, which a file can't hold. Give an activation by its name, or write a ` +
          'Layer class with a kind.',
      );
    const known = numbers.get(layer);
    if (known === null) throw refuse('a layer that contains it', 'an argument');
    if (known !== undefined) return known;
    numbers.set(layer, null);
    const kind = addClass(operation, layer, where, classes);
    const args = [...describedBy(operation, layer, where)];
    while (args.length > 0 && args.at(-1) === undefined) args.pop();
    const encoded = args.map((arg, i) =>
      encode(arg, `argument ${i + 1}`, refuse, (inner, at) => add(inner, `${path}(${at})`)),
    );
    const number = layers.push({ kind, args: encoded }) - 1;
    numbers.set(layer, number);
    return number;
  };
  const root = add(model, '');
  return { configuration: { layers, root }, classes };
}

function describedBy(operation: string, layer: Network, where: string): readonly unknown[] {
  const { kind } = layer.constructor as typeof Network;
  if (!describesItself(layer.constructor as typeof Network)) {
    throw new ValueError(
      `[${operation}] got ${where}, whose class ${kind} extends another kind. Override describe() in ${kind}: return ` +
        'super.describe() if the constructor has the same arguments.',
    );
  }
  try {
    return layer.describe();
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    throw new ValueError(
      `[${operation}] got ${where}, whose constructor arguments are not known. Override describe() in ${kind}.`,
      { cause: error },
    );
  }
}

/** Whether `describe` is about the class itself, not about one of another kind that it extends. */
function describesItself(layer: typeof Network): boolean {
  let at = layer;
  while (at !== Layer && at !== Network && !Object.hasOwn(at.prototype, 'describe')) {
    if (at !== layer && Object.hasOwn(at, 'kind')) return false;
    at = Object.getPrototypeOf(at) as typeof Network;
  }
  return true;
}

function addClass(
  operation: string,
  layer: Network,
  where: string,
  classes: Map<string, LayerClass>,
): string {
  const own = layer.constructor as LayerClass;
  if (!Object.hasOwn(own, 'kind')) {
    throw new ValueError(
      `[${operation}] got ${where}, whose class has no kind of its own. Add static override readonly kind: string = '${layer.type}'.`,
    );
  }
  if ((classes.get(own.kind) ?? own) !== own) {
    throw new ValueError(
      `[${operation}] got two classes of the kind ${describe(own.kind)}, wanted one. Rename one.`,
    );
  }
  classes.set(own.kind, own);
  return own.kind;
}

/** @throws ValueError unless JSON is a configuration: layers contain those before them, and not too many. */
export function checkConfiguration(operation: string, json: unknown): Configuration {
  const fault = (got: string, wanted: string): ValueError => damaged(operation, 'model', got, wanted);
  if (!isRecord(json) || !Array.isArray(json.layers)) throw fault('no layers', '{ layers, root }');
  const { layers, root } = json;
  /** How many layers each stands for, and how deeply they are nested. */
  const counts: number[] = [];
  const depths: number[] = [];
  for (const [i, entry] of layers.entries()) {
    if (!isRecord(entry) || typeof entry.kind !== 'string' || !Array.isArray(entry.args))
      throw fault(`${describe(entry)} as layer ${i}`, '{ kind, args }');
    let count = 1;
    let depth = 0;
    const inner = [...entry.args];
    while (inner.length > 0) {
      const value: unknown = inner.pop();
      if (typeof value !== 'object' || value === null) continue;
      if (!Object.hasOwn(value, '$layer')) {
        for (const item of Object.values(value)) inner.push(item);
        continue;
      }
      const n = (value as { $layer: unknown }).$layer as number;
      if (counts[n] === undefined || typeof n !== 'number')
        throw fault(`layer ${describe(n)} inside layer ${i}`, `the number of a layer before it`);
      count += counts[n];
      depth = Math.max(depth, depths[n]!);
    }
    if (count > MAX_LAYERS) throw fault(`more than ${MAX_LAYERS} layers`, 'fewer');
    if (depth >= MAX_DEPTH) throw fault(`more than ${MAX_DEPTH} layers inside each other`, 'fewer');
    counts.push(count);
    depths.push(depth + 1);
  }
  if (counts[root as number] === undefined || typeof root !== 'number')
    throw fault(`root ${describe(root)}`, 'the number of a layer');
  return { layers: layers as LayerEntry[], root };
}

/**
 * Builds a model whose Parameters have shapes, but no memory and no values. No generator moves.
 *
 * @throws ValueError for arguments that a class refuses.
 */
export function buildModel(
  operation: string,
  { layers, root }: Configuration,
  classes: ReadonlyMap<string, LayerClass>,
): Network {
  const built: Network[] = [];
  const build = ({ kind, args }: LayerEntry, i: number): Network => {
    const fault = (got: string): ValueError =>
      damaged(operation, 'model', `${got} in layer ${i}`, 'an argument');
    const given = args.map((arg) => decodeArgument(arg, fault, (n) => built[n as number]));
    try {
      const layer: unknown = new (classes.get(kind)!)(...(given as never[]));
      if (layer instanceof Network) return layer;
    } catch (error) {
      throw new ValueError(
        `[${operation}] got arguments of layer ${i} that ${describe(kind)} refuses: ${errorMessage(error).slice(0, 500)}`,
        { cause: error },
      );
    }
    throw new ValueError(
      `[${operation}] got the class ${describe(kind)}, wanted one that extends Layer or Network.`,
    );
  };
  const generator = defaultGenerator();
  const state = generator.getState();
  try {
    withoutValues(
      ({ dtype, size }, name) => Storage.deferred(dtype, size, noValues, name),
      () => {
        for (const [i, entry] of layers.entries()) built.push(build(entry, i));
      },
    );
  } finally {
    generator.setState(state);
  }
  return built[root]!;
}

function noValues(): never {
  throw new StateError(
    '[loadModel] a Parameter has no values: it is not in a public field of its layer, so the file does not have it. Make the field public.',
  );
}

import { describe } from '../ir/arguments.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ReadWeights } from './build-model.ts';
import type { H5Group } from './hdf5.ts';
import type { Leaf } from './planned-model.ts';

// Where the weights of layers are in files.

const countOf = (count: number): string => `${count} ${count === 1 ? 'weight' : 'weights'}`;

/**
 * Keras 3: `layers/<class>_<number>/vars/<position>`. Of other objects there, such as the optimizer and the generators of
 * Dropout, nothing is read.
 */
export const numberedWeights =
  (root: H5Group): ReadWeights =>
  (leaves, problems) => {
    const isOlder = root.group('layers') === null && root.group(OLDER) !== null;
    const found = new Map<Leaf, readonly Tensor[]>();
    for (const leaf of leaves) {
      const { path } = leaf;
      const layer = isOlder ? olderGroup(root, path) : root.group(path);
      const { weights } = leaf.plan;
      const places = new Set(weights.length === 0 ? [''] : weights.map(([, , place = '']) => place));
      const tensors: Tensor[] = [];
      let count = 0;
      for (const place of places) {
        const vars = (place === '' ? layer : layer?.group(place))?.group('vars');
        const wanted = weights.filter(([, , other = '']) => other === place);
        tensors.push(...wanted.map((_, i) => vars?.dataset(String(i)) ?? null).filter((t) => t !== null));
        count += vars?.names.length ?? 0;
      }
      if (tensors.length === weights.length && count === weights.length) found.set(leaf, tensors);
      else {
        problems.push(
          `${describe(leaf.config.name)} has ${countOf(count)} under ${path}/vars, wanted ${countOf(weights.length)}`,
        );
      }
    }
    return found;
  };

const OLDER = '_layer_checkpoint_dependencies';

/**
 * The group of a layer in files of Keras 2.12 and 2.13. Numbers there count layers with weights twice, in some versions: the
 * order of the numbers is that of the layers.
 */
function olderGroup(root: H5Group, path: string): H5Group | null {
  const names = path.split('/').filter((_, i) => i % 2 === 1);
  return names.reduce<H5Group | null>((at, name) => {
    const container = at?.group(OLDER) ?? null;
    if (container === null) return null;
    const [, base = '', number = '0'] = /^(.*?)(?:_(\d+))?$/.exec(name)!;
    const numberOf = (other: string): number =>
      other === base
        ? 0
        : other.startsWith(`${base}_`)
          ? Number(/^\d+$/.exec(other.slice(base.length + 1))?.[0])
          : Number.NaN;
    const sameClass = container.names.filter((other) => !Number.isNaN(numberOf(other)));
    const chosen = sameClass.sort((x, y) => numberOf(x) - numberOf(y))[Number(number)];
    return chosen === undefined ? null : container.group(chosen);
  }, root);
}

/** A weight that a file names. */
interface NamedWeight {
  /** Such as `dense_1/kernel:0`. */
  readonly name: string;
  read(): Tensor | null;
}

/** The name without `:0`, in parts. */
const partsOf = (name: string): string[] => name.replace(/:\d+$/, '').split('/');

const hasPlaces = ({ plan }: Leaf): boolean => plan.weights.some(([, , place]) => place !== undefined);

/** Whether a weight is of the direction of a place, if that has one. @param parts its name inside of the layer. */
function isInPlace(parts: readonly string[], place = ''): boolean {
  const [direction] = /^(for|back)ward_/.exec(place) ?? [''];
  return direction === '' || parts.some((part) => part.startsWith(direction));
}

/** Keras 3 has other names for two of Keras 2. */
const isWeight = (name: string | undefined, wanted: string): boolean =>
  name === wanted || (name === 'kernel' && wanted === 'depthwise_kernel');

/**
 * The weights of layers by their names, `<layer>/<weight>`, those of recurrent layers also `<layer>/<cell>/<weight>` and
 * `<layer>/forward_<layer>/<weight>`; null unless there is exactly one for each.
 */
function byName(leaves: readonly Leaf[], all: readonly NamedWeight[]): Map<Leaf, NamedWeight[]> | null {
  const ofLayer = new Map<string, NamedWeight[]>();
  const isPlain = new Set(leaves.filter((leaf) => !hasPlaces(leaf)).map(({ config }) => config.name));
  const isNested = new Set(leaves.filter(hasPlaces).map(({ config }) => config.name));
  for (const weight of all) {
    const [parent = '', ...outer] = partsOf(weight.name).slice(0, -1).reverse();
    const layer = isPlain.has(parent)
      ? parent
      : ([parent, ...outer].find((part) => isNested.has(part)) ?? parent);
    const others = ofLayer.get(layer);
    if (others === undefined) ofLayer.set(layer, [weight]);
    else others.push(weight);
  }
  const found = new Map<Leaf, NamedWeight[]>();
  const used = new Set<NamedWeight>();
  for (const leaf of leaves) {
    const own = ofLayer.get(leaf.config.name) ?? [];
    const weights = leaf.plan.weights.map(([wanted, , place]) =>
      own.filter(({ name }) => {
        const parts = partsOf(name);
        const inside = parts.slice(parts.lastIndexOf(leaf.config.name) + 1);
        return isWeight(parts.at(-1), wanted) && isInPlace(inside, place);
      }),
    );
    for (const same of weights) {
      if (same.length !== 1 || used.has(same[0]!)) return null;
      used.add(same[0]!);
    }
    found.set(leaf, weights.flat());
  }
  return found;
}

/**
 * The weights of layers by position, as Keras does it: those that are trained, then the others. Null unless names and
 * number fit.
 */
function byPosition(leaves: readonly Leaf[], all: readonly NamedWeight[]): Map<Leaf, NamedWeight[]> | null {
  const wanted = leaves.flatMap((leaf) => leaf.plan.weights.map(([name], i) => ({ leaf, name, i })));
  const isTrained = ({ leaf, name }: (typeof wanted)[number]): boolean =>
    leaf.trainable && !name.startsWith('moving_');
  const order = [...wanted.filter(isTrained), ...wanted.filter((item) => !isTrained(item))];
  if (order.length !== all.length) return null;
  const found = new Map<Leaf, NamedWeight[]>(leaves.map((leaf) => [leaf, []]));
  for (const [position, { leaf, name, i }] of order.entries()) {
    const weight = all[position]!;
    if (!isWeight(partsOf(weight.name).at(-1), name)) return null;
    found.get(leaf)![i] = weight;
  }
  return found;
}

/** Reads the weights that were chosen for layers, which have to be all that there are. */
function readChosen(
  chosen: Map<Leaf, NamedWeight[]> | null,
  leaves: readonly Leaf[],
  all: readonly NamedWeight[],
  where: string,
  problems: string[],
  found: Map<Leaf, readonly Tensor[]>,
): void {
  if (chosen === null || [...chosen.values()].flat().length < all.length) {
    const wanted = leaves.flatMap(({ config, plan }) =>
      plan.weights.map(([name]) => `${config.name}/${name}`),
    );
    const list = (names: readonly string[]): string => names.join(', ') || 'no weights';
    problems.push(`${where} has ${list(all.map(({ name }) => name))}, wanted ${list(wanted)}`);
    return;
  }
  for (const [leaf, weights] of chosen) {
    const tensors = weights.map((weight) => weight.read());
    if (tensors.every((t) => t !== null)) found.set(leaf, tensors);
    else problems.push(`${where} lacks weights that it names`);
  }
}

/** The texts of an attribute, which Keras divides into several if they are too long for one. */
function textsOf(group: H5Group, name: string): readonly string[] | null {
  const whole = group.attribute(name);
  if (whole !== null) return typeof whole === 'string' ? [whole] : whole;
  const parts: string[] = [];
  for (let i = 0; ; i++) {
    const part = group.attribute(name + i);
    if (part === null) return i === 0 ? null : parts;
    parts.push(...(typeof part === 'string' ? [part] : part));
  }
}

/** Keras 2 and `.h5`: a group for each layer, with the names of its weights in the attribute `weight_names`. */
export const groupedWeights =
  (root: H5Group): ReadWeights =>
  (leaves, problems) => {
    const found = new Map<Leaf, readonly Tensor[]>();
    const layers = new Map<string, Leaf[]>();
    for (const leaf of leaves) {
      const inner = layers.get(leaf.top);
      if (inner === undefined) layers.set(leaf.top, [leaf]);
      else inner.push(leaf);
    }
    for (const [name, inner] of layers) {
      const group = root.group(name);
      const names = group === null ? [] : (textsOf(group, 'weight_names') ?? []);
      const all = names.map((path): NamedWeight => ({ name: path, read: () => group!.dataset(path) }));
      const chosen = byName(inner, all) ?? byPosition(inner, all);
      readChosen(chosen, inner, all, `the layer ${describe(name)}`, problems, found);
    }
    return found;
  };

/** TensorFlow.js: one table for all layers. */
export const listedWeights =
  (tensors: ReadonlyMap<string, Tensor>): ReadWeights =>
  (leaves, problems) => {
    const found = new Map<Leaf, readonly Tensor[]>();
    const all = [...tensors].map(([name, tensor]): NamedWeight => ({ name, read: () => tensor }));
    readChosen(byName(leaves, all), leaves, all, 'the file', problems, found);
    return found;
  };

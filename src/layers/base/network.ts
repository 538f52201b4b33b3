import { checkCount, isMap, isPlain, readOptions, refusal } from '../../ir/arguments.ts';
import { StateError } from '../../ir/errors.ts';
import { Parameter } from '../../tensor/parameter.ts';
import type { Shape } from '../../tensor/shape.ts';
import { checkTensors, itemsOf, type Structure, type Tensors } from '../../tensor/structure.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Context, checkContext, inference, observed } from './context.ts';
import { locate } from './errors.ts';
import type { LayerLike } from './layer-like.ts';
import { ofZeros } from './of-zeros.ts';
import { checkPenalty, type Penalty, penaltyOf } from './penalty.ts';
import { type SummaryOptions, summarize } from './summary.ts';

/**
 * A constructor argument, as `describe` returns it. A model file can hold numbers, strings, booleans, null, undefined,
 * layers, and arrays and plain objects of these.
 */
export type Described = number | string | boolean | null | undefined | object;

/** A Parameter of a network or a network inside it, with the name of its field. */
export type NetworkMember = readonly [key: string, member: Parameter | Network];

/**
 * A part of a model with any inputs and outputs, or a whole model: Parameters, layers and a computation with them. X and Y are
 * the types of what it takes and returns: a tensor, a tuple or a record of tensors. A Layer is a Network that takes one tensor
 * and returns one.
 *
 * ```ts
 * class Cars extends Network<{ numbers: Tensor; origin: Tensor }, { mpg: Tensor; weight: Tensor }> {
 *   readonly embedding = new Dense(3, 4);
 *   readonly mpg = new Dense(8, 1);
 *   readonly weight = new Dense(8, 1);
 *   forward({ numbers, origin }: { numbers: Tensor; origin: Tensor }, ctx: Context) {
 *     const h = concat([numbers, this.embedding.call(origin, ctx)], 1);
 *     return { mpg: this.mpg.call(h, ctx), weight: this.weight.call(h, ctx) };
 *   }
 * }
 * ```
 */
export abstract class Network<X extends Tensors = never, Y extends Tensors = Tensors> implements LayerLike {
  /** The name of the class in errors, summaries and files: a string, since minifiers rename classes. */
  static readonly kind: string = 'Network';
  /** @internal The Parameters that `freeze` stopped. */
  static readonly frozenParameters = new WeakSet<Parameter>();

  /** The option `name`, for errors, summaries and paths; '' if not given. */
  readonly name: string;

  readonly #args: readonly Described[] | undefined;
  readonly #penalties: [Parameter, Penalty][] = [];
  #isFrozen = false;
  /** The path that each Parameter is named by. */
  static readonly #paths = new WeakMap<Parameter, string>();

  /**
   * @param name for errors, summaries and paths; no `.` and no `:`.
   * @param args all arguments of the class's constructor, which `describe` returns.
   */
  constructor(name = '', args?: ArrayLike<unknown>) {
    if (typeof name !== 'string' || /[.:]/.test(name))
      throw refusal(new.target.kind, 'name', name, "a string without '.' and ':'");
    this.name = name;
    this.#args = args && (Array.from(args, lasting) as Described[]);
  }

  /** The kind of layer in errors and summaries: the class's `kind`, or its name if it does not declare one. */
  get type(): string {
    const { kind, name } = this.constructor as typeof Network;
    return Object.hasOwn(this.constructor, 'kind') ? kind : name;
  }

  /** The computation. Call inner layers with their `call` method and pass `ctx` to them. */
  abstract forward(x: X, ctx: Context): Y;

  /**
   * Applies the network to x, by default in inference mode.
   *
   * @throws ShapeError with the layer and its path in the model if a shape does not fit.
   */
  call(x: X, ctx: Context = inference): Y {
    checkCount(this.type, arguments.length, 2);
    checkTensors(this.type, x);
    checkContext(this.type, ctx);
    const y = locate(this, x, () => this.forward(x, ctx));
    if (ctx.onOutput) for (const [name, t] of itemsOf<Tensor>(y)) ctx.onOutput(this, t, name);
    return y;
  }

  /**
   * The Parameters and layers in the layer's fields, and in arrays, records (plain objects) and Maps there at any depth, in
   * the order of declaration. Private `#fields` and fields under symbols cannot be listed.
   */
  members(): NetworkMember[] {
    const found: NetworkMember[] = [];
    const seen = new Set<unknown>();
    const visit = (key: string, value: unknown): void => {
      if (isMember(value)) found.push([key, value]);
      else if (typeof value === 'object' && !seen.has(value)) {
        seen.add(value);
        for (const [inner, item] of entriesOf(value)) visit(`${key}.${String(inner)}`, item);
      }
    };
    for (const [key, value] of Object.entries(this)) visit(key, value);
    return found;
  }

  /** The members, and theirs, with their paths; each once, outer members first. */
  static *#all(layer: Network, prefix = '', seen = new Set<unknown>([layer])): Iterable<NetworkMember> {
    for (const [key, member] of layer.members()) {
      if (seen.has(member)) continue;
      seen.add(member);
      yield [prefix + key, member];
      if (member instanceof Network) yield* Network.#all(member, `${prefix}${key}.`, seen);
    }
  }

  /**
   * All Parameters with their paths, such as `0.kernel` or `hidden.kernel`; each once, in stable order. A Parameter is named
   * by the first path that is asked for, and by a longer one from a model that contains this layer, for errors and states.
   */
  namedParameters(): [path: string, parameter: Parameter][] {
    checkCount('namedParameters', arguments.length, 0);
    const found = [...Network.#all(this)].filter(
      (member): member is [string, Parameter] => member[1] instanceof Parameter,
    );
    for (const [path, parameter] of found) {
      const before = Network.#paths.get(parameter);
      if (before !== undefined && !path.endsWith(`.${before}`)) continue;
      Network.#paths.set(parameter, path);
      parameter.name = path;
    }
    return found;
  }

  /** For `JSON.stringify`: the kind, the name and the values of all Parameters by path. Inner layers are part of the paths. */
  toJSON(): { type: string; name: string; parameters: Record<string, Parameter> } {
    return { type: this.type, name: this.name, parameters: Object.fromEntries(this.namedParameters()) };
  }

  /** All Parameters, trainable or not, for an optimizer. */
  parameters(): Parameter[] {
    checkCount('parameters', arguments.length, 0);
    return this.namedParameters().map(([, parameter]) => parameter);
  }

  /**
   * The arguments of the constructor that build the layer again, for `saveModel`, without generators and functions that
   * give initial values. A class whose constructor does not pass its arguments to `super`, as in `super('', arguments)`,
   * overrides it; so does a class that extends one of another kind.
   *
   * @throws StateError if they are not known.
   */
  describe(): readonly Described[] {
    if (this.#args) return this.#args;
    throw new StateError(`[describe] ${this.type} does not know its arguments. Override describe().`);
  }

  /** Whether this layer, or a layer that contains it, was frozen. */
  get frozen(): boolean {
    return this.#isFrozen;
  }

  #setFrozen(frozen: boolean): void {
    this.#isFrozen = frozen;
    for (const [, member] of Network.#all(this)) if (member instanceof Network) member.#isFrozen = frozen;
  }

  /** Stops optimizers from changing the layer's Parameters, and layers from updating running statistics. */
  freeze(): void {
    checkCount('freeze', arguments.length, 0);
    this.#setFrozen(true);
    for (const parameter of this.parameters()) {
      if (!parameter.trainable) continue;
      parameter.trainable = false;
      Network.frozenParameters.add(parameter);
    }
  }

  /** Reverts `freeze`. Parameters that were not trainable before, such as running statistics, stay so. */
  unfreeze(): void {
    checkCount('unfreeze', arguments.length, 0);
    this.#setFrozen(false);
    for (const parameter of this.parameters()) {
      if (Network.frozenParameters.delete(parameter)) parameter.trainable = true;
    }
  }

  /** Adds a penalty on a Parameter of the layer. */
  protected penalize(parameter: Parameter, penalty: Penalty | undefined): void {
    checkPenalty(this.type, `${parameter.name}Penalty`, penalty);
    if (penalty === undefined) return;
    this.#penalties.push([parameter, penalty]);
  }

  /**
   * The sum of the penalties on trainable Parameters, a scalar to add to the loss; null if there are none.
   */
  penalty(): Tensor | null {
    checkCount('penalty', arguments.length, 0);
    const terms = new Map<Parameter, Tensor>();
    for (const layer of [this, ...[...Network.#all(this)].map(([, member]) => member)]) {
      if (!(layer instanceof Network)) continue;
      for (const [parameter, penalty] of layer.#penalties) {
        if (parameter.trainable && !terms.has(parameter)) terms.set(parameter, penaltyOf(parameter, penalty));
      }
    }
    return terms.size === 0 ? null : [...terms.values()].reduce((a, b) => a.add(b));
  }

  /** The shape of one sample, without the batch axis, that is required; null if several are accepted, or not known. */
  inputShape(): Structure<readonly number[]> | null {
    return null;
  }

  /**
   * A table of the layers with output shapes and numbers of parameters, as text. Output shapes need the option `inputShape` if
   * the first layers accept any shape, such as Flatten, and if there are several inputs.
   */
  summary(options?: SummaryOptions): string {
    checkCount('summary', arguments.length, 1);
    const outputs = new Map<LayerLike, [name: string, shape: Shape][]>();
    const { inputShape } = readOptions('summary', options, { inputShape: undefined });
    const sample = inputShape === undefined ? this.inputShape() : inputShape;
    // null is no shape, and refused where it was given.
    if (sample !== null || inputShape !== undefined) {
      const context = observed((layer, { shape }, name) => {
        // A layer that is used several times shows its last output.
        const before = outputs.get(layer) ?? [];
        outputs.set(layer, [...before.filter(([other]) => other !== name), [name, shape]]);
      });
      ofZeros('summary', [1], sample!, (x) => this.call(x as X, context));
    }
    return summarize(this, outputs);
  }
}

/** A copy of an argument without what is used only once: generators and functions that give initial values. */
function lasting(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lasting);
  if (!isPlain(value)) return value;
  const entries = Object.entries(value).filter(
    ([key, item]) => !/^rng$|Initializer$/.test(key) || typeof item === 'string',
  );
  return Object.fromEntries(entries.map(([key, item]) => [key, lasting(item)]));
}

function isMember(value: unknown): value is Parameter | Network {
  return value instanceof Network || value instanceof Parameter;
}

/** The entries of an array, a Map or a plain object; none of anything else. */
export function entriesOf(value: unknown): Iterable<readonly [key: unknown, item: unknown]> {
  if (Array.isArray(value)) return value.entries();
  if (isMap(value)) return value;
  return isPlain(value) ? Object.entries(value) : [];
}

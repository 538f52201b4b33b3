import { checkCount, isMap, readOptions, refusal, reportAs } from '../../ir/arguments.ts';
import { DTypeError, StateError } from '../../ir/errors.ts';
import { checkTensor } from '../../tensor/apply.ts';
import { zeros } from '../../tensor/creation.ts';
import { Parameter } from '../../tensor/parameter.ts';
import { checkShape, type Same, type Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Context, inference, observed } from './context.ts';
import { locate } from './errors.ts';
import type { LayerLike, StaticShapes } from './layer-like.ts';
import { checkPenalty, type Penalty, penaltyOf } from './penalty.ts';
import type { Input, Output, PartialShape } from './shapes.ts';
import { type SummaryOptions, summarize } from './summary.ts';

/**
 * A constructor argument, as `describe` returns it. A model file can hold numbers, strings, booleans, null, undefined,
 * layers, and arrays and plain objects of these.
 */
export type Described = number | string | boolean | null | undefined | object;

/** A layer's Parameter or a layer inside it, with the name of its field. */
export type Member = readonly [key: string, member: Parameter | Layer];

/**
 * A part of a network: Parameters and a computation with them. `In` and `Out` are the shapes of its input and
 * output, as far as the compiler knows them.
 *
 * A custom layer has fields that hold Parameters, layers, or arrays, records and Maps of these, and a `forward` method:
 *
 * ```ts
 * class Residual extends Layer {
 *   readonly inner = new Dense(64, 64, { activation: 'relu' });
 *   forward(x: Tensor, ctx: Context): Tensor {
 *     return x.add(this.inner.call(x, ctx));
 *   }
 * }
 * ```
 */
export abstract class Layer<In extends Shape = Shape, Out extends Shape = Shape>
  implements LayerLike, StaticShapes
{
  /** The name of the class in errors, summaries and files: a string, since minifiers rename classes. */
  static readonly kind: string = 'Layer';
  /** @internal The Parameters that `freeze` stopped. */
  static readonly frozenParameters = new WeakSet<Parameter>();

  /** The option `name`, for errors, summaries and paths; '' if not given. */
  readonly name: string;

  /** For the compiler only: the input shape. */
  declare readonly takes: In;
  /** For the compiler only: the shape of a particular input, on which `gives` may depend. */
  declare readonly given: unknown;
  /** For the compiler only: the output shape. */
  declare readonly gives: Out;

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
    const { kind, name } = this.constructor as typeof Layer;
    return Object.hasOwn(this.constructor, 'kind') ? kind : name;
  }

  /** The computation of the layer. Call inner layers with their `call` method and pass `ctx` to them. */
  abstract forward(x: Tensor<In>, ctx: Context): Tensor<Out>;

  /**
   * Applies the layer to x, by default in inference mode.
   *
   * @throws ShapeError with the layer and its path in the model if the shape of x does not fit.
   */
  call<S extends Shape>(
    x: Tensor<S> & Same<Input<this, S>, S>,
    ctx: Context = inference,
  ): Tensor<Output<this, S>> {
    checkCount(this.type, arguments.length, 2);
    checkTensor(this.type, x);
    if (typeof ctx?.training !== 'boolean')
      throw refusal(this.type, 'context', ctx, 'training() or inference');
    const input: Tensor = x;
    const y: Tensor = locate(this, input, () => this.forward(input as Tensor<In>, ctx));
    ctx.onOutput?.(this, y);
    return y as Tensor<Output<this, S>>;
  }

  /**
   * The Parameters and layers in the layer's fields, and in arrays, records (plain objects) and Maps there at any depth, in
   * the order of declaration. Private `#fields` and fields under symbols cannot be listed.
   */
  members(): Member[] {
    const found: Member[] = [];
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
  static *#all(layer: Layer, prefix = '', seen = new Set<unknown>([layer])): Iterable<Member> {
    for (const [key, member] of layer.members()) {
      if (seen.has(member)) continue;
      seen.add(member);
      yield [prefix + key, member];
      if (member instanceof Layer) yield* Layer.#all(member, `${prefix}${key}.`, seen);
    }
  }

  /**
   * All Parameters with their paths, such as `0.kernel` or `hidden.kernel`; each once, in stable order. A Parameter is named
   * by the first path that is asked for, and by a longer one from a model that contains this layer, for errors and states.
   */
  namedParameters(): [path: string, parameter: Parameter][] {
    checkCount('namedParameters', arguments.length, 0);
    const found = [...Layer.#all(this)].filter(
      (member): member is [string, Parameter] => member[1] instanceof Parameter,
    );
    for (const [path, parameter] of found) {
      const before = Layer.#paths.get(parameter);
      if (before !== undefined && !path.endsWith(`.${before}`)) continue;
      Layer.#paths.set(parameter, path);
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
    for (const [, member] of Layer.#all(this)) if (member instanceof Layer) member.#isFrozen = frozen;
  }

  /** Stops optimizers from changing the layer's Parameters, and layers from updating running statistics. */
  freeze(): void {
    checkCount('freeze', arguments.length, 0);
    this.#setFrozen(true);
    for (const parameter of this.parameters()) {
      if (!parameter.trainable) continue;
      parameter.trainable = false;
      Layer.frozenParameters.add(parameter);
    }
  }

  /** Reverts `freeze`. Parameters that were not trainable before, such as running statistics, stay so. */
  unfreeze(): void {
    checkCount('unfreeze', arguments.length, 0);
    this.#setFrozen(false);
    for (const parameter of this.parameters()) {
      if (Layer.frozenParameters.delete(parameter)) parameter.trainable = true;
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
    for (const layer of [this, ...[...Layer.#all(this)].map(([, member]) => member)]) {
      if (!(layer instanceof Layer)) continue;
      for (const [parameter, penalty] of layer.#penalties) {
        if (parameter.trainable && !terms.has(parameter)) terms.set(parameter, penaltyOf(parameter, penalty));
      }
    }
    return terms.size === 0 ? null : [...terms.values()].reduce((a, b) => a.add(b));
  }

  /** The shape of one sample, without the batch axis, that the layer requires; null if it accepts several. */
  inputShape(): readonly number[] | null {
    return null;
  }

  /** Whether the output always has the shape of the input. */
  get keepsShape(): boolean {
    return false;
  }

  /**
   * The output shape as far as it follows from a partly known input shape; null is an unknown dimension or an
   * unknown shape. Sequential uses it to check its layers when it is built. A custom layer may leave it out.
   *
   * @throws ShapeError if no input of this shape fits.
   */
  inferShape(inputShape: PartialShape | null): PartialShape | null {
    return this.keepsShape ? inputShape : null;
  }

  /**
   * The output shape for this input shape, with the batch axis; nothing is computed. The input is float32 or, if the layer
   * refuses that, int32 or bool.
   */
  outputShape(inputShape: readonly number[]): readonly number[] {
    checkCount('outputShape', arguments.length, 1);
    return ofZeros(
      'outputShape',
      inputShape,
      (x) => locate(this, x, () => this.forward(x as Tensor<In>, inference)).shape,
    );
  }

  /**
   * A table of the layers with output shapes and numbers of parameters, as text. Output shapes need the option
   * `inputShape` if the first layers accept any shape, such as Flatten.
   */
  summary(options?: SummaryOptions): string {
    checkCount('summary', arguments.length, 1);
    const shapes = new Map<LayerLike, Shape>();
    const { inputShape } = readOptions('summary', options, { inputShape: undefined });
    const sample = inputShape === undefined ? this.inputShape() : checkShape('summary', inputShape);
    if (sample !== null) {
      const context = observed((layer, output) => shapes.set(layer, output.shape));
      ofZeros('summary', [1, ...sample], (x) => this.call(x, context));
    }
    return summarize(this, shapes);
  }
}

/** What `run` makes of zeros, in a data type that it accepts: float32 or, for indices and conditions, int32 or bool. */
function ofZeros<T>(operation: string, shape: Shape, run: (x: Tensor) => T): T {
  let refused: unknown;
  for (const dtype of ['float32', 'int32', 'bool'] as const) {
    try {
      return run(reportAs(operation, () => zeros(shape, dtype)));
    } catch (error) {
      if (!(error instanceof DTypeError)) throw error;
      refused ??= error;
    }
  }
  throw refused;
}

/** @throws ValueError unless it is a layer, for the layer that contains it. */
export function checkLayer(container: string, layer: unknown): void {
  if (!(layer instanceof Layer)) throw refusal(container, 'layer', layer, 'a Layer');
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

function isMember(value: unknown): value is Parameter | Layer {
  return value instanceof Layer || value instanceof Parameter;
}

/** The entries of an array, a Map or a plain object; none of anything else. */
export function entriesOf(value: unknown): Iterable<readonly [key: unknown, item: unknown]> {
  if (Array.isArray(value)) return value.entries();
  if (isMap(value)) return value;
  return isPlain(value) ? Object.entries(value) : [];
}

export function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Object.prototype of any realm has no prototype.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

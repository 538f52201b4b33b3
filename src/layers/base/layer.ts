import { zeros } from '../../tensor/creation.ts';
import { Parameter } from '../../tensor/parameter.ts';
import type { Same, Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Context, inference, observed } from './context.ts';
import { locate } from './errors.ts';
import type { LayerLike, StaticShapes } from './layer-like.ts';
import { checkPenalty, type Penalty, penaltyOf } from './penalty.ts';
import type { Input, Output, PartialShape } from './shapes.ts';
import { type SummaryOptions, summarize } from './summary.ts';

/** A layer's Parameter or a layer inside it, with the name of its field. */
export type Member = readonly [key: string, member: Parameter | Layer];

/**
 * A part of a network: Parameters and what it computes with them. `In` and `Out` are the shapes that it takes
 * and gives, as far as they are known when the program is written.
 *
 * A layer of one's own has fields that hold Parameters, layers or arrays of these, and a `forward`:
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
  /** The name of the class in errors, summaries and files. Minifiers rename classes, so it is a string of its own. */
  static readonly kind: string = 'Layer';

  /** The layer's own name in errors and summaries; '' if it has none. */
  readonly name: string;

  /** For the compiler only: the shape it takes. */
  declare readonly takes: In;
  /** For the compiler only: the shape of a particular input, on which `gives` may depend. */
  declare readonly given: unknown;
  /** For the compiler only: the shape it gives. */
  declare readonly gives: Out;

  readonly #penalties: [Parameter, Penalty][] = [];
  #isFrozen = false;
  static readonly #frozen = new WeakSet<Parameter>();

  constructor(name = '') {
    this.name = name;
  }

  /** The kind of layer in errors and summaries: the class's `kind`, or its name if it does not declare one. */
  get type(): string {
    const { kind, name } = this.constructor as typeof Layer;
    return Object.hasOwn(this.constructor, 'kind') ? kind : name;
  }

  /** What the layer computes. Call inner layers by their `call` and hand `ctx` on. */
  abstract forward(x: Tensor<In>, ctx: Context): Tensor<Out>;

  /**
   * The layer applied to x; without a context as for `inference`.
   *
   * @throws ShapeError that names the layer and its path in the model where x does not fit.
   */
  call<S extends Shape>(
    x: Tensor<S> & Same<Input<this, S>, S>,
    ctx: Context = inference,
  ): Tensor<Output<this, S>> {
    const input: Tensor = x;
    const y: Tensor = locate(this, input, () => this.forward(input as Tensor<In>, ctx));
    ctx.onOutput?.(this, y);
    return y as Tensor<Output<this, S>>;
  }

  /**
   * The Parameters and layers in the layer's fields (and in arrays there), in the order of their declaration.
   */
  members(): Member[] {
    return Object.entries(this).flatMap(([key, value]) =>
      Array.isArray(value)
        ? value.flatMap((item, i): Member[] => (isMember(item) ? [[`${key}.${i}`, item]] : []))
        : isMember(value)
          ? [[key, value] as const]
          : [],
    );
  }

  /**
   * All Parameters with their paths, such as `0.kernel` or `hidden.kernel`; each once, in stable order. Each
   * Parameter takes its path as its name, so that errors can tell them apart.
   */
  namedParameters(): [path: string, parameter: Parameter][] {
    const found = new Map<Parameter, string>();
    const walk = (layer: Layer, prefix: string): void => {
      for (const [key, member] of layer.members()) {
        if (member instanceof Layer) walk(member, `${prefix}${key}.`);
        else if (!found.has(member)) found.set(member, prefix + key);
      }
    };
    walk(this, '');
    for (const [parameter, path] of found) parameter.name = path;
    return [...found].map(([parameter, path]) => [path, parameter]);
  }

  /** All Parameters, trainable and not: what an optimizer is given. */
  parameters(): Parameter[] {
    return this.namedParameters().map(([, parameter]) => parameter);
  }

  /** Was the layer frozen, by itself or with one around it? */
  get frozen(): boolean {
    return this.#isFrozen;
  }

  #setFrozen(frozen: boolean): void {
    this.#isFrozen = frozen;
    for (const [, member] of this.members()) if (member instanceof Layer) member.#setFrozen(frozen);
  }

  /** Keeps optimizers from changing the layer's Parameters, and running statistics from moving. */
  freeze(): void {
    this.#setFrozen(true);
    for (const parameter of this.parameters()) {
      if (!parameter.trainable) continue;
      parameter.trainable = false;
      Layer.#frozen.add(parameter);
    }
  }

  /** Undoes `freeze`. What was never trainable, such as running statistics, stays so. */
  unfreeze(): void {
    this.#setFrozen(false);
    for (const parameter of this.parameters()) {
      if (Layer.#frozen.delete(parameter)) parameter.trainable = true;
    }
  }

  /** Puts a penalty on a Parameter of the layer. */
  protected penalize(parameter: Parameter, penalty: Penalty | undefined): void {
    if (penalty === undefined) return;
    checkPenalty(penalty);
    this.#penalties.push([parameter, penalty]);
  }

  /**
   * The sum of the penalties on trainable Parameters, a scalar to be added to the loss; null where there are
   * none.
   */
  penalty(): Tensor | null {
    const terms = new Map<Parameter, Tensor>();
    const walk = (layer: Layer): void => {
      for (const [parameter, penalty] of layer.#penalties) {
        if (parameter.trainable && !terms.has(parameter)) terms.set(parameter, penaltyOf(parameter, penalty));
      }
      for (const [, member] of layer.members()) if (member instanceof Layer) walk(member);
    };
    walk(this);
    return terms.size === 0 ? null : [...terms.values()].reduce((a, b) => a.add(b));
  }

  /**
   * The shape of one sample (without the batch axis) that the layer wants, where it is particular about it.
   */
  inputShape(): readonly number[] | null {
    return null;
  }

  /** Whether the output has the shape of the input, whatever that is. */
  get keepsShape(): boolean {
    return false;
  }

  /**
   * What is known of the output's shape where the input's is known in part: null stands for a dimension, or
   * for a whole shape, that is not known. Sequential checks with it, when it is built, that neighbours fit; a
   * layer of one's own need not say anything.
   *
   * @throws ShapeError where no input of this shape fits.
   */
  inferShape(inputShape: PartialShape | null): PartialShape | null {
    return this.keepsShape ? inputShape : null;
  }

  /** The shape that the layer makes of an input of this shape; nothing is computed. */
  outputShape(inputShape: readonly number[]): readonly number[] {
    const x: Tensor = zeros(inputShape);
    return locate(this, x, () => this.forward(x as Tensor<In>, inference)).shape;
  }

  /**
   * A table of the layers with output shapes and numbers of parameters, as text. Layers that take any shape,
   * such as Flatten, need to be told one.
   *
   * @param options `inputShape`: of one sample, without the batch axis.
   */
  summary(options: SummaryOptions = {}): string {
    const shapes = new Map<LayerLike, Shape>();
    const sample = options.inputShape ?? this.inputShape();
    if (sample !== null) {
      const context = observed((layer, output) => shapes.set(layer, output.shape));
      this.call(zeros([1, ...sample]), context);
    }
    return summarize(this, shapes);
  }
}

function isMember(value: unknown): value is Parameter | Layer {
  return value instanceof Layer || value instanceof Parameter;
}

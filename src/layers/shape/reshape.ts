import { checkCount, describe, readOptions } from '../../ir/arguments.ts';
import { ShapeError } from '../../ir/errors.ts';
import { checkTensor } from '../../tensor/apply.ts';
import { type Reshaped, type Shape, show } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { shapeError, showPartial } from '../base/errors.ts';
import { Layer } from '../base/layer.ts';
import type { PartialShape } from '../base/shapes.ts';

export interface ReshapeOptions {
  /** The layer's name in errors, summaries and paths; none by default. */
  readonly name?: string;
}

/** `gives` of a layer that reshapes each sample to T. */
type Samples<S, T extends Shape> = S extends readonly [infer N extends number, ...Shape]
  ? number extends S['length']
    ? [number, ...Reshaped<T>]
    : [N, ...Reshaped<T>]
  : [number, ...Reshaped<T>];

/**
 * Reshapes each sample, in row-major order: `new Reshape([28, 28, 1])` reshapes [N, 784] to [N, 28, 28, 1]. One
 * dimension may be -1; it is computed from the others.
 */
export class Reshape<const T extends Shape = Shape> extends Layer {
  static override readonly kind: string = 'Reshape';
  readonly shape: Shape;
  declare readonly gives: Samples<this['given'], T>;

  constructor(shape: T, options?: ReshapeOptions) {
    checkCount(new.target.kind, arguments.length, 2);
    super(readOptions(new.target.kind, options, { name: '' }).name, arguments);
    const whole = Array.isArray(shape) && shape.every((d) => Number.isInteger(d) && d >= -1);
    if (!whole || shape.filter((d) => d === -1).length > 1) {
      throw new ShapeError(
        `[Reshape] got shape ${Array.isArray(shape) ? show(shape) : describe(shape)}, wanted whole numbers from 0 up, of which one may be -1. ` +
          'Leave the batch axis out.',
      );
    }
    this.shape = [...shape];
  }

  override inferShape(inputShape: PartialShape | null): PartialShape {
    if (inputShape === null) return [null, ...this.#open()];
    const [batch = null, ...sample] = inputShape;
    const known = sample.filter((d) => d !== null);
    return [batch, ...(known.length === sample.length ? this.#fit(inputShape, known) : this.#open())];
  }

  override forward(x: Tensor): Tensor {
    checkTensor(this.type, x);
    const [batch, ...sample] = x.shape;
    if (batch === undefined) throw shapeError(this, 'input [] has no batch axis. Give [N, ...].');
    return x.reshape([batch, ...this.#fit(x.shape, sample)]);
  }

  /** The shape of a sample, with null for -1. */
  #open(): PartialShape {
    return this.shape.map((d) => (d === -1 ? null : d));
  }

  /** The new shape of a sample of shape `sample`. */
  #fit(inputShape: PartialShape, sample: Shape): Shape {
    const size = sample.reduce((a, b) => a * b, 1);
    const rest = this.shape.reduce((a, b) => (b === -1 ? a : a * b), 1);
    const open = this.shape.includes(-1);
    if (open ? rest > 0 && size % rest === 0 : size === rest) {
      return this.shape.map((d) => (d === -1 ? size / rest : d));
    }
    throw shapeError(
      this,
      `input ${showPartial(inputShape)} has ${size} values per sample, ${show(this.shape)} wants ` +
        `${open ? `a multiple of ${rest}` : rest}. Give a shape with as many values, without the batch axis.`,
    );
  }
}

import {
  checkArray,
  checkCount,
  checkOptions,
  type Known,
  readOptions,
  refusal,
} from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';
import { checkTensor } from '../../tensor/apply.ts';
import { concat, stack } from '../../tensor/ops/arrangement/join.ts';
import { flip } from '../../tensor/ops/arrangement/views.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Context, inference } from '../base/context.ts';
import { locate } from '../base/errors.ts';
import { Layer } from '../base/layer.ts';
import type { Output, PartialShape } from '../base/shapes.ts';
import {
  checkRecurrent,
  type OutputAndState,
  type Recurrent,
  type Stateful,
  type StateOptions,
  stateOptions,
} from './recurrent.ts';

/** How the outputs of the two directions become one. */
type Merge = keyof typeof merges;

export interface BidirectionalOptions<M extends Merge = Merge> {
  /**
   * How the outputs of the two directions become one: `concat` (the default) along the last axis, `sum`, `mul`, `average`, or
   * `none`, which leaves them side by side, [N, 2, outFeatures] or [N, T, 2, outFeatures].
   */
  readonly merge?: M;
  /** The layer's name in errors, summaries and paths; none by default. */
  readonly name?: string;
}

const bidirectionalOptions: Known<BidirectionalOptions> = { merge: 0, name: '' };

const merges = {
  concat: (a: Tensor, b: Tensor): Tensor => concat([a, b], -1),
  sum: (a: Tensor, b: Tensor): Tensor => a.add(b),
  mul: (a: Tensor, b: Tensor): Tensor => a.mul(b),
  average: (a: Tensor, b: Tensor): Tensor => a.add(b).mul(0.5),
  none: (a: Tensor, b: Tensor): Tensor => stack([a, b], -2),
};

/** The merged shape of two outputs of shape S. */
type Merged<S, M extends Merge> = S extends readonly [...infer Lead extends Shape, infer F extends number]
  ? number extends S['length']
    ? Shape
    : M extends 'concat'
      ? [...Lead, number]
      : M extends 'none'
        ? [...Lead, 2, F]
        : [...Lead, F]
  : Shape;

/**
 * Two recurrent layers, one from the first step to the last and one from the last to the first, with their outputs merged
 * (Schuster & Paliwal 1997). The given layer goes forward; the other one has the same arguments and initial values of its own.
 * The outputs of both are in the order of the sequence.
 */
export class Bidirectional<
    const In extends number = number,
    const Out extends number = number,
    Sequences extends boolean = boolean,
    M extends Merge = 'concat',
  >
  extends Layer<[number, number, In], Shape>
  implements Stateful
{
  static override readonly kind: string = 'Bidirectional';
  declare readonly gives: Merged<
    Output<
      Recurrent<In, Out, Sequences>,
      this['given'] extends infer S extends Shape ? S : [number, number, In]
    >,
    M
  >;
  readonly forwardLayer: Recurrent<In, Out, Sequences>;
  readonly backwardLayer: Recurrent<In, Out, Sequences>;
  readonly merge: M;

  constructor(layer: Recurrent<In, Out, Sequences>, options: BidirectionalOptions<M> = {}) {
    checkCount(new.target.kind, arguments.length, 2);
    checkOptions(new.target.kind, options, bidirectionalOptions);
    super(options.name, arguments);
    checkRecurrent(this.type, 'layer', layer);
    const { merge = 'concat' as M } = options;
    if (!Object.hasOwn(merges, merge))
      throw refusal(this.type, 'merge', merge, `one of ${Object.keys(merges).join(', ')}`);
    if (layer.goBackwards)
      throw new ValueError(
        `[${this.type}] got a layer with goBackwards, wanted one that goes forward. Leave the option out: there is a layer for each direction.`,
      );
    this.forwardLayer = layer;
    this.backwardLayer = layer.reversed();
    this.merge = merge;
  }

  override inferShape(inputShape: PartialShape | null): PartialShape {
    const shape = locate(this, inputShape, () => this.forwardLayer.inferShape(inputShape), 'forwardLayer');
    const [lead, last] = [shape.slice(0, -1), shape.at(-1)!];
    if (this.merge === 'none') return [...lead, 2, last];
    return [...lead, this.merge === 'concat' ? 2 * last : last];
  }

  override forward(x: Tensor<[number, number, In]>, ctx: Context): Tensor {
    checkTensor(this.type, x);
    const call = (layer: Layer): Tensor => layer.call(x as Tensor, ctx);
    return this.#merge(call(this.forwardLayer), call(this.backwardLayer));
  }

  /**
   * Applies the layer to x, [N, T, inFeatures], from a given state on, or to sequences of different lengths, as
   * `callWithState` of its layers. The state has the tensors of the forward layer, then those of the backward layer.
   */
  callWithState(x: Tensor, options?: StateOptions, ctx: Context = inference): OutputAndState {
    checkCount('callWithState', arguments.length, 3);
    checkTensor('callWithState', x);
    const { initialState, lengths, mask } = readOptions('callWithState', options, stateOptions);
    if (initialState !== undefined) checkArray('callWithState', 'initialState', initialState, '[h, h]');
    const half = (initialState?.length ?? 0) / 2;
    const run = (key: 'forwardLayer' | 'backwardLayer', from: number, to?: number): OutputAndState => {
      const given = {
        ...(initialState === undefined ? {} : { initialState: initialState.slice(from, to) }),
        ...(lengths === undefined ? {} : { lengths }),
        ...(mask === undefined ? {} : { mask }),
      };
      return locate(this, x, () => this[key].callWithState(x, given, ctx), key);
    };
    const [there, back] = [run('forwardLayer', 0, half), run('backwardLayer', half)];
    return {
      output: this.#merge(there.output, back.output),
      state: [...there.state, ...back.state],
    };
  }

  #merge(there: Tensor, back: Tensor): Tensor {
    return merges[this.merge](there, this.backwardLayer.returnSequences ? flip(back, 1) : back);
  }
}

import {
  type Context,
  concat,
  Dense,
  Dropout,
  Generator,
  Network,
  seed,
  type Tensor,
} from '../../src/index.ts';

/** The samples of a model with two inputs and two outputs. */
export const count = 50;
const random = new Generator(7);
export const numbers: Tensor = random.uniform([count, 3], -1, 1);
export const codes: Tensor = random.uniform([count, 2], -1, 1).greater(0).cast('float32');
export const total: Tensor = numbers.sum(1, { keepDims: true }).sin();
export const kind: Tensor = numbers.sum(1).greater(0).cast('int32');

/** Inputs and outputs by name. */
export type Inputs = { numbers: Tensor; codes: Tensor };
export type Outputs = { total: Tensor; kind: Tensor };
export const data = { x: { numbers, codes }, y: { total, kind } };

abstract class TwoInputs<
  X extends Inputs | [Tensor, Tensor],
  Y extends Outputs | [Tensor, Tensor],
> extends Network<X, Y> {
  readonly first = new Dense(3, 4, { activation: 'tanh' });
  readonly second = new Dense(2, 4);
  readonly dropout = new Dropout(0.2);
  readonly total = new Dense(8, 1);
  readonly kind = new Dense(8, 2);

  protected run(numbers: Tensor, codes: Tensor, ctx: Context): Outputs {
    const h = this.dropout.call(
      concat([this.first.call(numbers, ctx), this.second.call(codes, ctx)], 1),
      ctx,
    );
    return {
      total: this.total.call(h as Tensor<[number, 8]>, ctx),
      kind: this.kind.call(h as Tensor<[number, 8]>, ctx),
    };
  }
}

/** A network with a record of inputs and one of outputs. */
export class ByName extends TwoInputs<Inputs, Outputs> {
  static override readonly kind: string = 'ByName';

  constructor() {
    super('', []);
  }

  override forward({ numbers, codes }: Inputs, ctx: Context): Outputs {
    return this.run(numbers, codes, ctx);
  }
}

/** The same network with tuples. */
export class ByPosition extends TwoInputs<[Tensor, Tensor], [Tensor, Tensor]> {
  override forward([numbers, codes]: [Tensor, Tensor], ctx: Context): [Tensor, Tensor] {
    const { total, kind } = this.run(numbers, codes, ctx);
    return [total, kind];
  }
}

/** The same values at every call. */
export function made<M>(make: () => M): M {
  seed(3);
  return make();
}

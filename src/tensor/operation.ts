import type { DType } from '../ir/dtype.ts';
import type { LoweringBuilder } from '../ir/lowering-builder.ts';
import { type Lowerable, type Node, notCloneable, type Params } from '../ir/node.ts';
import type { Primitive } from '../ir/primitive.ts';
import type { Shape } from './shape.ts';
import type { Tensor } from './tensor.ts';

/**
 * One record of the catalogue. Everything that is particular to an operation stands here: what comes out, its
 * gradient, and how it is computed. Operands reach it checked and promoted by the public function beside it.
 */
export interface OperationRecord<P extends Params> {
  readonly name: string;
  /** Shape and data type of the result. Throws a ShapeError or DTypeError where the inputs do not fit. */
  shape(inputs: readonly Node[], params: P): { readonly shape: Shape; readonly dtype: DType };
  /**
   * Vector-Jacobian products: for each input a function that gives its share of the gradient `g` of the
   * result `y`, or null where there is none. A share may have the broadcast shape; the walk sums it down to
   * the input's.
   */
  vjp(g: Tensor, y: Tensor, inputs: readonly Tensor[], params: P): readonly ((() => Tensor) | null)[];
  lower(node: Node, b: LoweringBuilder, params: P): Primitive;
  /** Once its values are known, a node of this operation lets go of the graph behind it. */
  readonly cutsGraph?: boolean;
  /** The inputs that stand for other values in each iteration of a loop: a copy of the node needs its own. */
  argumentsOf?(inputs: readonly Node[], params: P): readonly Node[];
  /** Whether its nodes are such inputs. */
  readonly isArgument?: boolean;
}

/** A record as the nodes of the graph carry it. */
export class Operation<P extends Params = Params> implements Lowerable {
  readonly notCloneable = notCloneable;
  readonly name: string;
  readonly cutsGraph: boolean;
  readonly record: OperationRecord<P>;

  constructor(record: OperationRecord<P>) {
    this.name = record.name;
    this.cutsGraph = record.cutsGraph ?? false;
    this.record = record;
  }

  lower(node: Node, b: LoweringBuilder): Primitive {
    return this.record.lower(node, b, node.params as P);
  }
}

export function operation<P extends Params>(record: OperationRecord<P>): Operation<P> {
  return new Operation(record);
}

/** The vjp of an operation without gradient: comparisons, rounding, indices. */
export function noGradient(): readonly null[] {
  return [];
}

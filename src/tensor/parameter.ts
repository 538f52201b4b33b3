import { checkCount, readOptions, reportAs } from '../ir/arguments.ts';
import type { DType } from '../ir/dtype.ts';
import { ShapeError } from '../ir/errors.ts';
import { inDependencyOrder, leafNode, type Node } from '../ir/node.ts';
import type { Storage } from '../ir/storage.ts';
import { sameShape } from '../ir/view.ts';
import { storageOf } from '../runtime/run.ts';
import { checkTensor } from './apply.ts';
import { type TensorLike, tensor } from './creation.ts';
import { cast, detach } from './ops/elementwise/cast.ts';
import { type Shape, show } from './shape.ts';
import { runAssignments } from './step.ts';
import { Tensor } from './tensor.ts';

export interface ParameterOptions {
  /** What it is called in summaries, files and errors. */
  readonly name?: string;
  /** Whether optimizers change it; true by default. */
  readonly trainable?: boolean;
}

/**
 * The one mutable thing: a named tensor whose values are replaced in place. Each replacement counts up
 * `version`; a graph that was built on an older version can't be run any more.
 */
export class Parameter<S extends Shape = Shape, D extends DType = DType> extends Tensor<S, D> {
  /** Optimizers skip a Parameter where this is false. */
  trainable: boolean;
  readonly #storage: Storage;

  /** Starts with the values that a tensor has now; they are copied. */
  constructor(initial: Tensor<S, D>, options?: ParameterOptions) {
    checkCount('Parameter', arguments.length, 2);
    checkTensor('Parameter', initial);
    const { name, trainable } = readOptions('Parameter', options, { name: 'parameter', trainable: true });
    const { node } = initial;
    const storage = storageWithoutValues?.(node, name) ?? storageOf(node, detach(initial).node, name);
    super(leafNode(storage, node.shape));
    this.#storage = storage;
    byStorage.set(storage, this as Parameter);
    this.trainable = trainable;
  }

  /** @internal */
  override get title(): string {
    return `Parameter '${this.name}'`;
  }

  get name(): string {
    return this.#storage.name;
  }

  set name(name: string) {
    this.#storage.name = name;
  }

  /** How often the values have been replaced. */
  get version(): number {
    return this.#storage.version;
  }

  /** Replaces the values; they must have the Parameter's shape. NaN and infinities are allowed. */
  async assign(values: TensorLike): Promise<void> {
    checkCount('assign', arguments.length, 1);
    const t =
      values instanceof Tensor ? values : reportAs('assign', () => tensor(values, { dtype: this.dtype }));
    await runAssignments({ assignments: [[this, cast(fit(this, t), this.dtype)]] });
  }

  /** @internal A run has overwritten the values: graphs built so far are out of date. */
  overwritten(): void {
    this.#storage.version++;
    this.node = leafNode(this.#storage, this.node.shape);
  }
}

const byStorage = new WeakMap<Storage, Parameter>();

/** Makes the storages of new Parameters while `withoutValues` runs, else null. */
export let storageWithoutValues: ((node: Node, name: string) => Storage) | null = null;

/** Runs a function with `make` for the storages of the Parameters that it creates; no initial values are computed. */
export function withoutValues<T>(make: (node: Node, name: string) => Storage, run: () => T): T {
  const before = storageWithoutValues;
  storageWithoutValues = make;
  try {
    return run();
  } finally {
    storageWithoutValues = before;
  }
}

/** The Parameters on whose values a tensor depends; what is behind nodes for which `endsAt` is true is left out. */
export function parametersBehind(t: Tensor, endsAt?: (node: Node) => boolean): Parameter[] {
  return inDependencyOrder([t.node], endsAt).flatMap(
    ({ storage }) => (storage && byStorage.get(storage)) ?? [],
  );
}

function fit(p: Parameter, t: Tensor): Tensor {
  if (sameShape(p.node.shape, t.node.shape)) return t;
  throw new ShapeError(
    `[assign] '${p.name}' has shape ${show(p.shape)}, got values of shape ${show(t.shape)}. Reshape them first.`,
  );
}

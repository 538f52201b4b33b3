import { type Batch, type Data, openDataset } from '../../data/dataset.ts';
import { checkCount, checkOptions, type Known, refusal } from '../../ir/arguments.ts';
import { StateError } from '../../ir/errors.ts';
import { checkState, type State } from '../../ir/state.ts';
import { observed } from '../../layers/base/context.ts';
import type { LayerLike } from '../../layers/base/layer-like.ts';
import { realize, valuesOf } from '../../tensor/evaluate.ts';
import { reachedGradients } from '../../tensor/gradients.ts';
import { itemsOf, nameIn, type Tensors } from '../../tensor/structure.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { nameOf } from '../diagnose.ts';
import { type AnyModel, callModel } from '../model.ts';
import { objective } from '../objective.ts';
import { batchOutputs, type Loss, type Output, readOutputs } from '../outputs.ts';
import type { Callback } from './callback.ts';

export interface DiagnosticsOptions<X extends Tensors = Tensor, Y extends Tensors = Tensor> {
  /** The data of `fit`, of which the first 256 samples, or the first batch, are examined. */
  readonly data: Data<X, Y>;
  /** The loss of `fit`. */
  readonly loss: Loss<Y>;
  /** Receives each warning, once; `console.warn` by default. */
  readonly warn?: (message: string) => void;
}

const known: Known<DiagnosticsOptions<Tensors, Tensors>> = { data: 0, loss: 0, warn: 0 };

/** Samples that are examined. */
const SAMPLES = 256;
/** Fewer samples say nothing about columns and units. */
const ENOUGH = 8;
/** Features above this are not scaled. */
const LARGE = 100;
/** The fraction of a layer's units that may be dead. */
const DEAD = 0.1;
/** A gradient's root mean square explodes above the first number, and vanishes below the second times the largest one. */
const [EXPLODES, VANISHES] = [1e3, 1e-6];
/** A loss has risen if it exceeds the least one by this factor. */
const RISEN = 2;

const relus: readonly unknown[] = ['relu', 'relu6'];

/**
 * Warns of what makes training fail, once each, with the names of layers, Parameters and columns:
 *
 * - before training: columns of x that are constant or beyond -100 .. 100, and labels that are all equal;
 * - after each epoch: units of layers with relu that are 0 for all samples (10% of a layer or more), gradients of
 *   Parameters that explode (root mean square above 1000) or vanish (below 1e-6 times the largest one), and a loss that has
 *   risen to twice its least value, as with a learning rate that is too high.
 *
 * It costs one pass forward and back over at most 256 samples for each epoch.
 *
 * @throws ValueError for other options; StateError, when training begins, for an iterator, which can be read only once.
 */
export function diagnostics<X extends Tensors = Tensor, Y extends Tensors = Tensor>(
  options: DiagnosticsOptions<X, Y>,
): Callback {
  checkCount('diagnostics', arguments.length, 1);
  checkOptions('diagnostics', options ?? null, known);
  const { data, loss, warn = (message) => console.warn(message) } = options;
  const outputs = readOutputs('diagnostics', loss, [], true);
  if (data === null || (typeof data !== 'object' && typeof data !== 'function'))
    throw refusal('diagnostics', 'data', data, 'the data of fit');
  if (typeof warn !== 'function') throw refusal('diagnostics', 'warn', warn, 'a function of a text');

  let warned: readonly string[] = [];
  let least = Number.POSITIVE_INFINITY;
  let batch: Batch | null = null;
  let rank = 0;
  /** Warns once of each kind of problem in each place. Of several ranks only the first one does. */
  const report = (what: string, message: string): void => {
    if (rank > 0 || warned.includes(what)) return;
    warned = [...warned, what];
    warn(`[diagnostics] ${message}`);
  };
  return {
    kind: 'diagnostics',
    async onTrainBegin(training) {
      ({ rank } = training);
      warned = [];
      least = Number.POSITIVE_INFINITY;
      batch = await firstBatch(data);
      if (batch !== null && batch.size >= ENOUGH) await examineData(batch, report);
    },
    lazyResults: true,
    onBatchEnd({ loss: value }) {
      if (least === Number.POSITIVE_INFINITY) least = value;
    },
    async onEpochEnd({ results }, { model }) {
      const value = results.loss!;
      // A loss may be negative.
      if (value - least > (RISEN - 1) * Math.abs(least)) {
        report(
          'rate',
          `the loss has risen from ${short(least)} to ${short(value)}. Lower the learning rate, or clip gradients.`,
        );
      }
      least = Math.min(least, value);
      if (batch !== null) await examineModel(model, outputs, batch, report);
    },
    onTrainEnd() {
      batch = null;
    },
    getState: () => ({ warned, least }),
    setState(state) {
      checkState(state, { least });
      const before = state as Remembered;
      // Those of the data have just been reported again.
      warned = [...new Set([...before.warned, ...warned])];
      least = before.least;
    },
  };
}

interface Remembered extends State {
  readonly warned: readonly string[];
  readonly least: number;
}

type Report = (what: string, message: string) => void;

async function firstBatch<X extends Tensors, Y extends Tensors>(data: Data<X, Y>): Promise<Batch | null> {
  const dataset = await openDataset('diagnostics', data);
  if ('once' in dataset && dataset.once) {
    throw new StateError(
      '[diagnostics] got an iterator, which can be read only once. Pass a function that makes the batches: () => batches().',
    );
  }
  for await (const batch of dataset.batches({ batchSize: SAMPLES, epoch: 0 })) return batch;
  return null;
}

async function examineData({ x, y, size }: Batch, report: Report): Promise<void> {
  for (const [name, labels] of itemsOf<Tensor>(y)) {
    const ranges = await rangesOf(labels);
    if (ranges.some(({ low, high }) => low !== high)) continue;
    report(
      nameIn('labels', name),
      `all ${size} labels${name && ` of '${name}'`} are equal, so there is nothing to learn. Check the labels, and shuffle ` +
        'the data.',
    );
  }
  for (const [name, values] of itemsOf<Tensor>(x)) await examineInput(nameIn('x', name), values, report);
}

async function examineInput(name: string, x: Tensor, report: Report): Promise<void> {
  const columns = await rangesOf(x);
  const isTable = x.rank === 2;
  // Numbers of tokens and the like are no magnitudes.
  const large =
    x.dtype === 'float32' ? indicesOf(columns, ({ low, high }) => Math.max(-low, high) > LARGE) : [];
  if (large.length > 0) {
    const where = isTable ? `${listed(large)} of ${name}` : name;
    const most = Math.max(...large.map((c) => Math.max(-columns[c]!.low, columns[c]!.high)));
    report(
      `scale ${name}`,
      `${where}: got values up to ${short(most)}. Scale the data, such as to mean 0 and deviation 1.`,
    );
  }
  const constant = indicesOf(columns, ({ low, high }) => low === high);
  if (isTable && constant.length > 0) {
    report(
      `constant ${name}`,
      `${listed(constant)} of ${name}: got one value in all ${x.shape[0]} samples. Leave it out.`,
    );
  }
}

async function examineModel(
  model: AnyModel,
  outputs: readonly Output[],
  batch: Batch,
  report: Report,
): Promise<void> {
  const activated: [layer: LayerLike, output: Tensor][] = [];
  const context = observed((layer, output) => {
    if (relus.includes((layer as { activationName?: unknown }).activationName))
      activated.push([layer, output]);
  });
  const predictions = callModel(model, batch.x, context);
  const found = batchOutputs('diagnostics', outputs, predictions, batch);
  const { total } = objective('diagnostics', model, found);
  const parameters = model.parameters().filter(({ trainable, dtype }) => trainable && dtype === 'float32');
  const reached = reachedGradients('diagnostics', total, parameters).flatMap((g, i) =>
    g === null ? [] : [{ parameter: parameters[i]!, size: g.square().mean().sqrt() }],
  );
  await realize(total, ...activated.map(([, output]) => output), ...reached.map(({ size }) => size));
  const sizes: number[] = [];
  for (const { size } of reached) sizes.push((await size.data())[0]!);
  const largest = sizes.reduce((a, b) => Math.max(a, b), 0);
  for (const [i, size] of sizes.entries()) {
    const { name, rank } = reached[i]!.parameter;
    if (size > EXPLODES) {
      report(
        `explodes ${name}`,
        `the gradient of Parameter '${name}' explodes: its root mean square is ${short(size)}. Lower the learning rate, clip ` +
          'gradients, or normalize.',
      );
    } else if (rank > 1 && size < VANISHES * largest) {
      report(
        `vanishes ${name}`,
        `the gradient of Parameter '${name}' vanishes: its root mean square is ${short(size)}, and ${short(largest)} elsewhere. ` +
          'Use relu, another initializer, normalization or residual connections.',
      );
    }
  }
  if (batch.size < ENOUGH) return;
  for (const [layer, output] of activated) {
    const units = await rangesOf(output);
    const dead = indicesOf(units, ({ low, high }) => low === 0 && high === 0).length;
    if (dead === 0 || dead < DEAD * units.length) continue;
    const name = nameOf(model, layer);
    report(
      `dead ${name}`,
      `${dead} of ${units.length} units of layer ${name} are 0 for all ${batch.size} samples. Lower the learning rate, or use ` +
        'leakyRelu or another initializer.',
    );
  }
}

/** The least and the largest value of each column, along the last axis; of all values for one axis. */
async function rangesOf(t: Tensor): Promise<{ low: number; high: number }[]> {
  const values = await valuesOf(t);
  const columns = t.rank < 2 ? 1 : t.shape.at(-1)!;
  const ranges = Array.from({ length: columns }, () => ({
    low: Number.POSITIVE_INFINITY,
    high: Number.NEGATIVE_INFINITY,
  }));
  values.forEach((value, i) => {
    const range = ranges[i % columns]!;
    range.low = Math.min(range.low, value);
    range.high = Math.max(range.high, value);
  });
  return ranges;
}

const indicesOf = <T>(items: readonly T[], is: (item: T) => boolean): number[] =>
  items.flatMap((item, i) => (is(item) ? [i] : []));

/** `column 3`, or `columns 3, 4, 5, 6, ... (9)`. */
const listed = (columns: readonly number[]): string =>
  columns.length === 1
    ? `column ${columns[0]}`
    : `columns ${columns.slice(0, 4).join(', ')}${columns.length > 4 ? `, ... (${columns.length})` : ''}`;

const short = (value: number): string => String(Number(value.toPrecision(3)));

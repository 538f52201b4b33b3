import { describe } from '../ir/arguments.ts';
import { ValueError } from '../ir/errors.ts';
import { type Configured, configure } from './layers/configured.ts';
import { merges } from './layers/merges.ts';
import type { LayerConfig, ModelConfig, Source } from './model-config.ts';
import { plans } from './plans/index.ts';
import type { Plan } from './plans/plan.ts';
import { Refusal } from './settings.ts';

/** A layer with weights or without, and where its weights are in a file. */
export interface Leaf {
  readonly config: LayerConfig;
  readonly plan: Plan;
  /** In the files of Keras 3: `layers/sequential/layers/dense_1`. */
  readonly path: string;
  /** The layer of the outermost model that it is or that contains it. */
  readonly top: string;
  /** Whether it and all models that contain it are trainable. */
  readonly trainable: boolean;
}

/** What a call applies. */
export type Applied =
  | { readonly kind: 'leaf'; readonly leaf: Leaf }
  | { readonly kind: 'model'; readonly model: PlannedModel; readonly trainable: boolean }
  | { readonly kind: 'merge'; readonly merge: Configured };

export interface PlannedStep {
  readonly applied: Applied;
  /** Value 0 is the input of the model, value i + 1 the result of step i. */
  readonly inputs: readonly number[];
}

/** A model all of whose layers exist here. */
export interface PlannedModel {
  readonly config: ModelConfig;
  readonly steps: readonly PlannedStep[];
  readonly output: number;
  /** The shape of a sample, if the file has it and all of it is known. */
  readonly inputShape: readonly number[] | null;
  /** The layers that are no models, with those of inner models, in the order of the file. */
  readonly leaves: readonly Leaf[];
  /** The number of axes of the result. */
  readonly rank: number | null;
}

interface Place {
  readonly path: string;
  readonly top: string | null;
  readonly trainable: boolean;
}

/**
 * Finds for each layer what it becomes here.
 *
 * @throws ValueError with the names and classes of all layers that can't be loaded, or for models with several inputs or
 * outputs.
 */
export function planModel(operation: string, config: ModelConfig, version: number): PlannedModel {
  const problems: string[] = [];
  const planned = plan(config, { path: '', top: null, trainable: true }, null);
  if (problems.length > 0) {
    throw new ValueError(
      `[${operation}] got layers that can't be loaded: ${problems.join(', ')}. Wanted layers and settings of the table in ` +
        'docs/keras.md. Replace them in Keras, and save the model again.',
    );
  }
  return planned;

  function plan(model: ModelConfig, place: Place, given: number | null): PlannedModel {
    const trainable = place.trainable && model.trainable;
    const paths = namedPaths(model, place.path);
    const made = new Map<LayerConfig, { applied: Applied; rank: number | null }>();
    const make = (
      layer: LayerConfig,
      i: number,
      rank: number | null,
    ): { applied: Applied; rank: number | null } => {
      let known = made.get(layer);
      if (known === undefined) {
        const path = paths[i]!;
        const inner = { path, top: place.top ?? layer.name, trainable: trainable && layer.trainable };
        known = layerOf(layer, inner, rank);
        made.set(layer, known);
      }
      return known;
    };
    const steps: PlannedStep[] = [];
    const ranks: (number | null)[] = [];
    const push = (layer: LayerConfig, i: number, inputs: readonly number[]): void => {
      const { applied, rank } = make(layer, i, ranks[inputs[0]!] ?? null);
      steps.push({ applied, inputs });
      ranks.push(rank);
    };
    const shape = inputShapeOf(model);
    ranks.push(shape?.length ?? given);
    let output: number;
    if (model.kind === 'Sequential') {
      for (const [i, layer] of model.layers.entries())
        if (layer.className !== 'InputLayer') push(layer, i, [steps.length]);
      output = steps.length;
    } else output = walk(model, push);
    const sample = shape?.slice(1) ?? null;
    const isKnown =
      sample?.every((d): d is number => d !== null && d > 0) && sample.reduce((a, b) => a * b, 1) <= 1e7;
    return {
      config: model,
      steps,
      output,
      inputShape: isKnown ? (sample as number[]) : null,
      leaves: model.layers.flatMap((layer) => leavesOf(made.get(layer)?.applied)),
      rank: ranks[output] ?? null,
    };
  }

  function layerOf(
    layer: LayerConfig,
    place: Place,
    rank: number | null,
  ): { applied: Applied; rank: number | null } {
    const { className, settings } = layer;
    if (layer.model !== null) {
      const model = plan(layer.model, place, rank);
      return { applied: { kind: 'model', model, trainable: place.trainable }, rank: model.rank };
    }
    try {
      if (layer.setsTraining) throw new Refusal('called with training');
      if (Object.hasOwn(merges, className))
        return { applied: { kind: 'merge', merge: configure(merges, className, settings) }, rank };
      if (!Object.hasOwn(plans, className)) throw new Refusal('');
      const found = plans[className]!({ className, settings, name: nameOf(layer), version, rank });
      const leaf = { ...place, config: layer, plan: found, top: place.top ?? layer.name };
      return { applied: { kind: 'leaf', leaf }, rank: found.rank };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const why = error.message === '' ? '' : `: ${error.message}`;
      problems.push(`${describe(layer.name)} (${describe(className).slice(1, -1)}${why})`);
      return { applied: { kind: 'merge', merge: { className: '', settings: {} } }, rank };
    }
  }

  /** Calls `push` for the calls that the output needs, each after its inputs; returns the position of the output. */
  function walk(
    model: ModelConfig,
    push: (layer: LayerConfig, i: number, inputs: readonly number[]) => void,
  ): number {
    const [input, output] = (['inputs', 'outputs'] as const).map((what) => {
      const [only, ...others] = model[what];
      if (only !== undefined && others.length === 0) return only;
      const names = model[what].map(({ layer }) => describe(layer)).join(', ');
      throw new ValueError(
        `[${operation}] got the model ${describe(model.name)} with the ${what} ${names || 'of none'}, wanted one. Layers have one ` +
          'input and one output: save a model with one in Keras.',
      );
    }) as [Source, Source];
    const damaged = (got: string): ValueError =>
      new ValueError(
        `[${operation}] got ${got} in the model ${describe(model.name)}, wanted a graph from its input to its output. The file is ` +
          'damaged.',
      );
    const positions = new Map(model.layers.map((layer, i) => [layer.name, i]));
    if (positions.size < model.layers.length) throw damaged('two layers with one name');
    // Calls of inner models are counted from 1, since their own construction is the first call.
    const counted = new Set<string>();
    for (const { layer, call } of [output, ...model.layers.flatMap(({ calls }) => calls.flat())])
      if (call === 0) counted.add(layer);
    const keyOf = ({ layer, call }: Source): string => `${call}/${layer}`;
    const found = new Map<string, number | 'open'>([[keyOf(input), 0]]);
    let count = 0;
    const pending: Source[] = [output];
    while (pending.length > 0) {
      const source = pending.at(-1)!;
      const key = keyOf(source);
      if (typeof found.get(key) === 'number') {
        pending.pop();
        continue;
      }
      const i = positions.get(source.layer);
      const layer = model.layers[i ?? -1];
      const first = layer !== undefined && layer.model !== null && !counted.has(layer.name) ? 1 : 0;
      const inputs = layer?.calls[source.call - first];
      if (i === undefined || layer === undefined || inputs === undefined || inputs.length === 0)
        throw damaged(`no call ${source.call} of ${describe(source.layer)}`);
      if (
        inputs.length > 1 &&
        !Object.hasOwn(merges, layer.className) &&
        Object.hasOwn(plans, layer.className)
      )
        throw damaged(`${inputs.length} inputs of ${describe(source.layer)}`);
      const open = inputs.filter((item) => typeof found.get(keyOf(item)) !== 'number');
      if (open.length === 0) {
        push(
          layer,
          i,
          inputs.map((item) => found.get(keyOf(item)) as number),
        );
        found.set(key, ++count);
        pending.pop();
      } else if (found.get(key) === 'open') throw damaged(`a circle through ${describe(source.layer)}`);
      else {
        found.set(key, 'open');
        pending.push(...open);
      }
    }
    return found.get(keyOf(output)) as number;
  }
}

const leavesOf = (applied: Applied | undefined): readonly Leaf[] =>
  applied?.kind === 'leaf' ? [applied.leaf] : applied?.kind === 'model' ? applied.model.leaves : [];

/** The name of a layer in paths, which have separators of their own. */
export const nameOf = ({ name }: { readonly name: string }): string => name.replace(/[.:]/g, '_');

function inputShapeOf(model: ModelConfig): readonly (number | null)[] | null {
  if (model.kind === 'Sequential') {
    const [first] = model.layers;
    return first?.inputShape ?? (first?.model ? inputShapeOf(first.model) : null);
  }
  return model.layers.find(({ name }) => name === model.inputs[0]?.layer)?.inputShape ?? null;
}

/** `conv2d_transpose` for `Conv2DTranspose`. */
const snakeCase = (className: string): string =>
  className
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();

/** Where Keras 3 puts the layers: they are numbered for each class, whatever their names are. */
function namedPaths(model: ModelConfig, path: string): string[] {
  const used = new Map<string, number>();
  return model.layers.map(({ className }) => {
    const name = snakeCase(className);
    const count = used.get(name) ?? 0;
    used.set(name, count + 1);
    return `${path === '' ? '' : `${path}/`}layers/${name}${count === 0 ? '' : `_${count}`}`;
  });
}

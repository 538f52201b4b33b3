import {
  BatchNorm,
  Conv2D,
  Dense,
  Dropout,
  Flatten,
  type InitializerName,
  type Layer,
  MaxPool2D,
  Reshape,
  Sequential,
} from 'ndgrad';
import type { ActivationChoice, LayerSpec } from './layer-spec.ts';

/** A layer of a network: how it is made, and the TypeScript for it. */
export interface Part {
  readonly code: string;
  make(): Layer;
  /** Multiplications for one image, in the forward pass. */
  readonly multiplications: number;
  readonly parameters: number;
  /** The shape of its output for one image. */
  readonly shape: readonly number[];
  /** The place in the user's list; null for layers that are added between them. */
  readonly place: number | null;
}

/** The layers of a network from an image, [784], to a score for each class, [10]. */
export function blueprint(network: readonly LayerSpec[], kernelInitializer: InitializerName): Part[] {
  const parts: Part[] = [];
  let shape: readonly number[] = [784];
  const add = (part: Omit<Part, 'shape' | 'place'>, next: readonly number[], place: number | null): void => {
    parts.push({ ...part, shape: next, place });
    shape = next;
  };
  const dense = (units: number, activation: ActivationChoice, place: number | null): void => {
    if (shape.length === 3)
      add({ ...free, code: 'new Flatten()', make: () => new Flatten() }, [product(shape)], null);
    const [inputs] = shape as [number];
    const options = { activation, kernelInitializer };
    const made = {
      code: `new Dense(${inputs}, ${units}${optionsCode(activation, kernelInitializer)})`,
      make: () => new Dense(inputs, units, options),
      multiplications: inputs * units,
      parameters: (inputs + 1) * units,
    };
    add(made, [units], place);
  };
  const image = (place: number): [rows: number, columns: number, channels: number] => {
    if (shape.length !== 3)
      throw new Error(`layer ${place + 1} needs an image: put it before the Dense layers`);
    return shape as [number, number, number];
  };

  const [first] = network.filter(({ kind }) => kind === 'dense' || kind === 'conv' || kind === 'pool');
  if (first !== undefined && first.kind !== 'dense')
    add(
      { ...free, code: 'new Reshape([28, 28, 1])', make: () => new Reshape([28, 28, 1]) },
      [28, 28, 1],
      null,
    );
  for (const [place, spec] of network.entries()) {
    switch (spec.kind) {
      case 'dense':
        dense(spec.units, spec.activation, place);
        break;
      case 'dropout':
        add({ ...free, code: `new Dropout(${spec.rate})`, make: () => new Dropout(spec.rate) }, shape, place);
        break;
      case 'norm': {
        const features = shape.at(-1)!;
        const made = { code: `new BatchNorm(${features})`, make: () => new BatchNorm(features) };
        add({ ...free, ...made, parameters: 2 * features }, shape, place);
        break;
      }
      case 'conv': {
        const [rows, columns, channels] = image(place);
        const { filters, size, activation } = spec;
        const next = [rows - size + 1, columns - size + 1, filters];
        if (next[0]! < 1)
          throw new Error(
            `layer ${place + 1} has windows of ${size} x ${size} on an image of ${rows} x ${columns}`,
          );
        const options = { activation, kernelInitializer };
        const weights = size * size * channels * filters;
        const made = {
          code: `new Conv2D(${channels}, ${filters}, ${size}${optionsCode(activation, kernelInitializer)})`,
          make: () => new Conv2D(channels, filters, size, options),
          multiplications: weights * next[0]! * next[1]!,
          parameters: weights + filters,
        };
        add(made, next, place);
        break;
      }
      case 'pool': {
        const [rows, columns, channels] = image(place);
        const { size } = spec;
        const next = [Math.floor(rows / size), Math.floor(columns / size), channels];
        if (next[0]! < 1)
          throw new Error(
            `layer ${place + 1} has windows of ${size} x ${size} on an image of ${rows} x ${columns}`,
          );
        add({ ...free, code: `new MaxPool2D(${size})`, make: () => new MaxPool2D(size) }, next, place);
        break;
      }
    }
  }
  dense(10, 'linear', null);
  return parts;
}

export const buildModel = (parts: readonly Part[]): Sequential =>
  new Sequential<readonly Layer[]>(parts.map((part) => part.make()));

/** Multiplications and additions of one training step for one image: forward, and twice as much for the gradients. */
export function operationsPerImage(parts: readonly Part[]): number {
  const all = parts.reduce((sum, { multiplications }) => sum + multiplications, 0);
  // No gradient with respect to the images is computed.
  const first = parts.find(({ multiplications }) => multiplications > 0)!.multiplications;
  return 2 * (3 * all - first);
}

const free = { multiplications: 0, parameters: 0 };

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

function optionsCode(activation: ActivationChoice, kernelInitializer: InitializerName): string {
  const options = [
    ...(activation === 'linear' ? [] : [`activation: '${activation}'`]),
    ...(kernelInitializer === 'glorotUniform' ? [] : [`kernelInitializer: '${kernelInitializer}'`]),
  ];
  return options.length === 0 ? '' : `, { ${options.join(', ')} }`;
}

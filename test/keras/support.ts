import { readFileSync } from 'node:fs';
import { type Layer, NdgradError, type Tensor, tensor } from 'ndgrad';
import { loadTfjs } from 'ndgrad/keras';

export interface Numbers {
  readonly shape: number[];
  readonly data: number[];
  /** float32 by default. */
  readonly dtype?: 'float32' | 'int32';
}

export const fixture = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`fixtures/${name}`, import.meta.url)));

export const jsonFixture = <T>(name: string): T => JSON.parse(new TextDecoder().decode(fixture(name))) as T;

export const tensorOf = ({ shape, data, dtype = 'float32' }: Numbers): Tensor =>
  tensor(data, { shape, dtype });

/** A layer of Keras 2 in a configuration. */
export const layer = (className: string, name: string, config: object = {}, inputs?: unknown): object => ({
  class_name: className,
  config: { name, ...config },
  ...(inputs === undefined ? {} : { name, inbound_nodes: inputs }),
});

export const sequential = (...layers: object[]): object => ({
  class_name: 'Sequential',
  config: { name: 'model', layers },
});

/** A functional model whose layers have inbound_nodes. */
export const functional = (layers: object[], inputs: unknown, outputs: unknown): object => ({
  class_name: 'Functional',
  config: { name: 'model', layers, input_layers: inputs, output_layers: outputs },
});

/** Loads a model of TensorFlow.js with these weights, in one shard. */
export function load(model: object, weights: Readonly<Record<string, Numbers>> = {}): Promise<Layer> {
  const entries = Object.entries(weights);
  const data = Float32Array.from(entries.flatMap(([, { data }]) => data));
  const modelJson = {
    format: 'layers-model',
    modelTopology: { keras_version: '2.11.0', model_config: model },
    weightsManifest: [
      {
        paths: ['group1-shard1of1.bin'],
        weights: entries.map(([name, { shape }]) => ({ name, shape, dtype: 'float32' })),
      },
    ],
  };
  return loadTfjs(modelJson, async () => data.buffer);
}

/** Numbers of this shape. */
export const filled = (...shape: number[]): Numbers => ({
  shape,
  data: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => 0.1 * ((i * 7) % 11) - 0.4),
});

/** The message of what a call throws, which is an error of this library. */
export async function messageOf(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
  } catch (error) {
    if (error instanceof NdgradError) return error.message;
    throw error;
  }
  throw new Error('no error');
}

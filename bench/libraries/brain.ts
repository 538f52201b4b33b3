import type { LibraryProgram } from '../library-program.ts';
import { importPeer } from '../peers.ts';
import { serve } from '../serve.ts';
import * as task from '../task.ts';

// The part of brain.js that is used. Its own types are missing if it is not installed.
interface Sample {
  readonly input: readonly number[];
  readonly output: readonly number[];
}
interface Network {
  train(
    samples: readonly Sample[],
    options: Readonly<Record<string, unknown>>,
  ): { error: number; iterations: number };
}
interface Brain {
  readonly NeuralNetwork: new (options: Readonly<Record<string, unknown>>) => Network;
}

/** The most inputs of a network. Larger networks would take minutes. */
const maxInputs = 100;

await serve(async (): Promise<LibraryProgram> => {
  const { NeuralNetwork } = await importPeer<Brain>('brain.js');
  return {
    about: 'plain JavaScript, its own training loop: an update for every sample, squared error',
    async prepare(wanted) {
      if (wanted.kind !== 'training' || wanted.dropout > 0 || wanted.layers[0]! > maxInputs) return null;
      const { layers, batch } = wanted;
      const { x, oneHot } = task.trainingData(wanted);
      const row = (all: Float32Array, width: number, i: number) =>
        Array.from(all.subarray(i * width, (i + 1) * width));
      const samples = Array.from({ length: batch }, (_, i) => ({
        input: row(x, layers[0]!, i),
        output: row(oneHot, layers.at(-1)!, i),
      }));
      const { learningRate, beta1, beta2, epsilon } = task.adam;
      const adam = { praxis: 'adam', learningRate, beta1, beta2, epsilon };
      const network = new NeuralNetwork({ hiddenLayers: layers.slice(1, -1), activation: 'relu', ...adam });
      return {
        async run(times) {
          const { iterations } = network.train(samples, { ...adam, errorThresh: 1e-12, iterations: times });
          if (iterations !== times) throw new Error(`brain.js stopped after ${iterations} of ${times}`);
        },
        result: async () => null,
      };
    },
  };
});

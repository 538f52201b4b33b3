import { join } from 'node:path';
import { type Layer, loadModel, saveModel } from 'ndgrad';
import { fileSource, saveFile } from 'ndgrad/node';
import type { Configuration, TrainedNetwork } from './network-store.ts';
import { parametersHash } from './results.ts';

/** A folder of trained networks that `loadModel` reads, one file for each. */
export class SavedModels {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** The path of a network's file. */
  path({ dataset, model, seed }: Configuration): string {
    return join(this.#dir, `${dataset}-${model}-${seed}.safetensors`);
  }

  async save(configuration: Configuration, model: Layer): Promise<void> {
    await saveFile(this.path(configuration), await saveModel(model));
  }

  /** Whether the file of a network has the values that its training gave. */
  async has({ configuration, parametersHash: wanted }: TrainedNetwork): Promise<boolean> {
    try {
      const { model } = await loadModel(await fileSource(this.path(configuration)));
      return (await parametersHash(model.namedParameters())) === wanted;
    } catch {
      return false; // no file, or a damaged one
    }
  }
}

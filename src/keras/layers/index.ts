import type { LayerClass } from '../../io/model/configuration.ts';
import { FunctionalModel } from './functional-model.ts';
import { Operation } from './operation.ts';

/**
 * The classes of layers that models of Keras have and that are not in `ndgrad`, for the option `layers` of `loadModel`:
 *
 *     const model = await loadKeras(bytes);
 *     const saved = await saveModel(model);
 *     await loadModel(saved, { layers: kerasLayers });
 */
export const kerasLayers: Readonly<Record<string, LayerClass>> = /* @__PURE__ */ (() =>
  Object.freeze(Object.fromEntries([FunctionalModel, Operation].map((layer) => [layer.kind, layer]))))();

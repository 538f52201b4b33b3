/** The entry point `ndgrad/keras`: models of Keras and TensorFlow.js. */

export { kerasLayers } from './keras/layers/index.ts';
export { loadKeras } from './keras/load-keras.ts';
export { loadTfjs } from './keras/load-tfjs.ts';

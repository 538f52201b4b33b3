/** The entry point `ndgrad/keras`: models of Keras and TensorFlow.js. */

export { loadKeras } from './keras/load-keras.ts';
export { loadTfjs } from './keras/load-tfjs.ts';

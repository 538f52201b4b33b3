/** What needs files: the entry point `ndgrad/node`. */

export type { Mnist, MnistSplit } from './data/mnist.ts';
export { type LoadMnistOptions, loadMnist } from './node/mnist.ts';

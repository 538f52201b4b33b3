// A CommonJS module that requires the package.
import { type Tensor, tensor } from 'ndgrad';

export const x: Tensor<[2], 'float32'> = tensor([1, 2]);

import type { DType } from '../../../ir/dtype.ts';
import { ShapeError } from '../../../ir/errors.ts';
import { checkCall } from '../../apply.ts';
import { type Shape, show } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { reshape, transpose } from './views.ts';

function checked(operation: string, x: Tensor, block: number): [number, number, number, number] {
  if (x.rank !== 4)
    throw new ShapeError(`[${operation}] got shape ${show(x.shape)}, wanted [N, height, width, channels].`);
  if (!Number.isInteger(block) || block < 1) {
    throw new ShapeError(`[${operation}] got blockSize ${String(block)}, wanted a whole number from 1 up.`);
  }
  return x.node.shape as [number, number, number, number];
}

/**
 * Channels moved to blocks of blockSize x blockSize elements of the image: [N, H, W, C] becomes
 * [N, H blockSize, W blockSize, C / blockSize^2]. The channels of an element of the block are side by side, as in
 * `tf.nn.depth_to_space`; PyTorch's `pixel_shuffle` has the elements of a channel side by side.
 */
export function depthToSpace<D extends DType>(x: Tensor<Shape, D>, blockSize: number): Tensor<Shape, D> {
  checkCall('depthToSpace', arguments.length, 2, x);
  const [n, h, w, c] = checked('depthToSpace', x, blockSize);
  const channels = c / (blockSize * blockSize);
  if (!Number.isInteger(channels)) {
    throw new ShapeError(
      `[depthToSpace] got ${show(x.shape)} and blockSize ${blockSize}, wanted a multiple of ${blockSize * blockSize} channels.`,
    );
  }
  const blocks = reshape(x, [n, h, w, blockSize, blockSize, channels]);
  return reshape(transpose(blocks, [0, 1, 3, 2, 4, 5]), [n, h * blockSize, w * blockSize, channels]);
}

/**
 * Blocks of blockSize x blockSize elements of the image moved to channels: [N, H, W, C] becomes
 * [N, H / blockSize, W / blockSize, C blockSize^2]. The inverse of `depthToSpace`; as `tf.nn.space_to_depth`.
 */
export function spaceToDepth<D extends DType>(x: Tensor<Shape, D>, blockSize: number): Tensor<Shape, D> {
  checkCall('spaceToDepth', arguments.length, 2, x);
  const [n, h, w, c] = checked('spaceToDepth', x, blockSize);
  const [rows, columns] = [h / blockSize, w / blockSize];
  if (!Number.isInteger(rows) || !Number.isInteger(columns)) {
    throw new ShapeError(
      `[spaceToDepth] got ${show(x.shape)} and blockSize ${blockSize}, wanted height and width that are multiples of it.`,
    );
  }
  const blocks = reshape(x, [n, rows, blockSize, columns, blockSize, c]);
  return reshape(transpose(blocks, [0, 1, 3, 2, 4, 5]), [n, rows, columns, c * blockSize * blockSize]);
}

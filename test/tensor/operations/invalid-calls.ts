import { ones, tensor, zeros } from '../../../src/tensor/creation.ts';

/** A call that must throw, and what its error must say besides the name of the operation: what it got, what it wanted. */
export interface InvalidCall {
  readonly args: readonly unknown[];
  readonly says: readonly string[];
}

export const invalid = (args: readonly unknown[], ...says: readonly string[]): InvalidCall => ({
  args,
  says,
});

export const x = zeros([2, 3]);
export const mask = ones([2, 3], 'bool');
export const at = tensor([0, 1], { dtype: 'int32' });

export const mismatchedShapes: readonly InvalidCall[] = [
  invalid([x, zeros([4])], '[2, 3]', '[4]', '3 against 4'),
  invalid([x, zeros([2])], '[2, 3]', '[2]'),
  invalid([zeros([0]), x], '[0]', '[2, 3]', '0 against 3'),
  invalid([zeros([2, 1, 3]), zeros([4, 3, 3])], '[2, 1, 3]', '[4, 3, 3]', 'axis 0'),
];
export const invalidAxes: readonly InvalidCall[] = [
  invalid([x, 2], 'axis 2', 'rank 2', '-2 to 1'),
  invalid([x, [0, -3]], 'axis -3', '-2 to 1'),
  invalid([x, [1, -1]], 'axis 1 is named twice'),
  invalid([x, 0.5], 'axis 0.5'),
];
export const invalidAxis: readonly InvalidCall[] = [
  invalid([x, 2], 'axis 2', '-2 to 1'),
  invalid([zeros([]), 0], 'scalar'),
];
export const image = zeros([1, 5, 4, 2]);
export const kernel = zeros([3, 3, 2, 2]);
/** Invalid for both kinds of convolution; the kernel fits both. */
export const invalidConvolutions: readonly InvalidCall[] = [
  invalid([image, kernel, { stride: 0 }], 'stride 0', 'from 1 up', '2 spatial axes'),
  invalid([image, kernel, { stride: [1, 2, 1] }], 'stride [1,2,1]', '2 spatial axes'),
  invalid([image, kernel, { dilation: 1.5 }], 'dilation 1.5', 'whole number'),
  invalid([image, kernel, { dilation: Number.NaN }], 'dilation NaN', 'whole number'),
  invalid([image, kernel, { groups: 0 }], 'groups 0', 'from 1 up'),
  invalid([image, kernel, { groups: 1.5 }], 'groups 1.5', 'whole number'),
  invalid([image, kernel, { padding: -1 }], 'padding -1', "'valid', 'same'", 'from 0 up'),
  invalid([image, kernel, { padding: 0.5 }], 'padding 0.5'),
  invalid([image, kernel, { padding: 'full' }], 'padding "full"', "'valid', 'same'"),
  invalid([image, kernel, { padding: [1] }], 'padding [1]', '2 spatial axes'),
  invalid([image, kernel, { padding: [1, [1, -1]] }], 'padding [1,[1,-1]]', '[before, after]'),
  invalid([image, kernel, { padding: [1, [1, 1, 1]] }], 'padding [1,[1,1,1]]', '[before, after]'),
  invalid([image, zeros([3, 2, 4])], '[1, 5, 4, 2]', '[3, 2, 4]', 'as many axes'),
  invalid([zeros([5, 2]), zeros([2, 4])], '[5, 2]', '[N, ...spatial, channels]'),
  invalid([image, zeros([0, 3, 2, 2])], 'empty kernel [0, 3, 2, 2]', 'from 1 up'),
  invalid([zeros([1, 0, 4, 2]), zeros([3, 3, 2, 2])], '[1, 0, 4, 2]', 'from 1 up'),
  invalid([zeros([1, 5, 4, 2], 'uint8'), kernel], 'uint8', 'float32', 'Cast'),
  invalid([image, ones([3, 3, 2, 2], 'int32')], 'int32', 'float32', 'Cast'),
  invalid([[1, 2], kernel], 'an array', 'Tensor'),
  invalid([image, undefined], 'undefined', 'Tensor'),
];
/** Invalid for poolings. */
export const invalidPoolings: readonly InvalidCall[] = [
  invalid([zeros([5, 2]), 2], '[5, 2]', '[N, ...spatial, C]'),
  invalid([image, 0], 'size 0', 'from 1 up'),
  invalid([image, [2, 2, 2]], 'size [2,2,2]', '2 spatial axes'),
  invalid([image, 2, { stride: 0 }], 'stride 0', 'from 1 up'),
  invalid([image, 2, { dilation: [1, 0.5] }], 'dilation [1,0.5]', 'whole number'),
  invalid([image, 2, { padding: 'full' }], 'padding "full"', "'valid', 'same'"),
  invalid([image, 6], 'spans 6', 'axis 1', '[1, 5, 4, 2]', 'has 5'),
  invalid([image, [2, 3], { dilation: 2 }], 'spans 5', 'axis 2', 'has 4'),
  invalid([image, 2, { padding: 2 }], 'window 0', 'axis 1', '[1, 5, 4, 2]', 'padding', '[2, 2]'),
  invalid([image, 2, { stride: 1, padding: [0, [0, 2]] }], 'window 4', 'axis 2', '[0, 2]'),
  invalid([[1, 2], 2], 'an array', 'Tensor'),
];
export const noIdentity = invalid([zeros([2, 0, 3]), 1], 'axis 1', '[2, 0, 3]', 'empty');

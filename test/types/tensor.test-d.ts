import {
  add,
  arange,
  eye,
  full,
  Generator,
  linspace,
  matmul,
  mean,
  mul,
  ones,
  Parameter,
  reshape,
  type Shape,
  scalar,
  type Tensor,
  tensor,
  transpose,
  zeros,
} from 'ndgrad';
import { expectTypeOf, test } from 'vitest';

declare const unknownShape: Tensor;
declare const rows: Tensor<[number, 3]>;
declare const keepDims: boolean;
const size: number = 4;

test('creation keeps literal shapes', () => {
  expectTypeOf(zeros([2, 3])).toEqualTypeOf<Tensor<[2, 3], 'float32'>>();
  expectTypeOf(ones([2, 3], 'int32')).toEqualTypeOf<Tensor<[2, 3], 'int32'>>();
  expectTypeOf(full([4], 7)).toEqualTypeOf<Tensor<[4], 'float32'>>();
  expectTypeOf(zeros([])).toEqualTypeOf<Tensor<[], 'float32'>>();
  expectTypeOf(scalar(1)).toEqualTypeOf<Tensor<[], 'float32'>>();
  expectTypeOf(arange(5)).toEqualTypeOf<Tensor<[number]>>();
  expectTypeOf(linspace(0, 1, 5)).toEqualTypeOf<Tensor<[number], 'float32'>>();
  expectTypeOf(eye(3)).toEqualTypeOf<Tensor<[number, number], 'float32'>>();
  expectTypeOf(tensor(new Float32Array(6), { shape: [2, 3] })).toEqualTypeOf<Tensor<[2, 3], 'float32'>>();
  expectTypeOf(tensor([[1, 2, 3]])).toEqualTypeOf<Tensor<[1, 3], 'float32'>>();
  expectTypeOf(new Parameter(zeros([2, 3]))).toEqualTypeOf<Parameter<[2, 3], 'float32'>>();

  const random = new Generator(1);
  expectTypeOf(random.uniform([2, 3])).toEqualTypeOf<Tensor<[2, 3], 'float32'>>();
  expectTypeOf(random.normal([2, 3], 0, 2)).toEqualTypeOf<Tensor<[2, 3], 'float32'>>();
  expectTypeOf(random.truncatedNormal([3])).toEqualTypeOf<Tensor<[3], 'float32'>>();
  expectTypeOf(random.bernoulli([3], 0.5)).toEqualTypeOf<Tensor<[3], 'bool'>>();
});

test('dimensions that are not literals are numbers', () => {
  expectTypeOf(zeros([size, 3])).toEqualTypeOf<Tensor<[number, 3], 'float32'>>();
  expectTypeOf(new Generator(1).normal([size, 3])).toEqualTypeOf<Tensor<[number, 3], 'float32'>>();
  const shape: readonly number[] = [2, 3];
  expectTypeOf(zeros(shape).shape).toExtend<Shape>();
  expectTypeOf(zeros(shape)).toExtend<Tensor>();
});

test('a precise shape fits a loose one', () => {
  expectTypeOf<Tensor<[2, 3]>>().toExtend<Tensor>();
  expectTypeOf<Tensor<[2, 3]>>().toExtend<Tensor<[number, 3]>>();
  expectTypeOf<Tensor<[2, 3]>>().toExtend<Tensor<[number, number]>>();
  expectTypeOf<Parameter<[2, 3]>>().toExtend<Tensor<[2, 3]>>();
  expectTypeOf<Tensor<[2, 3]>>().not.toExtend<Tensor<[2, 4]>>();
  expectTypeOf<Tensor<[2, 3]>>().not.toExtend<Tensor<[2]>>();

  const anything: Tensor = zeros([2, 3]);
  const batch: Tensor<[number, 3]> = zeros([2, 3]);
  expectTypeOf([anything, batch]).toExtend<Tensor[]>();
  // @ts-expect-error 4 columns where 3 are wanted
  const columns: Tensor<[number, 3]> = zeros([2, 4]);
  expectTypeOf(columns).toEqualTypeOf<Tensor<[number, 3]>>();
  // @ts-expect-error a matrix where a vector is wanted
  const vector: Tensor<[number]> = zeros([2, 4]);
  expectTypeOf(vector).toEqualTypeOf<Tensor<[number]>>();
});

test('matmul of matrices', () => {
  expectTypeOf(zeros([2, 3]).matmul(zeros([3, 4]))).toEqualTypeOf<Tensor<[2, 4], 'float32'>>();
  expectTypeOf(matmul(zeros([2, 3]), zeros([3, 4]))).toEqualTypeOf<Tensor<[2, 4], 'float32'>>();
  expectTypeOf(rows.matmul(zeros([3, 4]))).toEqualTypeOf<Tensor<[number, 4], 'float32'>>();
  expectTypeOf(zeros([2, size]).matmul(zeros([3, 4]))).toEqualTypeOf<Tensor<[2, 4], 'float32'>>();
  expectTypeOf(zeros([2, 3]).matmul(zeros([size, 4]))).toEqualTypeOf<Tensor<[2, 4], 'float32'>>();
  // @ts-expect-error 3 columns against 5 rows
  zeros([2, 3]).matmul(zeros([5, 4]));
  // @ts-expect-error 3 columns against 5 rows
  matmul(zeros([2, 3]), zeros([5, 4]));
  // @ts-expect-error 3 columns against 5 rows
  rows.matmul(zeros([5, 4]));
});

test('matmul of other ranks and unknown shapes', () => {
  expectTypeOf(unknownShape.matmul(zeros([3, 4]))).toEqualTypeOf<Tensor<Shape, 'float32'>>();
  expectTypeOf(zeros([2, 3]).matmul(unknownShape)).toEqualTypeOf<Tensor<Shape, 'float32'>>();
  expectTypeOf(zeros([2, 3]).matmul(zeros([3]))).toEqualTypeOf<Tensor<Shape, 'float32'>>();
  expectTypeOf(zeros([7, 2, 3]).matmul(zeros([7, 3, 4]))).toEqualTypeOf<Tensor<Shape, 'float32'>>();
});

test('elementwise operations broadcast', () => {
  expectTypeOf(zeros([2, 3]).add(zeros([2, 3]))).toEqualTypeOf<Tensor<[2, 3], 'float32'>>();
  expectTypeOf(zeros([2, 3]).add(zeros([3]))).toEqualTypeOf<Tensor<[2, 3], 'float32'>>();
  expectTypeOf(zeros([3]).mul(zeros([2, 3]))).toEqualTypeOf<Tensor<[2, 3], 'float32'>>();
  expectTypeOf(zeros([2, 1]).sub(zeros([1, 3]))).toEqualTypeOf<Tensor<[2, 3], 'float32'>>();
  expectTypeOf(zeros([5, 1, 3]).div(zeros([4, 1]))).toEqualTypeOf<Tensor<[5, 4, 3], 'float32'>>();
  expectTypeOf(zeros([2, 3]).maximum(scalar(0))).toEqualTypeOf<Tensor<[2, 3], 'float32'>>();
  expectTypeOf(zeros([2, 3]).less(zeros([2, 1]))).toEqualTypeOf<Tensor<[2, 3], 'bool'>>();
  expectTypeOf(zeros([2, 3]).add(1)).toEqualTypeOf<Tensor<[2, 3], 'float32'>>();
  expectTypeOf(add(zeros([2, 3]), zeros([3]))).toEqualTypeOf<Tensor<[2, 3], 'float32'>>();
  expectTypeOf(mul(2, zeros([2, 3]))).toEqualTypeOf<Tensor<[2, 3]>>();
  expectTypeOf(zeros([2, 3]).exp().neg().softmax()).toEqualTypeOf<Tensor<[2, 3], 'float32'>>();
});

test('shapes that do not broadcast are refused', () => {
  // @ts-expect-error 3 against 4
  zeros([2, 3]).add(zeros([4]));
  // @ts-expect-error 2 against 3 in front
  zeros([2, 3]).mul(zeros([3, 3]));
  // @ts-expect-error 3 against 2: no broadcasting from the front
  add(zeros([2, 3]), zeros([2]));
  // @ts-expect-error 3 against 4 also where the rows are unknown
  rows.sub(zeros([size, 4]));
  // @ts-expect-error comparisons too
  zeros([2, 3]).equal(zeros([2, 4]));
});

test('elementwise operations with unknown dimensions', () => {
  expectTypeOf(rows.add(zeros([3]))).toEqualTypeOf<Tensor<[number, 3]>>();
  expectTypeOf(rows.add(zeros([2, 3]))).toEqualTypeOf<Tensor<[2, 3]>>();
  expectTypeOf(rows.add(zeros([1, 3]))).toEqualTypeOf<Tensor<[number, 3]>>();
  expectTypeOf(zeros([size]).add(zeros([size]))).toEqualTypeOf<Tensor<[number], 'float32'>>();
  expectTypeOf(unknownShape.add(zeros([2, 3]))).toEqualTypeOf<Tensor<Shape, 'float32'>>();
  expectTypeOf(zeros([2, 3]).add(unknownShape)).toEqualTypeOf<Tensor<Shape, 'float32'>>();
});

test('transpose', () => {
  expectTypeOf(zeros([2, 3]).transpose()).toEqualTypeOf<Tensor<[3, 2], 'float32'>>();
  expectTypeOf(transpose(zeros([2, 3, 4]))).toEqualTypeOf<Tensor<[4, 3, 2], 'float32'>>();
  expectTypeOf(rows.transpose()).toEqualTypeOf<Tensor<[3, number]>>();
  expectTypeOf(zeros([2, 3, 4]).transpose([1, 0, 2])).toEqualTypeOf<Tensor<Shape, 'float32'>>();
  expectTypeOf(unknownShape.transpose()).toEqualTypeOf<Tensor<Shape>>();
  expectTypeOf(
    zeros([2, 3])
      .transpose()
      .matmul(zeros([2, 4])),
  ).toEqualTypeOf<Tensor<[3, 4], 'float32'>>();
  const turned = zeros([2, 3]).transpose();
  // @ts-expect-error 2 columns against 3 rows
  turned.matmul(zeros([3, 4]));
});

test('reshape', () => {
  expectTypeOf(zeros([2, 6]).reshape([3, 4])).toEqualTypeOf<Tensor<[3, 4], 'float32'>>();
  expectTypeOf(zeros([2, 6]).reshape([-1, 4])).toEqualTypeOf<Tensor<[number, 4], 'float32'>>();
  expectTypeOf(reshape(zeros([12]), [3, -1])).toEqualTypeOf<Tensor<[3, number], 'float32'>>();
  expectTypeOf(unknownShape.reshape([size, 2])).toEqualTypeOf<Tensor<[number, 2]>>();
  // @ts-expect-error 5 columns against 4 rows
  zeros([2, 5]).matmul(zeros([12]).reshape([4, 3]));
});

test('flatten', () => {
  expectTypeOf(zeros([2, 3]).flatten()).toEqualTypeOf<Tensor<[number], 'float32'>>();
  expectTypeOf(zeros([5, 784]).flatten(1)).toEqualTypeOf<Tensor<[5, 784], 'float32'>>();
  expectTypeOf(zeros([5, 1, 784, 1]).flatten(1)).toEqualTypeOf<Tensor<[5, 784], 'float32'>>();
  expectTypeOf(zeros([5, 28, 28]).flatten(1)).toEqualTypeOf<Tensor<[5, number], 'float32'>>();
  expectTypeOf(zeros([5]).flatten(1)).toEqualTypeOf<Tensor<[5, 1], 'float32'>>();
  expectTypeOf(unknownShape.flatten(1)).toEqualTypeOf<Tensor<Shape>>();
});

test('broadcastTo', () => {
  expectTypeOf(zeros([3]).broadcastTo([2, 3])).toEqualTypeOf<Tensor<[2, 3], 'float32'>>();
  expectTypeOf(unknownShape.broadcastTo([size, 3])).toEqualTypeOf<Tensor<[number, 3]>>();
});

test('reductions', () => {
  const x = zeros([2, 3, 4]);
  expectTypeOf(x.sum()).toEqualTypeOf<Tensor<[], 'float32'>>();
  expectTypeOf(mean(x)).toEqualTypeOf<Tensor<[], 'float32'>>();
  expectTypeOf(x.max(1)).toEqualTypeOf<Tensor<[2, 4], 'float32'>>();
  expectTypeOf(x.max(-1)).toEqualTypeOf<Tensor<[2, 3], 'float32'>>();
  expectTypeOf(x.mean(-3, { keepDims: true })).toEqualTypeOf<Tensor<[1, 3, 4], 'float32'>>();
  expectTypeOf(x.sum(undefined, { keepDims: true })).toEqualTypeOf<Tensor<[1, 1, 1], 'float32'>>();
  expectTypeOf(x.variance(0, { correction: 1 })).toEqualTypeOf<Tensor<[3, 4], 'float32'>>();
  // What is not known when the program is written falls back.
  const axis: number = 0;
  expectTypeOf(x.sum(axis)).toEqualTypeOf<Tensor<Shape, 'float32'>>();
  expectTypeOf(x.sum([0, 1])).toEqualTypeOf<Tensor<Shape, 'float32'>>();
  expectTypeOf(x.sum(0, { keepDims })).toEqualTypeOf<Tensor<Shape, 'float32'>>();
  expectTypeOf((x as Tensor).sum(0)).toEqualTypeOf<Tensor>();
  expectTypeOf((x as Tensor).sum()).toEqualTypeOf<Tensor<[]>>();
});

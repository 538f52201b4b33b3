import {
  add,
  arange,
  clip,
  cumsum,
  type DType,
  eye,
  full,
  Generator,
  linspace,
  matmul,
  mean,
  median,
  mul,
  ones,
  Parameter,
  reshape,
  type Shape,
  scalar,
  softmaxCrossEntropy,
  sort,
  std,
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
  expectTypeOf(zeros([2], 'bool').maximum(zeros([2], 'bool'))).toEqualTypeOf<Tensor<[2], 'bool'>>();
  expectTypeOf(zeros([2], 'bool').maximum(zeros([2], 'uint8'))).toEqualTypeOf<Tensor<[2], 'uint8'>>();
  expectTypeOf(zeros([2, 3]).less(zeros([2, 1]))).toEqualTypeOf<Tensor<[2, 3], 'bool'>>();
  expectTypeOf(zeros([2, 3]).add(1)).toEqualTypeOf<Tensor<[2, 3], 'float32'>>();
  expectTypeOf(add(zeros([2, 3]), zeros([3]))).toEqualTypeOf<Tensor<[2, 3], 'float32'>>();
  expectTypeOf(mul(2, zeros([2, 3]))).toEqualTypeOf<Tensor<[2, 3], 'float32'>>();
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
  expectTypeOf(rows.add(zeros([3]))).toEqualTypeOf<Tensor<[number, 3], 'float32'>>();
  expectTypeOf(rows.add(zeros([2, 3]))).toEqualTypeOf<Tensor<[2, 3], 'float32'>>();
  expectTypeOf(rows.add(zeros([1, 3]))).toEqualTypeOf<Tensor<[number, 3], 'float32'>>();
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

declare const unknownType: Tensor<[2, 3]>;

test('tensor knows the shape and data type of its values', async () => {
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  expectTypeOf(x).toEqualTypeOf<Tensor<[2, 3], 'float32'>>();
  expectTypeOf(x.toArray()).toEqualTypeOf<number[][]>();
  expectTypeOf(x.toArray()[0]![1]!).toEqualTypeOf<number>();
  expectTypeOf(scalar(2).toArray()).toEqualTypeOf<number>();
  expectTypeOf(tensor([[true], [false]]).toArray()).toEqualTypeOf<boolean[][]>();
  const rowsOfNumbers: number[][] = [[1], [2]];
  expectTypeOf(tensor(rowsOfNumbers)).toEqualTypeOf<Tensor<[number, number], 'float32'>>();
  // @ts-expect-error axes exchanged
  const turned: Tensor<[3, 2]> = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  expectTypeOf(turned).not.toBeAny();
  const mixed: (number | number[])[] = [];
  expectTypeOf(tensor(mixed)).toEqualTypeOf<Tensor>();
  expectTypeOf(tensor(3)).toEqualTypeOf<Tensor<[], 'float32'>>();
  expectTypeOf(tensor(true)).toEqualTypeOf<Tensor<[], 'bool'>>();
  expectTypeOf(tensor([])).toEqualTypeOf<Tensor<[0], 'float32'>>();
  expectTypeOf(tensor(new Float64Array(4))).toEqualTypeOf<Tensor<[number], 'float32'>>();
  expectTypeOf(tensor(new Int16Array(4))).toEqualTypeOf<Tensor<[number], 'int32'>>();
  expectTypeOf(tensor(new Uint8ClampedArray(4))).toEqualTypeOf<Tensor<[number], 'uint8'>>();
  expectTypeOf(tensor([new Int32Array(4)])).toEqualTypeOf<Tensor<[1, number], 'float32'>>();
  expectTypeOf(tensor(new Uint8Array(6), { shape: [2, 3] })).toEqualTypeOf<Tensor<[2, 3], 'uint8'>>();
  expectTypeOf(tensor([0, 1], { dtype: 'int32' })).toEqualTypeOf<Tensor<[2], 'int32'>>();
  expectTypeOf(tensor(x, { dtype: 'int32' })).toEqualTypeOf<Tensor<[2, 3], 'int32'>>();
  // Indexing compiles however many axes there are.
  const value: number = unknownShape.toArray()[0][1];
  expectTypeOf(value).toEqualTypeOf<number>();
});

test('arrays of values have the type of the dtype', async () => {
  const float: Float32Array = zeros([2]).dataSync();
  const int: Int32Array = await tensor([1], { dtype: 'int32' }).data();
  const bytes: Uint8Array = zeros([2], 'uint8').dataSync();
  const bools: Uint8Array = zeros([2]).greater(0).dataSync();
  expectTypeOf([float, int, bytes, bools]).not.toBeAny();
  // @ts-expect-error floats where integers are wanted
  const wrong: Int32Array = zeros([2]).dataSync();
  expectTypeOf(wrong).not.toBeAny();

  const values = await unknownType.data();
  expectTypeOf(values.reduce((a, b) => a + b)).toEqualTypeOf<number>();
  expectTypeOf(values.reduce((a, b) => a + b, 0)).toEqualTypeOf<number>();
  expectTypeOf(values.reduce((a, b) => a + String(b), '')).toEqualTypeOf<string>();
  expectTypeOf(
    values
      .slice(1)
      .map((v) => 2 * v)
      .filter((v) => v > 0)
      .reduce((a, b) => a + b, 0),
  ).toEqualTypeOf<number>();
  // The array is a copy with a buffer of its own.
  new Blob([values, zeros([2]).dataSync()]);
  const loss: Float32Array = await softmaxCrossEntropy(zeros([2, 3]), unknownType).data();
  expectTypeOf(loss).toExtend<Float32Array>();
  expectTypeOf(values.map((v) => 2 * v)[0]!).toEqualTypeOf<number>();
  expectTypeOf([...values]).toEqualTypeOf<number[]>();
  expectTypeOf(values[0]!).toEqualTypeOf<number>();
  expectTypeOf(Array.from(values, String)).toEqualTypeOf<string[]>();
  expectTypeOf(tensor(values)).toExtend<Tensor<[number]>>();
  for (const v of values) expectTypeOf(v).toEqualTypeOf<number>();
  // @ts-expect-error of any type, where floats are wanted
  const unsure: Float32Array = values;
  expectTypeOf(unsure).not.toBeAny();
});

test('data types follow the promotion of operands', () => {
  const int = zeros([2, 3], 'int32');
  const bool = zeros([2, 3]).greater(0);
  const byte = zeros([3], 'uint8');
  expectTypeOf(int.add(int).dtype).toEqualTypeOf<'int32'>();
  expectTypeOf(int.mul(byte).dtype).toEqualTypeOf<'int32'>();
  expectTypeOf(byte.add(byte).dtype).toEqualTypeOf<'uint8'>();
  expectTypeOf(bool.add(bool).dtype).toEqualTypeOf<'int32'>();
  expectTypeOf(int.div(int).dtype).toEqualTypeOf<'float32'>();
  // @ts-expect-error the type that is wanted does not decide the type of zeros
  const ints: Tensor<[3], 'int32'> = zeros([3]);
  expectTypeOf(int.sub(ints).dtype).toEqualTypeOf<'int32'>();
  expectTypeOf(int.sub(zeros([3])).dtype).toEqualTypeOf<'float32'>();
  expectTypeOf(zeros([3]).mul(2).dtype).toEqualTypeOf<'float32'>();
  // A fraction makes float32 of integers.
  expectTypeOf(int.add(size).dtype).toEqualTypeOf<DType>();
  expectTypeOf(int.matmul(zeros([3, 1], 'uint8')).dtype).toEqualTypeOf<'int32'>();
  expectTypeOf(int.cast('bool').dtype).toEqualTypeOf<'bool'>();
  expectTypeOf(bool.sum().dtype).toEqualTypeOf<'int32'>();
  expectTypeOf(int.mean(0).dtype).toEqualTypeOf<'float32'>();
  expectTypeOf(int.max(0).dtype).toEqualTypeOf<'int32'>();
  expectTypeOf(zeros([2, 3]).argmax(1).dtype).toEqualTypeOf<'int32'>();
  expectTypeOf(int.exp().reshape([6]).dtype).toEqualTypeOf<'float32'>();
  expectTypeOf(int.slice([0, 1]).dtype).toEqualTypeOf<'int32'>();
  expectTypeOf(unknownType.neg().dtype).toEqualTypeOf<DType>();
});

test('a tensor of unknown shape fits every shape, one of another shape does not', () => {
  let h = zeros([2, 3]);
  for (let i = 0; i < 3; i++) h = h.matmul(unknownShape);
  expectTypeOf(h).toEqualTypeOf<Tensor<[2, 3], 'float32'>>();
  const exact: Tensor<[2, 3]> = unknownShape;
  const inRows: Tensor<[2, 3], 'float32'> = rows;
  const back: Tensor<[number, 3]> = exact;
  expectTypeOf([exact, inRows, back]).not.toBeAny();
  // @ts-expect-error axes exchanged
  const a: Tensor<[2, 3]> = zeros([3, 2]);
  // @ts-expect-error axes exchanged, data type unknown
  const b: Tensor<[3, 2], 'float32'> = unknownType;
  // @ts-expect-error another data type
  const c: Tensor<[2, 3], 'int32'> = zeros([2, 3]);
  // @ts-expect-error another rank
  const d: Tensor<[number, number, number]> = zeros([2, 3]);
  expectTypeOf([a, b, c, d]).not.toBeAny();

  const pixels = (x: Tensor<[number, 784]>): Tensor => x;
  pixels(unknownShape);
  pixels(zeros([5, 784]));
  // @ts-expect-error 28 columns
  pixels(zeros([5, 28]));
  const anything = (x: Tensor): Tensor => x;
  anything(zeros([5, 28]));
  const callback: (x: Tensor) => Tensor = pixels;
  const narrow: (x: Tensor<[3, 784]>) => Tensor = anything;
  // @ts-expect-error 28 columns
  const wrong: (x: Tensor<[3, 28]>) => Tensor = pixels;
  expectTypeOf([callback, narrow, wrong]).not.toBeAny();
});

test('Parameters fit as tensors do', () => {
  const weights = new Parameter(zeros([784, 10]));
  expectTypeOf(weights).toEqualTypeOf<Parameter<[784, 10], 'float32'>>();
  const loose: Parameter = weights;
  const known: Parameter<[784, 10]> = loose;
  const asTensor: Tensor = loose;
  const asMatrix: Tensor<[number, 10]> = weights;
  expectTypeOf([known, asTensor, asMatrix]).not.toBeAny();
  // @ts-expect-error axes exchanged
  const a: Parameter<[10, 784]> = weights;
  // @ts-expect-error axes exchanged
  const b: Tensor<[10, 784]> = weights;
  expectTypeOf([a, b]).not.toBeAny();
  expectTypeOf(zeros([5, 784]).matmul(weights)).toEqualTypeOf<Tensor<[5, 10], 'float32'>>();
  expectTypeOf(weights.add(loose)).toEqualTypeOf<Tensor<Shape, 'float32'>>();
  // @ts-expect-error 10 columns against 784 rows
  weights.matmul(weights);
});

test('clip has the shape of the broadcast bounds', () => {
  expectTypeOf(zeros([2, 3]).clip(0, 1)).toEqualTypeOf<Tensor<[2, 3], 'float32'>>();
  expectTypeOf(zeros([2, 3]).clip(zeros([4, 1, 3]), 1)).toEqualTypeOf<Tensor<[4, 2, 3], 'float32'>>();
  expectTypeOf(clip(zeros([3]), 0, zeros([2, 1]))).toEqualTypeOf<Tensor<[2, 3], 'float32'>>();
  expectTypeOf(zeros([2, 3]).clip(0, unknownShape)).toEqualTypeOf<Tensor<Shape, 'float32'>>();
  // @ts-expect-error 3 against 4
  zeros([2, 3]).clip(0, zeros([4]));
});

test('operations along an axis keep the shape', () => {
  const x = zeros([2, 3], 'int32');
  expectTypeOf(cumsum(x, 1)).toEqualTypeOf<Tensor<[2, 3], 'int32'>>();
  expectTypeOf(cumsum(zeros([2, 3], 'bool'), 1)).toEqualTypeOf<Tensor<[2, 3], 'int32'>>();
  expectTypeOf(cumsum(x)).toEqualTypeOf<Tensor<Shape, 'int32'>>();
  expectTypeOf(sort(x, 0)).toEqualTypeOf<Tensor<[2, 3], 'int32'>>();
  expectTypeOf(std(x, 1)).toEqualTypeOf<Tensor<[2], 'float32'>>();
  expectTypeOf(median(x, -1, { keepDims: true })).toEqualTypeOf<Tensor<[2, 1], 'float32'>>();
});

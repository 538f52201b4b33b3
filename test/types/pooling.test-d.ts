import { avgPool, maxPool, type Tensor } from 'ndgrad';
import { expectTypeOf, test } from 'vitest';

declare const images: Tensor<[32, 28, 28, 16]>;
declare const signals: Tensor<[number, number, 3]>;
declare const anything: Tensor;

test('pooling keeps samples, rank and channels', () => {
  expectTypeOf(maxPool(images, 2)).toEqualTypeOf<Tensor<[32, number, number, 16]>>();
  expectTypeOf(avgPool(images, [2, 3], { stride: 1, padding: 'same' })).toEqualTypeOf<
    Tensor<[32, number, number, 16]>
  >();
  expectTypeOf(maxPool(signals, 4)).toEqualTypeOf<Tensor<[number, number, 3]>>();
  expectTypeOf(maxPool(anything, 2)).toEqualTypeOf<Tensor>();
});

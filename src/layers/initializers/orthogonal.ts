import { checkCount, checkNumber, readOptions } from '../../ir/arguments.ts';
import { ShapeError } from '../../ir/errors.ts';
import { computedTensor, initialValuesOf } from '../../tensor/evaluate.ts';
import { show } from '../../tensor/shape.ts';
import type { Initializer } from './initializer.ts';

/**
 * A matrix with orthonormal columns, or rows if there are fewer rows, times `gain` (1 by default); its columns are
 * the last axis (Saxe et al. 2013). It is the factor Q of a normally distributed matrix, with a positive diagonal of
 * R, by the modified Gram-Schmidt process in double precision, each vector twice ("twice is enough", Giraud et al.
 * 2005). Computed at the call, or as soon as a backend is loaded.
 */
export function orthogonal(options?: { gain?: number }): Initializer {
  checkCount('orthogonal', arguments.length, 1);
  const { gain } = readOptions('orthogonal', options, { gain: 1 });
  checkNumber('orthogonal', 'gain', gain);
  return (shape, rng) => {
    if (shape.length < 2) {
      throw new ShapeError(
        `[orthogonal] got shape ${show(shape)}, wanted two axes or more, such as [in, out].`,
      );
    }
    const columns = shape[shape.length - 1]!;
    const rows = shape.slice(0, -1).reduce((a, b) => a * b, 1);
    const count = Math.min(rows, columns);
    const length = Math.max(rows, columns);
    const drawn = rng.normal([count, length]);
    return computedTensor(shape, 'float32', () => {
      const vectors = Float64Array.from(initialValuesOf(drawn));
      for (let i = 0; i < count; i++) {
        const v = vectors.subarray(i * length, (i + 1) * length);
        for (let j = 0; j < 2 * i; j++)
          subtractProjection(v, vectors.subarray((j % i) * length, ((j % i) + 1) * length));
        scale(v, 1 / Math.sqrt(dot(v, v)));
      }
      const out = new Float32Array(rows * columns);
      const [rowStep, columnStep] = rows < columns ? [length, 1] : [1, length];
      for (let r = 0; r < rows; r++) {
        for (let c = 0; c < columns; c++)
          out[r * columns + c] = gain * vectors[r * rowStep + c * columnStep]!;
      }
      return out;
    });
  };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
  return sum;
}

function subtractProjection(v: Float64Array, unit: Float64Array): void {
  const d = dot(v, unit);
  for (let k = 0; k < v.length; k++) v[k] = v[k]! - d * unit[k]!;
}

function scale(v: Float64Array, factor: number): void {
  for (let k = 0; k < v.length; k++) v[k] = v[k]! * factor;
}

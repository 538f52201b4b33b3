/**
 * The work of augmentation workers. They get these functions as source text, so each may use only its arguments and
 * built-in objects, and functions that it calls are arguments. A function contains no nested function and no array
 * destructuring, because compilers replace these by calls of their own functions. Arithmetic is + - * / on doubles, so
 * that every JavaScript engine gives the same bits.
 */

/** A number of images and how to change them. */
export interface Chunk {
  /** `[count, height, width, channels]`. float32 values are overwritten with the result. */
  readonly pixels: Float32Array | Uint8Array;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** The value of pixels outside of an image. */
  readonly fill: number;
  /**
   * For each image a, b, c, d, e, f: pixel (x, y) of the result is read at (a x + b y + c, d x + e y + f), where x points
   * right, y points down, and integers are the centers of pixels.
   */
  readonly transforms: Float64Array;
  readonly elastic: ElasticChunk | null;
}

/** Elastic distortion of a chunk. */
export interface ElasticChunk {
  /** Displacements before smoothing are between -alpha and alpha pixels. */
  readonly alpha: number;
  /** The Gaussian's values from -radius to radius, with three zeros before and after them. */
  readonly weights: Float64Array;
  /** The key of the random numbers and the last two words of their counters. */
  readonly key: readonly [key0: number, key1: number, c2: number, c3: number];
  /** The second word of the counters, for each image. */
  readonly images: Uint32Array;
}

/** The functions that `transformChunk` calls. */
export interface TransformFunctions {
  readonly noise: typeof noise;
  readonly smooth: typeof smooth;
  readonly resample: typeof resample;
}

/** Transforms all images of a chunk and returns them as float32. */
export function transformChunk(chunk: Chunk, { noise, smooth, resample }: TransformFunctions): Float32Array {
  const { pixels, height, width, channels, fill, transforms, elastic } = chunk;
  const size = height * width;
  // Arrays of another realm are no instances.
  const out = pixels.BYTES_PER_ELEMENT === 4 ? (pixels as Float32Array) : new Float32Array(pixels.length);
  const padded = new Float64Array((height + 3) * (width + 3) * channels).fill(fill);
  // `noise` writes eight numbers at a time.
  const length = elastic === null ? 0 : 2 * size + 8;
  const shifts = new Float64Array(length);
  const spare = new Float64Array(length);
  for (let i = 0; i < transforms.length / 6; i++) {
    if (elastic !== null) {
      noise(shifts, 2 * size, elastic.alpha, elastic.images[i]!, elastic.key);
      smooth(shifts, spare, height, width, elastic.weights);
      smooth(spare, shifts, width, height, elastic.weights);
    }
    resample(pixels, out, i, height, width, channels, transforms, elastic === null ? null : shifts, padded);
  }
  return out;
}

/**
 * Writes `count` independent numbers, uniform between -limit and limit, to the start of `out`: the 16-bit halves, low
 * ones first, of the words of Philox 4x32-10 (`ir/philox.ts`) for the counters [0, image, c2, c3], [1, image, c2, c3],
 * ... It writes up to seven more numbers than `count`.
 */
export function noise(
  out: Float64Array,
  count: number,
  limit: number,
  image: number,
  key: ElasticChunk['key'],
): void {
  const unit = limit / 32768;
  for (let at = 0; at < count; at += 8) {
    let a = at >>> 3;
    let b = image | 0;
    let c = key[2] | 0;
    let d = key[3] | 0;
    let k0 = key[0] | 0;
    let k1 = key[1] | 0;
    for (let round = 0; round < 10; round++) {
      // The upper words of 0xd2511f53 * a and 0xcd9e8d57 * c, from products of 16-bit halves.
      let low = a & 0xffff;
      let high = a >>> 16;
      let middle = (Math.imul(low, 0xd251) + (Math.imul(low, 0x1f53) >>> 16)) | 0;
      let other = (Math.imul(high, 0x1f53) + (middle & 0xffff)) | 0;
      const upperA = (Math.imul(high, 0xd251) + (middle >>> 16) + (other >>> 16)) | 0;
      low = c & 0xffff;
      high = c >>> 16;
      middle = (Math.imul(low, 0xcd9e) + (Math.imul(low, 0x8d57) >>> 16)) | 0;
      other = (Math.imul(high, 0x8d57) + (middle & 0xffff)) | 0;
      const upperC = (Math.imul(high, 0xcd9e) + (middle >>> 16) + (other >>> 16)) | 0;
      const mixed = upperC ^ b ^ k0;
      b = Math.imul(0xcd9e8d57, c);
      c = upperA ^ d ^ k1;
      d = Math.imul(0xd2511f53, a);
      a = mixed;
      k0 = (k0 + 0x9e3779b9) | 0;
      k1 = (k1 + 0xbb67ae85) | 0;
    }
    out[at] = ((a & 0xffff) - 32767.5) * unit;
    out[at + 1] = ((a >>> 16) - 32767.5) * unit;
    out[at + 2] = ((b & 0xffff) - 32767.5) * unit;
    out[at + 3] = ((b >>> 16) - 32767.5) * unit;
    out[at + 4] = ((c & 0xffff) - 32767.5) * unit;
    out[at + 5] = ((c >>> 16) - 32767.5) * unit;
    out[at + 6] = ((d & 0xffff) - 32767.5) * unit;
    out[at + 7] = ((d >>> 16) - 32767.5) * unit;
  }
}

/**
 * Convolves the rows of two fields `[2, rows, columns]`, which are 0 outside, and writes the result transposed,
 * `[2, columns, rows]`, so that two calls smooth along both axes. Four sums of each field run in parallel, to hide the
 * latency of additions.
 */
export function smooth(
  from: Float64Array,
  to: Float64Array,
  rows: number,
  columns: number,
  weights: Float64Array,
): void {
  const size = rows * columns;
  const radius = (weights.length - 7) / 2;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x += 4) {
      const first = Math.max(0, x - radius);
      const last = Math.min(columns - 1, x + 3 + radius);
      const start = y * columns;
      let k = first - x + radius + 3;
      let p0 = 0;
      let p1 = 0;
      let p2 = 0;
      let p3 = 0;
      let q0 = 0;
      let q1 = 0;
      let q2 = 0;
      let q3 = 0;
      for (let at = start + first; at <= start + last; at++) {
        const p = from[at]!;
        const q = from[at + size]!;
        const w0 = weights[k]!;
        const w1 = weights[k - 1]!;
        const w2 = weights[k - 2]!;
        const w3 = weights[k - 3]!;
        p0 += w0 * p;
        p1 += w1 * p;
        p2 += w2 * p;
        p3 += w3 * p;
        q0 += w0 * q;
        q1 += w1 * q;
        q2 += w2 * q;
        q3 += w3 * q;
        k++;
      }
      const at = x * rows + y;
      const left = columns - x;
      to[at] = p0;
      to[at + size] = q0;
      if (left > 1) {
        to[at + rows] = p1;
        to[at + rows + size] = q1;
      }
      if (left > 2) {
        to[at + 2 * rows] = p2;
        to[at + 2 * rows + size] = q2;
      }
      if (left > 3) {
        to[at + 3 * rows] = p3;
        to[at + 3 * rows + size] = q3;
      }
    }
  }
}

/**
 * Reads image `index` of `pixels` at transformed and displaced positions with bilinear interpolation and writes it to
 * `out`. `shifts` are the displacements along x and along y, `[2, height, width]`. `padded` is scratch memory for the
 * image with one more row and column before it and two after it, which must contain the fill value. An image without
 * changes keeps its bits.
 */
export function resample(
  pixels: Float32Array | Uint8Array,
  out: Float32Array,
  index: number,
  height: number,
  width: number,
  channels: number,
  transforms: Float64Array,
  shifts: Float64Array | null,
  padded: Float64Array,
): void {
  const size = height * width;
  const from = index * size * channels;
  const a = transforms[6 * index]!;
  const b = transforms[6 * index + 1]!;
  const c = transforms[6 * index + 2]!;
  const d = transforms[6 * index + 3]!;
  const e = transforms[6 * index + 4]!;
  const f = transforms[6 * index + 5]!;
  if (shifts === null && a === 1 && b === 0 && c === 0 && d === 0 && e === 1 && f === 0) {
    for (let i = from; i < from + size * channels; i++) out[i] = pixels[i]!;
    return;
  }
  const row = width * channels;
  const stride = (width + 3) * channels;
  for (let y = 0; y < height; y++) {
    const source = from + y * row;
    const target = (y + 1) * stride + channels;
    for (let i = 0; i < row; i++) padded[target + i] = pixels[source + i]!;
  }
  // Coordinates within the padded image.
  const right = width + 1;
  const bottom = height + 1;
  for (let y = 0; y < height; y++) {
    const startX = b * y + c + 1;
    const startY = e * y + f + 1;
    // The part of the row that reads inside the image, so that its pixels need no range test.
    let first = 0;
    let last = width;
    if (shifts === null) {
      if (a !== 0) {
        first = Math.max(first, Math.ceil(((a > 0 ? 0 : right) - startX) / a));
        last = Math.min(last, Math.ceil(((a > 0 ? right : 0) - startX) / a));
      } else if (!(startX > 0 && startX < right)) last = 0;
      if (d !== 0) {
        first = Math.max(first, Math.ceil(((d > 0 ? 0 : bottom) - startY) / d));
        last = Math.min(last, Math.ceil(((d > 0 ? bottom : 0) - startY) / d));
      } else if (!(startY > 0 && startY < bottom)) last = 0;
      if (first >= last) first = last = 0;
    }
    let at = from + y * row;
    const end = at + row;
    for (const left = at + first * channels; at < left; at++) out[at] = padded[0]!;
    for (let x = first; x < last; x++) {
      let sourceX = a * x + startX;
      let sourceY = d * x + startY;
      if (shifts !== null) {
        sourceX += shifts[y * width + x]!;
        sourceY += shifts[size + y * width + x]!;
        sourceX = sourceX > 0 ? (sourceX < right ? sourceX : right) : 0;
        sourceY = sourceY > 0 ? (sourceY < bottom ? sourceY : bottom) : 0;
      }
      const wholeX = sourceX | 0;
      const wholeY = sourceY | 0;
      const partX = sourceX - wholeX;
      const partY = sourceY - wholeY;
      let p = wholeY * stride + wholeX * channels;
      for (let channel = 0; channel < channels; channel++) {
        const upperLeft = padded[p]!;
        const lowerLeft = padded[p + stride]!;
        const upper = upperLeft + partX * (padded[p + channels]! - upperLeft);
        const lower = lowerLeft + partX * (padded[p + stride + channels]! - lowerLeft);
        out[at++] = upper + partY * (lower - upper);
        p++;
      }
    }
    for (; at < end; at++) out[at] = padded[0]!;
  }
}

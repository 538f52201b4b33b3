const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

/** Position of a float32 number among all of them, -0 before +0. */
function rank(x: number): number {
  float[0] = x;
  return bits[0]! >= 0 ? bits[0]! : -1 - (bits[0]! & 0x7fffffff);
}

/** How many float32 numbers lie from one number to another; 0 where both are NaN, Infinity where one is. */
export function ulpsApart(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b))
    return Number.isNaN(a) && Number.isNaN(b) ? 0 : Number.POSITIVE_INFINITY;
  return Math.abs(rank(a) - rank(b));
}

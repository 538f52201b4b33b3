/**
 * Philox 4x32-10: random words as a function of a counter and a key, without state. J. K. Salmon, M. A. Moraes, R. O. Dror
 * and D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011; library Random123.
 */

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/**
 * Writes the four words of one block to `out`, from index `at` on. Counter and key words are taken modulo 2^32; c0 and
 * key0 are the first words of Random123's counter and key.
 */
export function philox4x32(
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  key0: number,
  key1: number,
  out: Uint32Array,
  at = 0,
): void {
  let a = c0 | 0;
  let b = c1 | 0;
  let c = c2 | 0;
  let d = c3 | 0;
  let k0 = key0 | 0;
  let k1 = key1 | 0;
  for (let round = 0; round < ROUNDS; round++) {
    const mixed0 = highWord(MULTIPLIER_1, c) ^ b ^ k0;
    const mixed2 = highWord(MULTIPLIER_0, a) ^ d ^ k1;
    b = Math.imul(MULTIPLIER_1, c);
    d = Math.imul(MULTIPLIER_0, a);
    a = mixed0;
    c = mixed2;
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  out[at] = a;
  out[at + 1] = b;
  out[at + 2] = c;
  out[at + 3] = d;
}

/**
 * Writes words `first` to `first + count - 1` of a stream to the start of `out`. Word i of the stream is word i & 3 of the
 * block with counter [i >>> 2, c1, c2, c3]. A stream has 2^32 words; then i wraps to 0.
 */
export function fillBits(
  out: Uint32Array,
  first: number,
  count: number,
  key0: number,
  key1: number,
  c1: number,
  c2: number,
  c3: number,
): void {
  let filled = 0;
  while (filled < count) {
    const i = (first + filled) >>> 0;
    const skipped = i & 3;
    const wanted = Math.min(4 - skipped, count - filled);
    if (wanted === 4) {
      philox4x32(i >>> 2, c1, c2, c3, key0, key1, out, filled);
    } else {
      philox4x32(i >>> 2, c1, c2, c3, key0, key1, block);
      for (let j = 0; j < wanted; j++) out[filled + j] = block[skipped + j]!;
    }
    filled += wanted;
  }
}

const block = new Uint32Array(4);

/** The upper 32 bits of the unsigned product, from products of 16-bit halves. */
function highWord(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0;
  const other = (Math.imul(aLow, bHigh) + (middle & 0xffff)) | 0;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (other >>> 16)) | 0;
}

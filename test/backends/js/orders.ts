/** A second implementation of the orders of accumulation in src/ir/kernel.ts, as literal as possible. */

export const roundedSum = (a: number, b: number): number => Math.fround(a + b);
export const roundedProduct = (a: number, b: number): number => Math.fround(a * b);

export function reduceInOrder(
  x: ArrayLike<number>,
  operation: (a: number, b: number) => number,
  identity: number,
): number {
  let round: number[] = [];
  for (let start = 0; start < x.length; start += 4096) {
    const lanes = new Array<number>(8).fill(identity);
    for (let r = start; r < Math.min(start + 4096, x.length); r++) {
      lanes[r % 8] = operation(lanes[r % 8]!, x[r]!);
    }
    for (const half of [4, 2, 1]) {
      for (let l = 0; l < half; l++) lanes[l] = operation(lanes[l]!, lanes[l + half]!);
    }
    round.push(lanes[0]!);
  }
  if (round.length === 0) return identity;
  while (round.length > 1) {
    const next: number[] = [];
    for (let i = 0; i < round.length; i += 2) {
      next.push(i + 1 < round.length ? operation(round[i]!, round[i + 1]!) : round[i]!);
    }
    round = next;
  }
  return round[0]!;
}

/** One element of a contraction with m > 1 and n > 1, from its row and its column. */
export function dotInOrder(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const inBlocks = (
    from: number,
    to: number,
    size: number,
    sumOf: (start: number, end: number) => number,
  ) => {
    let result = 0;
    for (let start = from; start < to; start += size) {
      const sum = sumOf(start, Math.min(start + size, to));
      result = start === from ? sum : Math.fround(result + sum);
    }
    return result;
  };
  return inBlocks(0, a.length, 4096, (chunk, chunkEnd) =>
    inBlocks(chunk, chunkEnd, 256, (start, end) => {
      let sum = 0;
      for (let k = start; k < end; k++) sum = Math.fround(sum + Math.fround(a[k]! * b[k]!));
      return sum;
    }),
  );
}

/** Why compressed data cannot be read. */
export class InflateError extends Error {}

/** Bytes that grow up to a limit. */
export class ByteOutput {
  #bytes: Uint8Array;
  length = 0;
  readonly limit: number;

  constructor(expected: number, limit: number) {
    this.#bytes = new Uint8Array(Math.min(expected, limit));
    this.limit = limit;
  }

  get full(): boolean {
    return this.length === this.limit;
  }

  /** The array with room for `count` more bytes, or for as many as the limit allows. */
  grow(count: number): Uint8Array {
    const wanted = Math.min(this.length + count, this.limit);
    if (wanted > this.#bytes.length) {
      const larger = new Uint8Array(Math.min(Math.max(wanted, 2 * this.#bytes.length), this.limit));
      larger.set(this.#bytes.subarray(0, this.length));
      this.#bytes = larger;
    }
    return this.#bytes;
  }

  /** The bytes so far, without a copy. */
  written(from = 0): Uint8Array {
    return this.#bytes.subarray(from, this.length);
  }
}

/** A Huffman code: the symbol and the length of each code. */
interface HuffmanCode {
  /** By the next `FAST` bits: symbol * 16 + length, 0 for longer codes. */
  readonly fast: Uint16Array;
  /** The number of codes of each length, and the symbols in the order of their codes. */
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

const FAST = 10;
const LONGEST = 15;
/** The longest copy of earlier output. */
const MATCH = 258;

/**
 * @param loneCode whether there may be only one code, of one bit.
 * @throws InflateError if the lengths are not those of a complete code.
 */
function huffmanCode(lengths: Uint8Array, loneCode = true): HuffmanCode {
  const counts = new Uint16Array(LONGEST + 1);
  for (const length of lengths) counts[length]!++;
  counts[0] = 0;
  let left = 1;
  const first = new Uint16Array(LONGEST + 2); // the first code of each length
  const offsets = new Uint16Array(LONGEST + 2);
  for (let length = 1; length <= LONGEST; length++) {
    left = 2 * left - counts[length]!;
    if (left < 0) throw new InflateError('a Huffman code is over-subscribed');
    first[length + 1] = (first[length]! + counts[length]!) << 1;
    offsets[length + 1] = offsets[length]! + counts[length]!;
  }
  const used = offsets[LONGEST + 1]!;
  if (left > 0 && !(used === 0 || (loneCode && used === 1 && counts[1] === 1))) {
    throw new InflateError('a Huffman code is incomplete');
  }
  const symbols = new Uint16Array(used);
  const fast = new Uint16Array(1 << FAST);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol]!;
    if (length === 0) continue;
    symbols[offsets[length]!++] = symbol;
    let code = first[length]!++;
    if (length > FAST) continue;
    // Codes are stored with their first bit lowest.
    let reversed = 0;
    for (let i = 0; i < length; i++, code >>= 1) reversed = (reversed << 1) | (code & 1);
    for (let i = reversed; i < fast.length; i += 1 << length) fast[i] = (symbol << 4) | length;
  }
  return { fast, counts, symbols };
}

/** The base values and numbers of extra bits of length symbols 257 to 285, and of distance symbols. */
const lengthBase = Uint16Array.of(
  ...[
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
  ],
  ...[227, 258],
);
const lengthBits = Uint8Array.of(
  ...[0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0],
);
const distanceBase = Uint16Array.of(
  ...[1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073],
  ...[4097, 6145, 8193, 12289, 16385, 24577],
);
const distanceBits = Uint8Array.of(
  ...[0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13],
);
/** The order in which a block gives the lengths of the code of the code lengths. */
const lengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

const fixedLengths = Uint8Array.from({ length: 288 }, (_, i) =>
  i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8,
);

let fixed: readonly [literals: HuffmanCode, distances: HuffmanCode] | undefined;

/**
 * Decompresses DEFLATE data (RFC 1951) block by block. `DecompressionStream` cannot be used here: it does not say where the
 * data end, and platforms differ in what may follow them.
 */
export class Inflater {
  readonly #input: Uint8Array;
  readonly #output: ByteOutput;
  /** Where the output of these data begins: distances do not go beyond it. */
  readonly #start: number;
  #at: number;
  #bits = 0;
  #bitCount = 0;

  constructor(input: Uint8Array, at: number, output: ByteOutput) {
    this.#input = input;
    this.#at = at;
    this.#output = output;
    this.#start = output.length;
  }

  /** The position after the last block. */
  get end(): number {
    return this.#at - (this.#bitCount >> 3);
  }

  /**
   * Decompresses a block. Stops early when the output is full.
   *
   * @returns whether it was the last one.
   * @throws InflateError for damaged data.
   */
  block(): boolean {
    const last = this.#take(1) === 1;
    const type = this.#take(2);
    if (type === 0) this.#stored();
    else if (type === 3) throw new InflateError('a block has an unknown type');
    else this.#compressed(...(type === 1 ? fixedCodes() : this.#codes()));
    return last;
  }

  #take(count: number): number {
    while (this.#bitCount < count) {
      this.#bits |= this.#nextByte() << this.#bitCount;
      this.#bitCount += 8;
    }
    const value = this.#bits & ((1 << count) - 1);
    this.#bits >>>= count;
    this.#bitCount -= count;
    return value;
  }

  #nextByte(): number {
    const byte = this.#input[this.#at++];
    if (byte === undefined) throw new InflateError('they are truncated');
    return byte;
  }

  #stored(): void {
    this.#at = this.end;
    this.#bits = 0;
    this.#bitCount = 0;
    const length = this.#nextByte() | (this.#nextByte() << 8);
    const complement = this.#nextByte() | (this.#nextByte() << 8);
    if (complement !== (length ^ 0xffff)) throw new InflateError('the length of a stored block is wrong');
    const output = this.#output;
    const bytes = output.grow(length);
    const count = Math.min(length, output.limit - output.length);
    const stored = this.#input.subarray(this.#at, this.#at + count);
    bytes.set(stored, output.length);
    output.length += stored.length;
    this.#at += stored.length;
    if (stored.length < count) throw new InflateError('they are truncated');
  }

  /** The codes at the start of a block. */
  #codes(): [literals: HuffmanCode, distances: HuffmanCode] {
    const literals = 257 + this.#take(5);
    const distances = 1 + this.#take(5);
    const count = 4 + this.#take(4);
    if (literals > 286 || distances > 30) throw new InflateError('a block has too many symbols');
    const codeLengths = new Uint8Array(19);
    for (let i = 0; i < count; i++) codeLengths[lengthOrder[i]!] = this.#take(3);
    const code = huffmanCode(codeLengths, false);
    const lengths = new Uint8Array(literals + distances);
    for (let i = 0; i < lengths.length; ) {
      const symbol = this.#symbol(code);
      if (symbol < 16) {
        lengths[i++] = symbol;
        continue;
      }
      if (symbol === 16 && i === 0) throw new InflateError('a code length is repeated before the first');
      const value = symbol === 16 ? lengths[i - 1]! : 0;
      const times =
        symbol === 16 ? 3 + this.#take(2) : symbol === 17 ? 3 + this.#take(3) : 11 + this.#take(7);
      if (i + times > lengths.length) throw new InflateError('a block has too many code lengths');
      lengths.fill(value, i, i + times);
      i += times;
    }
    if (lengths[256] === 0) throw new InflateError('a block has no end');
    return [huffmanCode(lengths.subarray(0, literals)), huffmanCode(lengths.subarray(literals))];
  }

  #symbol({ fast, counts, symbols }: HuffmanCode): number {
    while (this.#bitCount < LONGEST && this.#at < this.#input.length) {
      this.#bits |= this.#input[this.#at++]! << this.#bitCount;
      this.#bitCount += 8;
    }
    const entry = fast[this.#bits & ((1 << FAST) - 1)]!;
    let length = entry & 15;
    let symbol = entry >> 4;
    if (entry === 0) {
      let code = 0;
      let first = 0;
      let index = 0;
      for (length = 1; ; length++) {
        if (length > LONGEST) throw new InflateError('a code is not in use');
        code |= (this.#bits >> (length - 1)) & 1;
        const count = counts[length]!;
        if (code - first < count) {
          symbol = symbols[index + code - first]!;
          break;
        }
        index += count;
        first = (first + count) << 1;
        code <<= 1;
      }
    }
    if (length > this.#bitCount) throw new InflateError('they are truncated');
    this.#bits >>>= length;
    this.#bitCount -= length;
    return symbol;
  }

  #compressed(literals: HuffmanCode, distances: HuffmanCode): void {
    const output = this.#output;
    while (!output.full) {
      if (this.#compressedFast(literals, distances)) return;
      const symbol = this.#symbol(literals);
      if (symbol === 256) return;
      const bytes = output.grow(MATCH);
      if (symbol < 256) {
        bytes[output.length++] = symbol;
        continue;
      }
      const k = symbol - 257;
      if (k >= lengthBase.length) throw new InflateError('a length is not in use');
      const length = lengthBase[k]! + this.#take(lengthBits[k]!);
      const d = this.#symbol(distances);
      if (d >= distanceBase.length) throw new InflateError('a distance is not in use');
      const distance = distanceBase[d]! + this.#take(distanceBits[d]!);
      let to = output.length;
      if (distance > to - this.#start) throw new InflateError('a distance goes beyond the start');
      const end = Math.min(to + length, output.limit);
      for (let from = to - distance; to < end; ) bytes[to++] = bytes[from++]!;
      output.length = end;
    }
  }

  /**
   * The same for short, valid codes, away from the ends of input and output, with local variables: three times as fast.
   *
   * @returns whether the block has ended; if not, `#compressed` decodes the next symbol.
   */
  #compressedFast(literals: HuffmanCode, distances: HuffmanCode): boolean {
    const input = this.#input;
    const output = this.#output;
    const bytes = output.grow(1 << 16);
    const lastInput = input.length - 8;
    const lastOutput = bytes.length - MATCH;
    const start = this.#start;
    const mask = (1 << FAST) - 1;
    const [fastLiterals, fastDistances] = [literals.fast, distances.fast];
    let at = this.#at;
    let bits = this.#bits;
    let bitCount = this.#bitCount;
    let to = output.length;
    let ended = false;
    while (at <= lastInput && to <= lastOutput) {
      while (bitCount < 24) {
        bits |= input[at++]! << bitCount;
        bitCount += 8;
      }
      const entry = fastLiterals[bits & mask]!;
      if (entry === 0) break;
      const symbol = entry >> 4;
      if (symbol < 256) {
        bytes[to++] = symbol;
        bits >>>= entry & 15;
        bitCount -= entry & 15;
        continue;
      }
      if (symbol === 256) {
        bits >>>= entry & 15;
        bitCount -= entry & 15;
        ended = true;
        break;
      }
      const k = symbol - 257;
      if (k >= lengthBase.length) break;
      // Nothing is taken from `bits` before both codes are known to be short.
      const lengthEnd = (entry & 15) + lengthBits[k]!;
      const distanceEntry = fastDistances[(bits >>> lengthEnd) & mask]!;
      const d = distanceEntry >> 4;
      if (distanceEntry === 0 || d >= distanceBase.length) break;
      const length = lengthBase[k]! + ((bits >>> (entry & 15)) & ((1 << lengthBits[k]!) - 1));
      const used = lengthEnd + (distanceEntry & 15);
      if (used > bitCount) break;
      bits >>>= used;
      bitCount -= used;
      while (bitCount < 16) {
        bits |= input[at++]! << bitCount;
        bitCount += 8;
      }
      const distance = distanceBase[d]! + (bits & ((1 << distanceBits[d]!) - 1));
      bits >>>= distanceBits[d]!;
      bitCount -= distanceBits[d]!;
      if (distance > to - start) throw new InflateError('a distance goes beyond the start');
      const end = to + length;
      for (let from = to - distance; to < end; ) bytes[to++] = bytes[from++]!;
    }
    this.#at = at;
    this.#bits = bits;
    this.#bitCount = bitCount;
    output.length = to;
    return ended;
  }
}

function fixedCodes(): readonly [literals: HuffmanCode, distances: HuffmanCode] {
  fixed ??= [huffmanCode(fixedLengths), huffmanCode(new Uint8Array(32).fill(5))];
  return fixed;
}

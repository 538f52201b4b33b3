/** A growing byte sequence with the encodings of WebAssembly's binary format. */
export class Bytes {
  #data: Uint8Array;
  length = 0;

  constructor(capacity = 1024) {
    this.#data = new Uint8Array(capacity);
  }

  byte(value: number): void {
    if (this.length === this.#data.length) this.#reserve(1);
    this.#data[this.length++] = value;
  }

  append(other: Bytes): void {
    this.#reserve(other.length);
    this.#data.set(other.#data.subarray(0, other.length), this.length);
    this.length += other.length;
  }

  /** Appends a 32-bit unsigned LEB128. */
  unsigned(value: number): void {
    let rest = value >>> 0;
    for (; rest > 127; rest >>>= 7) this.byte((rest & 127) | 128);
    this.byte(rest);
  }

  /** Appends a 32-bit signed LEB128. */
  signed(value: number): void {
    let rest = value | 0;
    for (; rest < -64 || rest > 63; rest >>= 7) this.byte((rest & 127) | 128);
    this.byte(rest & 127);
  }

  /** Appends the bytes of numbers in host byte order, which is little-endian on all supported platforms. */
  raw(values: ArrayBufferView): void {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.#reserve(bytes.length);
    this.#data.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Appends the length and the bytes of an ASCII text. */
  name(text: string): void {
    this.unsigned(text.length);
    for (let i = 0; i < text.length; i++) this.byte(text.charCodeAt(i));
  }

  toArray(): Uint8Array<ArrayBuffer> {
    return this.#data.slice(0, this.length);
  }

  #reserve(count: number): void {
    if (this.length + count <= this.#data.length) return;
    const larger = new Uint8Array(Math.max(this.length + count, 2 * this.#data.length));
    larger.set(this.#data.subarray(0, this.length));
    this.#data = larger;
  }
}

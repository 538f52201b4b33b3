/// <reference types="@webgpu/types" />

// GPUBufferUsage is a global only where WebGPU is; the numbers are the specification's.
const MAP_READ = 0x0001;
const COPY_SRC = 0x0004;
const COPY_DST = 0x0008;
const STORAGE = 0x0080;

/** Regions of one buffer begin at multiples of this, which every device can bind. */
export const ALIGNMENT = 256;

/** Bytes of buffers that wait to be used again. */
const SPARE = 256 * (1 << 20);

/** Buffers for reading that wait to be used again, and how large each of them may be. */
const STAGING = 4;
const STAGING_BYTES = 4 * (1 << 20);

export interface PooledBuffer {
  readonly id: number;
  readonly gpu: GPUBuffer;
  readonly bytes: number;
  /** Regions of it that are in use. */
  uses: number;
  /** Did the device have no memory for it? That is known once `Memory.made` has settled. */
  missing: boolean;
}

/** A part of a buffer that holds one array. */
export interface Region {
  readonly buffer: PooledBuffer;
  readonly byteOffset: number;
  readonly floats: number;
}

/** Sizes in steps of an eighth to a quarter, so that buffers fit again. */
function sizeClass(bytes: number): number {
  let step = ALIGNMENT;
  while (8 * step <= bytes) step *= 2;
  return Math.max(1, Math.ceil(bytes / step)) * step;
}

/** The device's buffers. What is released is used again by what is issued later: the queue runs in order. */
export class Memory {
  readonly #device: GPUDevice;
  readonly #spare = new Map<number, PooledBuffer[]>();
  #spareBytes = 0;
  readonly #staging: GPUBuffer[] = [];
  #ids = 0;
  #made: Promise<void> | null = null;
  bytes = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** Settles when it is known of all buffers whether the device had memory for them; null where that is known. */
  get made(): Promise<void> | null {
    return this.#made;
  }

  get used(): number {
    let staging = 0;
    for (const { size } of this.#staging) staging += size;
    return this.bytes - this.#spareBytes - staging;
  }

  /** A buffer of at least so many bytes, with no region in use. */
  take(bytes: number): PooledBuffer {
    const size = Math.min(sizeClass(bytes), this.#device.limits.maxBufferSize);
    const spare = this.#spare.get(size);
    const buffer = spare?.pop();
    if (buffer !== undefined) {
      this.#spareBytes -= size;
      return buffer;
    }
    return this.#make(size);
  }

  /** The buffer is wanted no more, once what has been issued is done. */
  give(buffer: PooledBuffer): void {
    if (buffer.missing || this.#spareBytes + buffer.bytes > SPARE) {
      this.#destroy(buffer.gpu, buffer.bytes);
      return;
    }
    const spare = this.#spare.get(buffer.bytes);
    if (spare === undefined) this.#spare.set(buffer.bytes, [buffer]);
    else spare.push(buffer);
    this.#spareBytes += buffer.bytes;
  }

  release({ buffer }: Region): void {
    if (--buffer.uses === 0) this.give(buffer);
  }

  /** A buffer of at least so many bytes that the host can read, once it is mapped; mapping fails where there is no memory. */
  takeStaging(bytes: number): GPUBuffer {
    const at = this.#staging.findIndex(({ size }) => size >= bytes);
    if (at >= 0) return this.#staging.splice(at, 1)[0]!;
    const size = Math.min(sizeClass(bytes), this.#device.limits.maxBufferSize);
    return this.#create(size, MAP_READ | COPY_DST)[0];
  }

  /** The host has read it; it is not mapped any more. */
  giveStaging(buffer: GPUBuffer): void {
    if (this.#staging.length < STAGING && buffer.size <= STAGING_BYTES) this.#staging.push(buffer);
    else this.#destroy(buffer);
  }

  dropStaging(buffer: GPUBuffer): void {
    this.#destroy(buffer);
  }

  /** Destroys what waits to be used again. */
  clear(): void {
    for (const buffers of this.#spare.values())
      for (const { gpu, bytes } of buffers) this.#destroy(gpu, bytes);
    for (const buffer of this.#staging.splice(0)) this.#destroy(buffer);
    this.#spare.clear();
    this.#spareBytes = 0;
  }

  #make(bytes: number): PooledBuffer {
    const [gpu, isMissing] = this.#create(bytes, STORAGE | COPY_SRC | COPY_DST);
    const buffer: PooledBuffer = { id: this.#ids++, gpu, bytes, uses: 0, missing: false };
    const told = isMissing.then((missing) => {
      buffer.missing = missing;
    });
    const made: Promise<void> = Promise.all([this.#made, told]).then(() => {
      if (this.#made === made) this.#made = null;
    });
    this.#made = made;
    return buffer;
  }

  /** A buffer, and whether the device had no memory for it. */
  #create(size: number, usage: number): [buffer: GPUBuffer, isMissing: Promise<boolean>] {
    const device = this.#device;
    this.bytes += size;
    device.pushErrorScope('validation');
    device.pushErrorScope('out-of-memory');
    const buffer = device.createBuffer({ size, usage });
    const errors = Promise.all([device.popErrorScope(), device.popErrorScope()]);
    const isMissing = errors.then(
      (found) => found.some((error) => error !== null),
      () => false, // the device is lost, which is told elsewhere
    );
    return [buffer, isMissing];
  }

  #destroy(buffer: GPUBuffer, bytes = buffer.size): void {
    this.bytes -= bytes;
    buffer.destroy();
  }
}

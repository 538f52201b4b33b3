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

/**
 * The device's buffers. What is released is used again by what is issued later: the queue runs in order. `failed` hears of
 * buffers that the device had no memory for.
 */
export class Memory {
  readonly #device: GPUDevice;
  readonly #failed: (message: string) => void;
  readonly #spare = new Map<number, PooledBuffer[]>();
  #spareBytes = 0;
  readonly #staging: GPUBuffer[] = [];
  #ids = 0;
  bytes = 0;

  constructor(device: GPUDevice, failed: (message: string) => void) {
    this.#device = device;
    this.#failed = failed;
  }

  get used(): number {
    let staging = 0;
    for (const { size } of this.#staging) staging += size;
    return this.bytes - this.#spareBytes - staging;
  }

  /** A buffer of at least so many bytes, with no region in use. */
  take(bytes: number): PooledBuffer {
    const size = sizeClass(bytes);
    const spare = this.#spare.get(size);
    const buffer = spare?.pop();
    if (buffer !== undefined) {
      this.#spareBytes -= size;
      return buffer;
    }
    return { id: this.#ids++, gpu: this.#create(size, STORAGE | COPY_SRC | COPY_DST), bytes: size, uses: 0 };
  }

  /** The buffer is wanted no more, once what has been issued is done. */
  give(buffer: PooledBuffer): void {
    if (this.#spareBytes + buffer.bytes > SPARE) {
      this.#destroy(buffer.gpu);
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

  /** A buffer of at least so many bytes that the host can read, once it is mapped. */
  takeStaging(bytes: number): GPUBuffer {
    const at = this.#staging.findIndex(({ size }) => size >= bytes);
    if (at < 0) return this.#create(sizeClass(bytes), MAP_READ | COPY_DST);
    return this.#staging.splice(at, 1)[0]!;
  }

  /** The host has read it; it is not mapped any more. */
  giveStaging(buffer: GPUBuffer): void {
    if (this.#staging.length < STAGING && buffer.size <= STAGING_BYTES) this.#staging.push(buffer);
    else this.#destroy(buffer);
  }

  /** Destroys what waits to be used again. */
  clear(): void {
    for (const buffers of this.#spare.values()) for (const { gpu } of buffers) this.#destroy(gpu);
    for (const buffer of this.#staging.splice(0)) this.#destroy(buffer);
    this.#spare.clear();
    this.#spareBytes = 0;
  }

  #create(size: number, usage: number): GPUBuffer {
    this.#device.pushErrorScope('out-of-memory');
    const buffer = this.#device.createBuffer({ size, usage });
    this.bytes += size;
    this.#device.popErrorScope().then(
      (error) => {
        if (error !== null) this.#failed(`a buffer of ${size} bytes beside ${this.bytes - size} others`);
      },
      () => {}, // the device is lost, which is told elsewhere
    );
    return buffer;
  }

  #destroy(buffer: GPUBuffer): void {
    this.bytes -= buffer.size;
    buffer.destroy();
  }
}

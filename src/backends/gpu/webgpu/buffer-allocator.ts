/// <reference types="@webgpu/types" />

// GPUBufferUsage is a global only where the platform has WebGPU. The values come from the specification.
const MAP_READ = 0x0001;
const COPY_SRC = 0x0004;
const COPY_DST = 0x0008;
const STORAGE = 0x0080;

/** Regions of a buffer begin at multiples of this, an offset that every device can bind. */
export const ALIGNMENT = 256;

/** The most bytes of buffers kept for reuse. */
const MAX_SPARE_BYTES = 256 * (1 << 20);

/** The most staging buffers kept for reuse, and the largest size of each. */
const MAX_STAGING_BUFFERS = 4;
const MAX_STAGING_BYTES = 4 * (1 << 20);

export interface AllocatedBuffer {
  /** Unique for the lifetime of the device. */
  readonly id: number;
  readonly gpu: GPUBuffer;
  readonly bytes: number;
  /** Number of regions in use. */
  uses: number;
  /** Did its allocation fail? Known once `BufferAllocator.allocated` has settled. */
  missing: boolean;
}

/** The part of a buffer that holds one array. */
export interface BufferRegion {
  readonly buffer: AllocatedBuffer;
  readonly byteOffset: number;
  readonly floats: number;
}

/** Rounds a size up, by at most a quarter, so that buffers of similar sizes can be reused for one another. */
function sizeClass(bytes: number): number {
  let step = ALIGNMENT;
  while (8 * step <= bytes) step *= 2;
  return Math.max(1, Math.ceil(bytes / step)) * step;
}

/** Allocates and reuses the device's buffers. A released buffer can be reused at once: the queue runs in order. */
export class BufferAllocator {
  readonly #device: GPUDevice;
  readonly #spare = new Map<number, AllocatedBuffer[]>();
  #spareBytes = 0;
  readonly #staging: GPUBuffer[] = [];
  #ids = 0;
  #allocated: Promise<void> | null = null;
  bytes = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** Settles when it is known for all buffers whether their allocation failed; null if it is known already. */
  get allocated(): Promise<void> | null {
    return this.#allocated;
  }

  get used(): number {
    let staging = 0;
    for (const { size } of this.#staging) staging += size;
    return this.bytes - this.#spareBytes - staging;
  }

  /** Takes a buffer of at least `bytes` bytes, with no region in use. */
  take(bytes: number): AllocatedBuffer {
    const size = Math.min(sizeClass(bytes), this.#device.limits.maxBufferSize);
    const spare = this.#spare.get(size);
    const buffer = spare?.pop();
    if (buffer !== undefined) {
      this.#spareBytes -= size;
      return buffer;
    }
    return this.#make(size);
  }

  /** Returns a buffer for reuse. Work that was issued before may still use it. */
  give(buffer: AllocatedBuffer): void {
    if (buffer.missing || this.#spareBytes + buffer.bytes > MAX_SPARE_BYTES) {
      this.#destroy(buffer.gpu, buffer.bytes);
      return;
    }
    const spare = this.#spare.get(buffer.bytes);
    if (spare === undefined) this.#spare.set(buffer.bytes, [buffer]);
    else spare.push(buffer);
    this.#spareBytes += buffer.bytes;
  }

  release({ buffer }: BufferRegion): void {
    if (--buffer.uses === 0) this.give(buffer);
  }

  /** Takes a staging buffer of at least `bytes` bytes. Mapping it fails if its allocation failed. */
  takeStaging(bytes: number): GPUBuffer {
    const at = this.#staging.findIndex(({ size }) => size >= bytes);
    if (at >= 0) return this.#staging.splice(at, 1)[0]!;
    const size = Math.min(sizeClass(bytes), this.#device.limits.maxBufferSize);
    return this.#create(size, MAP_READ | COPY_DST)[0];
  }

  /** Returns an unmapped staging buffer for reuse. */
  giveStaging(buffer: GPUBuffer): void {
    if (this.#staging.length < MAX_STAGING_BUFFERS && buffer.size <= MAX_STAGING_BYTES)
      this.#staging.push(buffer);
    else this.#destroy(buffer);
  }

  dropStaging(buffer: GPUBuffer): void {
    this.#destroy(buffer);
  }

  /** Destroys all buffers that are kept for reuse. */
  clear(): void {
    for (const buffers of this.#spare.values())
      for (const { gpu, bytes } of buffers) this.#destroy(gpu, bytes);
    for (const buffer of this.#staging.splice(0)) this.#destroy(buffer);
    this.#spare.clear();
    this.#spareBytes = 0;
  }

  #make(bytes: number): AllocatedBuffer {
    const [gpu, isMissing] = this.#create(bytes, STORAGE | COPY_SRC | COPY_DST);
    const buffer: AllocatedBuffer = { id: this.#ids++, gpu, bytes, uses: 0, missing: false };
    const known = isMissing.then((missing) => {
      buffer.missing = missing;
    });
    const allocated: Promise<void> = Promise.all([this.#allocated, known]).then(() => {
      if (this.#allocated === allocated) this.#allocated = null;
    });
    this.#allocated = allocated;
    return buffer;
  }

  /** Creates a buffer. The promise says whether the allocation failed. */
  #create(size: number, usage: number): [buffer: GPUBuffer, isMissing: Promise<boolean>] {
    const device = this.#device;
    this.bytes += size;
    device.pushErrorScope('validation');
    device.pushErrorScope('out-of-memory');
    const buffer = device.createBuffer({ size, usage });
    const errors = Promise.all([device.popErrorScope(), device.popErrorScope()]);
    const isMissing = errors.then(
      (found) => found.some((error) => error !== null),
      () => false, // the device is lost; `Device.lost` reports it
    );
    return [buffer, isMissing];
  }

  #destroy(buffer: GPUBuffer, bytes = buffer.size): void {
    this.bytes -= bytes;
    buffer.destroy();
  }
}

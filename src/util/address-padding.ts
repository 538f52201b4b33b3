/** Buffers start at multiples of this many bytes: a cache line. */
const LINE = 64;
/** Buffers of at least this size are padded against aliasing. */
const PAGE = 4096;

/**
 * The bytes to allocate for a buffer of `bytes` bytes. Sizes of large buffers are often multiples of a page, so that
 * consecutive buffers would have the same low address bits. Processors then mistake a load from one for a load of a recent
 * store to the other (4 KiB aliasing), and both use the same cache sets. Five more cache lines prevent that.
 */
export const paddedBytes = (bytes: number): number =>
  Math.ceil(bytes / LINE) * LINE + (bytes >= PAGE ? 5 * LINE : 0);

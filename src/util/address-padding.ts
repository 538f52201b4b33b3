/** Buffers start at multiples of this many bytes: a cache line. */
const LINE = 64;
/** From this size on, buffers are kept apart. */
const PAGE = 4096;

/**
 * The bytes to set aside for a buffer of so many. Sizes of large buffers are often multiples of a page, and
 * buffers that follow each other would then agree in the last bits of their addresses: processors take a load
 * for one from a store to the other (4 KiB aliasing), and caches put both in the same few places. Five lines
 * more keep them apart.
 */
export const paddedBytes = (bytes: number): number =>
  Math.ceil(bytes / LINE) * LINE + (bytes >= PAGE ? 5 * LINE : 0);

/**
 * The platform's clock and timers. They are taken when this module is loaded, so that the library goes on working where a
 * test replaces them later (`vi.useFakeTimers()`, `jest.useFakeTimers()`, `mock.timers.enable()`).
 */
export const { setTimeout, clearTimeout } = globalThis;

/** Absent in browsers. */
export const { setImmediate } = globalThis as { setImmediate?: (run: () => void) => unknown };

export const { MessageChannel } = globalThis;

/** Milliseconds since an arbitrary time. */
export const now: () => number = /* @__PURE__ */ performance.now.bind(performance);

/** The largest delay of a timer, in milliseconds. */
export const MAX_DELAY = 0x7fffffff;

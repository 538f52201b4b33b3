const cell = new Int32Array(new SharedArrayBuffer(4));

/** Stops this thread, which leaves the processor to others. */
export const block = (milliseconds: number): void => void Atomics.wait(cell, 0, 0, milliseconds);

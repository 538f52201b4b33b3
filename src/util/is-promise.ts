/** Whether a value must be awaited; promises of another realm are no instances of `Promise`. */
export const isPromise = <T>(x: T | PromiseLike<T>): x is PromiseLike<T> =>
  typeof (x as PromiseLike<T> | null)?.then === 'function';

/** Whether a thrown value is an error, of any realm. */
export const isError = (error: unknown): error is Error & { readonly code?: unknown } =>
  Object.prototype.toString.call(error) === '[object Error]' || error instanceof Error;

/** The message of a thrown value of any type. */
export const errorMessage = (error: unknown): string =>
  isError(error) ? error.message || error.name : String(error);

import { isError } from '../util/error-message.ts';

/** The code of an error of the system, such as ENOENT; undefined for other errors. */
export const codeOf = (error: unknown): unknown => (isError(error) ? error.code : undefined);

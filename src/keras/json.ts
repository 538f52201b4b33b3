import { describe } from '../ir/arguments.ts';
import { ValueError } from '../ir/errors.ts';
import { errorMessage } from '../util/error-message.ts';

/** The value of JSON text. */
export function parseJson(operation: string, name: string, text: string | Uint8Array): unknown {
  try {
    return JSON.parse(
      typeof text === 'string' ? text : new TextDecoder('utf-8', { fatal: true }).decode(text),
    );
  } catch (error) {
    throw new ValueError(
      `[${operation}] got ${name} that is no JSON: ${describe(errorMessage(error))}. The file is damaged.`,
    );
  }
}

/** The major version of Keras; 2 if it is unknown, and for TensorFlow.js. */
export const versionOf = (text: unknown): number => {
  const [digits] = /^\d{1,4}(?=\.)/.exec(String(typeof text === 'string' ? text : '')) ?? [];
  return digits === undefined ? 2 : Number(digits);
};

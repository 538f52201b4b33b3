import { ValueError } from '../../ir/errors.ts';

// JSON in the metadata of a model file. Writers keep the limits of readers.

const MAX_LENGTH = 16_000_000;
const MAX_DEPTH = 64;
/** Arrays and objects need up to 50 times as much memory as `[]`. */
const MAX_NESTED = 1_000_000;

/** The fault of a text that is too long, nested too deeply, or of too many parts; null if there is none. */
function excess(text: string): readonly [got: string, wanted: string] | null {
  if (text.length > MAX_LENGTH) return [`${text.length} characters`, `at most ${MAX_LENGTH}`];
  let depth = 0;
  let nested = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '"') {
      for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === '\\') i++;
    } else if (c === '{' || c === '[') {
      if (++depth > MAX_DEPTH) return [`more than ${MAX_DEPTH} levels`, 'fewer'];
      if (++nested > MAX_NESTED) return [`more than ${MAX_NESTED} arrays and objects`, 'fewer'];
    } else if (c === '}' || c === ']') depth--;
  }
  return null;
}

/** An error of the file's metadata. */
export const damaged = (operation: string, key: string, got: string, wanted: string): ValueError =>
  new ValueError(`[${operation}] got ${got} in the file's '${key}', wanted ${wanted}. The file is damaged.`);

export function parseJson(operation: string, key: string, text: string): unknown {
  const fault = excess(text);
  if (fault !== null) throw damaged(operation, key, ...fault);
  try {
    return JSON.parse(text);
  } catch {
    throw damaged(operation, key, 'text that is no JSON', 'JSON');
  }
}

export function writeJson(operation: string, key: string, value: unknown): string {
  const text = JSON.stringify(value);
  const fault = excess(text);
  if (fault === null) return text;
  throw new ValueError(
    `[${operation}] got ${fault[0]} for the file's '${key}', wanted ${fault[1]}. Keep large values in Parameters.`,
  );
}

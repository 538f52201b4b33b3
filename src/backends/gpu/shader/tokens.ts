/** A token of the subset of WGSL. `type` is the type of a literal. */
export interface Token {
  readonly kind: 'name' | 'literal' | 'mark' | 'end';
  readonly text: string;
  readonly type: 'f32' | 'i32' | 'u32' | 'bool' | null;
  readonly line: number;
}

const SPACE = /(?:\s|\/\/[^\n]*)+/y;
const NAME = /[A-Za-z_]\w*/y;
const NUMBER = /0x[0-9a-fA-F]+u?|(?:\d+\.\d*|\.\d+|\d+(?=[eE]))(?:[eE][+-]?\d+)?|\d+u?/y;
const MARK = /<<=|>>=|->|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[-+*/%&|^~!<>=(){}[\],;:.]/y;

/** Splits a source into tokens. Throws an Error for text outside of the subset. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let line = 1;
  const match = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const text = pattern.exec(source)?.[0] ?? null;
    at += text?.length ?? 0;
    return text;
  };
  for (;;) {
    line += match(SPACE)?.split('\n').slice(1).length ?? 0;
    if (at === source.length) break;
    const name = match(NAME);
    const number = name === null ? match(NUMBER) : null;
    const mark = name === null && number === null ? match(MARK) : null;
    if (name !== null) {
      const isBool = name === 'true' || name === 'false';
      tokens.push({ kind: isBool ? 'literal' : 'name', text: name, type: isBool ? 'bool' : null, line });
    } else if (number !== null) {
      const suffix = match(NAME);
      if (suffix !== null) fail(line, `the number ${number}${suffix}`);
      tokens.push({ kind: 'literal', text: number, type: typeOf(number, line), line });
    } else if (mark !== null) tokens.push({ kind: 'mark', text: mark, type: null, line });
    else fail(line, JSON.stringify(source[at]));
  }
  tokens.push({ kind: 'end', text: 'the end', type: null, line });
  return tokens;
}

function typeOf(number: string, line: number): 'f32' | 'i32' | 'u32' {
  if (number.endsWith('u')) {
    if (Number(number.slice(0, -1)) > 0xffffffff) fail(line, number);
    return 'u32';
  }
  if (!number.startsWith('0x') && /[.eE]/.test(number)) return 'f32';
  if (Number(number) > 0x7fffffff) fail(line, number);
  return 'i32';
}

export function fail(line: number, found: string, wanted = 'the subset of WGSL'): never {
  throw new Error(`[shader] line ${line}: got ${found}, wanted ${wanted}.`);
}

import { builtin, construct, external, isBuiltin, type Signature } from './calls.ts';
import { checkGlobalName, checkName } from './reserved-names.ts';
import { fail, type Token, tokenize } from './tokens.ts';
import {
  binary,
  bitcast,
  elementOf,
  glslType,
  isArray,
  isOperator,
  MAX_PRECEDENCE,
  SCALARS,
  type Type,
  type TypedText,
  zeroOf,
} from './types.ts';

/**
 * Translates the subset of WGSL in which the GPU backend writes its shader programs to GLSL ES 3.00:
 *
 * - `fn name(a: T) -> T { ... }` and `const NAME: T = literal;`, where T is f32, i32, u32, bool, vec4<f32> and, for
 *   variables, array<T, N>;
 * - `let x: T = e;`, `var x: T;`, assignments, `if`, `for`, `while`, `break`, `continue`, `return`, calls;
 * - the operators that both languages share, conversions, `bitcast<T>(x)`, `select(ifFalse, ifTrue, condition)`, and
 *   WGSL's functions abs, ceil, exp, floor, log, max, min, sqrt, trunc;
 * - calls of the functions that devices declare: `load_k`, `value`, `store_k`.
 *
 * Throws an Error for everything else, for types that do not match, and for names that GLSL or the shader text of gpu.js
 * uses. Variables without an initial value start at zero, as in WGSL. `%` of negative integers is undefined, as in GLSL.
 */
export function toGlsl(source: string): string {
  return new Translator(tokenize(source)).translate();
}

const ASSIGNMENTS = ['=', '+=', '-=', '*=', '/=', '%=', '&=', '|=', '^=', '<<=', '>>='];
class Translator {
  readonly #tokens: readonly Token[];
  #at = 0;
  /** Signatures of all functions of the source. */
  readonly #functions = new Map<string, Signature>();
  readonly #defined = new Set<string>();
  /** Functions that are called before their definition, for which GLSL requires a declaration. */
  readonly #forwardCalls = new Set<string>();
  readonly #scopes: Map<string, Type>[] = [new Map()];

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  translate(): string {
    this.#tokens.forEach(({ kind, text }, i) => {
      if (kind !== 'name' || text !== 'fn') return;
      this.#at = i + 1;
      this.#functions.set(this.#tokens[this.#at]!.text, this.#signature());
    });
    this.#at = 0;
    const parts: string[] = [];
    while (this.#next.kind !== 'end') parts.push(this.#declaration());
    const declarations = [...this.#forwardCalls].map((name) => `${this.#header(name)};`);
    return [...declarations, ...parts].join('\n');
  }

  get #next(): Token {
    return this.#tokens[this.#at]!;
  }

  #take(): Token {
    return this.#tokens[this.#at++]!;
  }

  /** Consumes the next token if it has this text. */
  #skip(text: string): boolean {
    const found = this.#next.text === text && this.#next.kind !== 'end';
    if (found) this.#at++;
    return found;
  }

  #expect(text: string): void {
    if (!this.#skip(text)) fail(this.#next.line, this.#next.text, text);
  }

  #name(): string {
    const { kind, text, line } = this.#take();
    return kind === 'name' ? text : fail(line, text, 'a name');
  }

  #type(): Type {
    const { line } = this.#next;
    const name = this.#name();
    if (name === 'vec4') {
      for (const part of ['<', 'f32', '>']) this.#expect(part);
      return 'vec4<f32>';
    }
    if (name === 'array') {
      this.#expect('<');
      const element = this.#type();
      this.#expect(',');
      const size = this.#take();
      if (isArray(element) || size.type !== 'i32') fail(line, `array<${element}, ${size.text}>`);
      this.#expect('>');
      return `array<${element}, ${Number(size.text)}>`;
    }
    if (!SCALARS.includes(name)) fail(line, `the type ${name}`);
    return name as Type;
  }

  #signature(): Signature {
    this.#name();
    this.#expect('(');
    const parameters: { name: string; type: Type }[] = [];
    while (!this.#skip(')')) {
      if (parameters.length > 0) this.#expect(',');
      const name = this.#name();
      this.#expect(':');
      parameters.push({ name, type: this.#type() });
    }
    return { parameters, returns: this.#skip('->') ? this.#type() : 'void' };
  }

  #header(name: string): string {
    const { returns, parameters } = this.#functions.get(name)!;
    return `${glslType(returns)} ${name}(${parameters.map((p) => `${glslType(p.type)} ${p.name}`).join(', ')})`;
  }

  #declaration(): string {
    const { line, text } = this.#next;
    const name = this.#tokens[this.#at + 1]?.text ?? '';
    if (text !== 'fn' && text !== 'const') fail(line, text, 'fn or const');
    checkGlobalName(line, name);
    if (text === 'const') {
      const constant = this.#variable(true);
      this.#expect(';');
      return `const ${constant};`;
    }
    this.#at++;
    if (this.#defined.has(name)) fail(line, `a second function ${name}`, 'each function once');
    const { parameters, returns } = this.#signature();
    this.#defined.add(name);
    this.#scopes.push(new Map());
    for (const parameter of parameters) this.#declare(line, parameter.name, parameter.type);
    const body = this.#block(returns);
    this.#scopes.pop();
    return `${this.#header(name)} ${body}`;
  }

  #declare(line: number, name: string, type: Type): void {
    checkName(line, name);
    if (this.#scopes.some((scope) => scope.has(name))) fail(line, `a second ${name}`, 'another name');
    this.#scopes[this.#scopes.length - 1]!.set(name, type);
  }

  #block(returns: Type): string {
    this.#expect('{');
    this.#scopes.push(new Map());
    const statements: string[] = [];
    while (!this.#skip('}')) statements.push(this.#statement(returns));
    this.#scopes.pop();
    return `{\n${statements.join('\n')}\n}`;
  }

  #statement(returns: Type): string {
    const { text, line } = this.#next;
    if (text === 'if') return this.#if(returns);
    if (text === 'for') return this.#for(returns);
    if (text === 'while') {
      this.#at++;
      return `while (${this.#condition()}) ${this.#block(returns)}`;
    }
    if (text === 'return') {
      this.#at++;
      if (this.#skip(';')) return returns === 'void' ? 'return;' : fail(line, 'return;', `a ${returns}`);
      const { text: value } = this.#valueOf(returns);
      this.#expect(';');
      return `return ${value};`;
    }
    if (text === 'break' || text === 'continue') {
      this.#at++;
      this.#expect(';');
      return `${text};`;
    }
    const simple = this.#simple();
    this.#expect(';');
    return `${simple};`;
  }

  #if(returns: Type): string {
    this.#expect('if');
    const head = `if (${this.#condition()}) ${this.#block(returns)}`;
    if (!this.#skip('else')) return head;
    return `${head} else ${this.#next.text === 'if' ? this.#if(returns) : this.#block(returns)}`;
  }

  #for(returns: Type): string {
    this.#expect('for');
    this.#expect('(');
    this.#scopes.push(new Map());
    const first = this.#simple();
    this.#expect(';');
    const condition = this.#valueOf('bool').text;
    this.#expect(';');
    const step = this.#simple();
    this.#expect(')');
    const body = this.#block(returns);
    this.#scopes.pop();
    return `for (${first}; ${condition}; ${step}) ${body}`;
  }

  #condition(): string {
    this.#expect('(');
    const { text } = this.#valueOf('bool');
    this.#expect(')');
    return text;
  }

  /** A declaration, an assignment or a call, without its semicolon. */
  #simple(): string {
    const { text, line } = this.#next;
    if (text === 'let' || text === 'var') return this.#variable(text === 'let');
    if (this.#tokens[this.#at + 1]?.text === '(') return this.#unary().text;
    const target = this.#unary();
    const { text: operator } = this.#take();
    if (!ASSIGNMENTS.includes(operator)) fail(line, operator, 'an assignment');
    const shifts = operator === '<<=' || operator === '>>=';
    return `${target.text} ${operator} ${this.#valueOf(shifts ? 'u32' : target.type).text}`;
  }

  #variable(needsValue: boolean): string {
    const { line } = this.#take();
    const name = this.#name();
    this.#expect(':');
    const type = this.#type();
    const hasValue = needsValue || this.#next.text === '=';
    if (hasValue) this.#expect('=');
    const value = hasValue ? this.#valueOf(type).text : zeroOf(type);
    this.#declare(line, name, type);
    return `${glslType(type)} ${name} = ${value}`;
  }

  #valueOf(type: Type): TypedText {
    const { line } = this.#next;
    const value = this.#expression();
    return value.type === type ? value : fail(line, `${value.text}, a ${value.type}`, `a ${type}`);
  }

  #expression(precedence = 0): TypedText {
    if (precedence > MAX_PRECEDENCE) return this.#unary();
    let value = this.#expression(precedence + 1);
    while (this.#next.kind === 'mark' && isOperator(this.#next.text, precedence)) {
      const { text, line } = this.#take();
      value = binary(line, precedence, text, value, this.#expression(precedence + 1));
    }
    return value;
  }

  #unary(): TypedText {
    const { text, line, kind } = this.#next;
    if (kind !== 'mark' || !['-', '!', '~'].includes(text)) return this.#postfix();
    this.#at++;
    const { text: operand, type } = this.#unary();
    const wanted = { '-': ['f32', 'i32', 'vec4<f32>'], '!': ['bool'], '~': ['i32', 'u32'] }[text]!;
    // Two minus signs in a row would be the operator -- in GLSL.
    const apart = operand.startsWith('-') ? ' ' : '';
    return wanted.includes(type) ? { text: `${text}${apart}${operand}`, type } : fail(line, `${text}${type}`);
  }

  #postfix(): TypedText {
    let value = this.#primary();
    for (;;) {
      const { line } = this.#next;
      const { text, type } = value;
      if (this.#skip('[')) {
        const index = this.#expression();
        this.#expect(']');
        const isIndexed = isArray(type) || type === 'vec4<f32>';
        if (!isIndexed || (index.type !== 'i32' && index.type !== 'u32'))
          fail(line, `${type}[${index.type}]`);
        value = { text: `${text}[${index.text}]`, type: isArray(type) ? elementOf(type).element : 'f32' };
      } else if (this.#skip('.')) {
        const part = this.#name();
        if (type !== 'vec4<f32>' || !/^[xyzw]$/.test(part)) fail(line, `.${part} of ${type}`);
        value = { text: `${text}.${part}`, type: 'f32' };
      } else return value;
    }
  }

  #primary(): TypedText {
    const { text, line, type, kind } = this.#next;
    if (type !== null) {
      this.#at++;
      return { text, type };
    }
    if (this.#skip('(')) {
      const inner = this.#expression();
      this.#expect(')');
      return { text: `(${inner.text})`, type: inner.type };
    }
    if (kind !== 'name') fail(line, text, 'a value');
    if (text === 'bitcast') {
      this.#at++;
      this.#expect('<');
      const to = this.#type();
      this.#expect('>');
      const [value, ...others] = this.#arguments();
      return value === undefined || others.length > 0 ? fail(line, text) : bitcast(line, to, value);
    }
    if (text === 'vec4' || text === 'array' || SCALARS.includes(text)) {
      const made = this.#type();
      return construct(line, made, this.#arguments());
    }
    this.#at++;
    if (this.#next.text === '(') return this.#call(line, text, this.#arguments());
    const scope = this.#scopes.find((candidate) => candidate.has(text));
    return scope === undefined
      ? fail(line, `the name ${text}`, 'a declared name')
      : { text, type: scope.get(text)! };
  }

  #arguments(): TypedText[] {
    this.#expect('(');
    const values: TypedText[] = [];
    while (!this.#skip(')')) {
      if (values.length > 0) this.#expect(',');
      values.push(this.#expression());
    }
    return values;
  }

  #call(line: number, name: string, args: readonly TypedText[]): TypedText {
    const text = `${name}(${args.map((a) => a.text).join(', ')})`;
    const types = args.map((a) => a.type).join(', ');
    if (isBuiltin(name)) return builtin(line, name, text, args);
    if (name === 'select') {
      const [no, yes, condition] = args;
      const fits = types === `${no?.type}, ${no?.type}, bool` && !isArray(no!.type);
      if (!fits) fail(line, `select(${types})`);
      return { text: `(${condition!.text} ? ${yes!.text} : ${no!.text})`, type: no!.type };
    }
    const known = this.#functions.get(name) ?? external(name);
    if (known === null) fail(line, `a call of ${name}`, 'a known function');
    const wanted = known.parameters.map((p) => p.type).join(', ');
    if (types !== wanted) fail(line, `${name}(${types})`, `${name}(${wanted})`);
    if (this.#functions.has(name) && !this.#defined.has(name)) this.#forwardCalls.add(name);
    return { text, type: known.returns };
  }
}

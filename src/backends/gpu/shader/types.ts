import { fail } from './tokens.ts';

/** A type of the subset of WGSL, as it is written there. `void` is the type of a function without a result. */
export type Type = 'f32' | 'i32' | 'u32' | 'bool' | 'vec4<f32>' | 'void' | ArrayType;

export type ArrayType = `array<${string}, ${number}>`;

/** A GLSL expression and its type. */
export interface TypedText {
  readonly text: string;
  readonly type: Type;
}

export const SCALARS: readonly string[] = ['f32', 'i32', 'u32', 'bool'];

const GLSL = { f32: 'float', i32: 'int', u32: 'uint', bool: 'bool', 'vec4<f32>': 'vec4', void: 'void' };

const ZERO = { f32: '0.0', i32: '0', u32: '0u', bool: 'false', 'vec4<f32>': 'vec4(0.0)', void: '' };

export function isArray(type: Type): type is ArrayType {
  return type.startsWith('array');
}

export function elementOf(type: ArrayType): { element: Exclude<Type, ArrayType>; size: number } {
  const [, element, size] = /^array<(.*), (\d+)>$/.exec(type)!;
  return { element: element as Exclude<Type, ArrayType>, size: Number(size) };
}

export function glslType(type: Type): string {
  if (!isArray(type)) return GLSL[type];
  const { element, size } = elementOf(type);
  return `${GLSL[element]}[${size}]`;
}

/** The initial value of a variable without one, as in WGSL. In GLSL its value would be undefined. */
export function zeroOf(type: Type): string {
  if (!isArray(type)) return ZERO[type];
  const { element, size } = elementOf(type);
  return `${glslType(type)}(${Array.from({ length: size }, () => ZERO[element]).join(', ')})`;
}

/** The GLSL functions for bitcast, by the types from and to. */
const BITCASTS: Readonly<Record<string, string>> = {
  'f32 i32': 'floatBitsToInt',
  'f32 u32': 'floatBitsToUint',
  'i32 f32': 'intBitsToFloat',
  'u32 f32': 'uintBitsToFloat',
  'i32 u32': 'uint',
  'u32 i32': 'int',
};

export function bitcast(line: number, to: Type, { text, type: from }: TypedText): TypedText {
  if (from === to) return { text: `(${text})`, type: to };
  const name = BITCASTS[`${from} ${to}`];
  if (name === undefined) fail(line, `bitcast<${to}> of ${from}`);
  return { text: `${name}(${text})`, type: to };
}

const NUMBERS = ['f32', 'i32', 'u32'];
const ARITHMETIC = [...NUMBERS, 'vec4<f32>'];
const INTEGERS = ['i32', 'u32'];

interface OperatorRule {
  /** Types of the left operand. The right operand has the same type, or the type `right`. */
  readonly on: readonly string[];
  /** Type of the result; null for the type of the left operand. */
  readonly gives: 'bool' | null;
  readonly right?: 'u32';
}

const arithmetic: OperatorRule = { on: ARITHMETIC, gives: null };
const integral: OperatorRule = { on: INTEGERS, gives: null };
const shift: OperatorRule = { on: INTEGERS, gives: null, right: 'u32' };
const order: OperatorRule = { on: NUMBERS, gives: 'bool' };
const equality: OperatorRule = { on: [...NUMBERS, 'bool'], gives: 'bool' };
const logical: OperatorRule = { on: ['bool'], gives: 'bool' };

/** By precedence, lowest first. */
const OPERATORS: readonly Readonly<Record<string, OperatorRule>>[] = [
  { '||': logical },
  { '&&': logical },
  { '|': integral },
  { '^': integral },
  { '&': integral },
  { '==': equality, '!=': equality },
  { '<': order, '<=': order, '>': order, '>=': order },
  { '<<': shift, '>>': shift },
  { '+': arithmetic, '-': arithmetic },
  { '*': arithmetic, '/': arithmetic, '%': integral },
];

export const MAX_PRECEDENCE = 9;

export function isOperator(text: string, precedence: number): boolean {
  return Object.hasOwn(OPERATORS[precedence]!, text);
}

/** `left operator right`. Neither language converts operands, but both scale a vector by a number. */
export function binary(
  line: number,
  precedence: number,
  operator: string,
  left: TypedText,
  right: TypedText,
): TypedText {
  const rule = OPERATORS[precedence]![operator]!;
  const text = `${left.text} ${operator} ${right.text}`;
  const scales = [left.type, right.type].includes('vec4<f32>') && [left.type, right.type].includes('f32');
  if (scales && rule === arithmetic) return { text, type: 'vec4<f32>' };
  const fits = rule.on.includes(left.type) && right.type === (rule.right ?? left.type);
  return fits
    ? { text, type: rule.gives ?? left.type }
    : fail(line, `${left.type} ${operator} ${right.type}`);
}

import { fail } from './tokens.ts';
import { elementOf, glslType, isArray, SCALARS, type Type, type TypedText } from './types.ts';

export interface Signature {
  readonly returns: Type;
  readonly parameters: readonly { readonly name: string; readonly type: Type }[];
}

/** Functions that both languages have, with their numbers of arguments. */
const FUNCTIONS: Readonly<Record<string, number>> = {
  abs: 1,
  ceil: 1,
  exp: 1,
  floor: 1,
  log: 1,
  max: 2,
  min: 2,
  sqrt: 1,
  trunc: 1,
};

/** The signatures of the functions that devices declare; see `ShaderProgram` in ../device/device.ts. */
export function external(name: string): Signature | null {
  const i = { name: 'i', type: 'i32' } as const;
  if (name === 'value' || /^load_\d+$/.test(name)) return { returns: 'f32', parameters: [i] };
  const x = { name: 'x', type: 'f32' } as const;
  return /^store_\d+$/.test(name) ? { returns: 'void', parameters: [i, x] } : null;
}

export function isBuiltin(name: string): boolean {
  return Object.hasOwn(FUNCTIONS, name);
}

/** A conversion to a scalar, a vector of four numbers or of one repeated, or an array with all its elements. */
export function construct(line: number, type: Type, args: readonly TypedText[]): TypedText {
  const types = args.map((a) => a.type);
  const wanted = isArray(type) ? elementOf(type) : { element: 'f32', size: 4 };
  const isScalar = SCALARS.includes(type);
  const fits = isScalar
    ? types.length === 1 && SCALARS.includes(types[0]!)
    : types.every((t) => t === wanted.element) &&
      (types.length === wanted.size || (types.length === 1 && !isArray(type)));
  if (!fits) fail(line, `${type}(${types.join(', ')})`);
  return { text: `${glslType(type)}(${args.map((a) => a.text).join(', ')})`, type };
}

export function builtin(line: number, name: string, text: string, args: readonly TypedText[]): TypedText {
  const type = args[0]?.type ?? 'void';
  const onIntegers = name === 'abs' || name === 'max' || name === 'min';
  const onThese =
    type === 'f32' || type === 'vec4<f32>' || (onIntegers && (type === 'i32' || type === 'u32'));
  const fits = onThese && args.length === FUNCTIONS[name] && args.every((a) => a.type === type);
  if (!fits) fail(line, `${name}(${args.map((a) => a.type).join(', ')})`);
  // GLSL has no abs for unsigned integers.
  return name === 'abs' && type === 'u32' ? { text: `(${args[0]!.text})`, type } : { text, type };
}

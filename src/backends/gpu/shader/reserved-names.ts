import { fail } from './tokens.ts';

/** Keywords of GLSL ES 3.00, section 3.9, that are valid names in WGSL. */
const RESERVED = `active asm atomic_uint attribute bvec2 bvec3 bvec4 cast centroid class coherent common const default
  dmat2 dmat3 dmat4 do double dvec2 dvec3 dvec4 enum extern external filter fixed flat float fvec2
  fvec3 fvec4 goto half highp hvec2 hvec3 hvec4 iimage1D iimage2D iimage3D iimageBuffer iimageCube
  image1D image2D image3D imageBuffer imageCube in inline inout input int interface invariant
  isampler2D isampler3D isamplerCube ivec2 ivec3 ivec4 layout long lowp mat2 mat3 mat4 mediump
  namespace noinline noperspective out output packed partition patch precision public readonly
  resource restrict sample sampler2D sampler3D samplerCube short sizeof smooth static struct
  subroutine superp switch template this typedef uimage2D uint uniform union unsigned usampler2D using
  uvec2 uvec3 uvec4 varying vec2 vec3 vec4 void volatile writeonly`;

/** Names of GLSL ES 3.00 and of the shader text of gpu.js, which functions and constants may not have. */
const GLOBAL_NAMES = `abs ceil exp floor log max min sqrt trunc
  acos acosh all any asin asinh atan atanh cos cosh cross degrees determinant dFdx dFdy distance dot
  equal exp2 faceforward fract fwidth greaterThan inverse inversesqrt isinf isnan length lessThan log2
  main mix mod modf normalize not notEqual outerProduct pow radians reflect refract round roundEven
  sign sin sinh smoothstep step tan tanh texelFetch texture textureSize transpose LOOP_MAX BIT_COUNT
  MAGIC_VEC SCALE_FACTOR SCALE_FACTOR_INV actualColor atan2 bitwiseAnd bitwiseNot bitwiseOr
  bitwiseSignedRightShift bitwiseXOR bitwiseZeroFillLeftShift bitwiseZeroFillRightShift cbrt color
  decode16 decode32 decode8 div_with_int_check encode32 expm1 fround get16 get32 get8
  getFloatFromSampler2D getImage2D getImage3D imul index indexTo3D integerMod kernel kernelResult
  legacyEncode32 log10 log1p modi modulo threadId _pow _pow2 _round`;

/** Throws an Error if GLSL does not allow a variable with this name. */
export function checkName(line: number, name: string): void {
  const isReserved = name.startsWith('gl_') || name.includes('__') || isAmong(RESERVED, name);
  if (isReserved) fail(line, `the name ${name}, a keyword of GLSL`, 'another name');
}

/** The same for functions and constants. */
export function checkGlobalName(line: number, name: string): void {
  checkName(line, name);
  if (isAmong(GLOBAL_NAMES, name)) fail(line, `the name ${name}, which GLSL or gpu.js uses`, 'another name');
}

function isAmong(words: string, name: string): boolean {
  return new RegExp(`\\b${name}\\b`).test(words);
}

// Typed arrays and buffers of any realm. Jest, jsdom, iframes and `vm` have their own constructors, for which `instanceof`
// is false.

const own = {
  Float32Array,
  Float64Array,
  Int8Array,
  Int16Array,
  Int32Array,
  Uint8Array,
  Uint8ClampedArray,
  Uint16Array,
  Uint32Array,
};

/** A typed array whose elements are numbers. */
export type NumberArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint8ClampedArray
  | Uint16Array
  | Uint32Array;

const nameGetter = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)!.get!;

/** The class of a typed array, `'Uint8Array'` for a Buffer; undefined for everything else. */
export const typedArrayName = (x: unknown): string | undefined => nameGetter.call(x);

/** A typed array of numbers as one of this realm, over the same memory; null for everything else. */
export function numberArray(x: unknown): NumberArray | null {
  const type = own[typedArrayName(x) as keyof typeof own];
  if (type === undefined) return null;
  const array = x as NumberArray;
  return array instanceof type
    ? array
    : new type(array.buffer as ArrayBuffer, array.byteOffset, array.length);
}

/** The bytes of a buffer or of a view of one, without a copy, none if it was transferred; null for everything else. */
export function bytesOf(x: unknown): Uint8Array | null {
  if (ArrayBuffer.isView(x))
    return x.byteLength === 0 ? new Uint8Array() : new Uint8Array(x.buffer, x.byteOffset, x.byteLength);
  if (!/^\[object (Shared)?ArrayBuffer\]$/.test(Object.prototype.toString.call(x))) return null;
  return (x as ArrayBuffer).byteLength === 0 ? new Uint8Array() : new Uint8Array(x as ArrayBuffer);
}

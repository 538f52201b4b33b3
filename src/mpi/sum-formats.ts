import { bfloat16Codes } from '../io/small-floats.ts';
import { fromArray } from '../tensor/creation.ts';
import { valuesOf } from '../tensor/evaluate.ts';
import type { Parameter } from '../tensor/parameter.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { WeightedGradients } from '../train/shard-sums.ts';
import type { RoundedSums } from '../train/world.ts';
import type { Elements } from './communicator.ts';
import type { ElementsConstructor } from './reused-memory.ts';
import { isGradient } from './sum-outline.ts';

/** How sums are computed and sent. */
export interface SumFormat {
  /** What is sent. */
  readonly Elements: ElementsConstructor;
  /** The left array may be overwritten. */
  add(left: Float32Array, right: Float32Array): Float32Array;
  /** Writes the elements of values that are rounded already, as those that `decode` and `add` return. */
  encode(values: Float32Array, into: Elements): void;
  /** The values; they may lie in the same memory. */
  decode(elements: Elements): Float32Array;
}

/** The sum of two float32 numbers in double precision, rounded to float32, is their float32 sum. */
function addTo(left: Float32Array, right: Float32Array): Float32Array {
  for (let i = 0; i < left.length; i++) left[i]! += right[i]!;
  return left;
}

const float32: SumFormat = {
  Elements: Float32Array,
  add: addTo,
  encode: (values, into) => into.set(values),
  decode: (elements) => elements as Float32Array,
};

function valuesOfCodes(codes: Uint16Array): Float32Array {
  const bits = new Int32Array(codes.length);
  for (let i = 0; i < bits.length; i++) bits[i] = codes[i]! << 16;
  return new Float32Array(bits.buffer);
}

/** The nearest bfloat16 numbers, ties to even, in a new array. */
export const roundToBfloat16 = (values: Float32Array): Float32Array => valuesOfCodes(bfloat16Codes(values));

/** Every sum is rounded. The float32 sum of two bfloat16 numbers, rounded to bfloat16, is the nearest one to their exact sum. */
const bfloat16: SumFormat = {
  Elements: Uint16Array,
  add: (left, right) => roundToBfloat16(addTo(left, right)),
  encode: (values, into) => into.set(bfloat16Codes(values)),
  decode: (elements) => valuesOfCodes(elements as Uint16Array),
};

export const sumFormats = { bfloat16, float32 } as const;

/** The tensors by the format of their sums: only gradients are rounded. */
export function* byFormat(
  shapes: ReadonlyMap<string, Shape>,
  reduceDType: keyof typeof sumFormats,
): Iterable<[SumFormat, ReadonlyMap<string, Shape>]> {
  const [rounded, others] = [new Map<string, Shape>(), new Map<string, Shape>()];
  for (const [key, shape] of shapes)
    (reduceDType === 'bfloat16' && isGradient(key) ? rounded : others).set(key, shape);
  if (rounded.size > 0) yield [bfloat16, rounded];
  if (others.size > 0) yield [float32, others];
}

const onHost = ({ node }: Tensor): Float32Array => node.storage!.array as Float32Array;

/** Gradients in bfloat16, of the shards of one process. */
export const bfloat16Sums: RoundedSums = {
  async round({ assigned, parts }) {
    const rounded = new Map<number, WeightedGradients>();
    for (const [number, { gradients, weight }] of parts) {
      const own = new Map<Parameter, Tensor>();
      for (const [p, g] of gradients) {
        const values = (await valuesOf(g)) as Float32Array;
        own.set(p, fromArray(roundToBfloat16(values), g.shape, 'float32'));
      }
      rounded.set(number, { gradients: own, weight });
    }
    return { assigned, parts: rounded };
  },
  add: (left, right) => fromArray(bfloat16.add(onHost(left).slice(), onHost(right)), left.shape, 'float32'),
};

import { describe, isRecord, refusal } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';
import { typedArrayName } from '../../ir/typed-array.ts';
import { errorMessage } from '../../util/error-message.ts';
import type { SafetensorsEntry } from '../safetensors/header.ts';
import type { FileValues } from '../safetensors/layout.ts';
import type { Transformer, TransformerClass, TransformerState } from '../transformer.ts';
import { decodeArgument, encode } from './arguments.ts';
import { damaged } from './json.ts';

const PREFIX = 'preprocessing:';

/** The arrays of a state, with the names of their elements here and in a file. */
const arrays = {
  Float64Array: ['float64', 'F64', Float64Array],
  Float32Array: ['float32', 'F32', Float32Array],
  Int32Array: ['int32', 'I32', Int32Array],
  Uint8Array: ['uint8', 'U8', Uint8Array],
} as const;

type StateArray = InstanceType<(typeof arrays)[keyof typeof arrays][2]>;

/** Transformers by name: `json` for the metadata, arrays as tensors `preprocessing:<name>/<key>`. */
export function preprocessingParts(
  operation: string,
  transformers: Readonly<Record<string, Transformer>>,
): { json: unknown; tensors: FileValues[] } {
  const tensors: FileValues[] = [];
  const json = Object.entries(transformers).map(([name, transformer]) => {
    if (name.includes('/') || name === '__proto__')
      throw refusal(operation, 'the name', name, "a name without '/'");
    if (typeof transformer?.describe !== 'function' || typeof transformer.getState !== 'function')
      throw refusal(operation, `preprocessing ${describe(name)}`, transformer, 'a Transformer');
    const { kind } = transformer.constructor as Partial<TransformerClass>;
    if (typeof kind !== 'string')
      throw refusal(operation, `the kind of ${describe(name)}`, kind, 'a static string of its class');
    const refuse = (got: string, at: string): ValueError =>
      new ValueError(
        `[${operation}] got ${got} for ${at} of ${kind} ${describe(name)}, which a file can't hold. Use numbers, strings and typed arrays.`,
      );
    const args = transformer.describe().map((arg, i) => encode(arg, `argument ${i + 1}`, refuse, null));
    const state: [string, unknown][] = [];
    for (const [key, value] of Object.entries(transformer.getState())) {
      const type = arrays[typedArrayName(value) as keyof typeof arrays];
      if (type === undefined) state.push([key, encode(value, key, refuse, null)]);
      else {
        const values = (value as StateArray).slice();
        tensors.push({
          name: `${PREFIX}${name}/${key}`,
          tensor: { dtype: type[0], shape: [values.length], size: values.length },
          values,
        });
      }
    }
    return [name, { kind, args, state: Object.fromEntries(state) }] as const;
  });
  return { json: Object.fromEntries(json), tensors };
}

/** Builds what `preprocessingParts` has written. */
export async function readPreprocessing(
  operation: string,
  json: unknown,
  entries: ReadonlyMap<string, SafetensorsEntry>,
  read: (entry: SafetensorsEntry) => Promise<Uint8Array>,
  classes: Readonly<Record<string, TransformerClass>>,
): Promise<Record<string, Transformer>> {
  const fault = (got: string): ValueError =>
    damaged(operation, 'preprocessing', got, '{ kind, args, state } by name');
  if (!isRecord(json)) throw fault(describe(json));
  const states = new Map<string, Record<string, unknown>>();
  for (const [name, entry] of Object.entries(json)) {
    if (
      !isRecord(entry) ||
      typeof entry.kind !== 'string' ||
      !Array.isArray(entry.args) ||
      !isRecord(entry.state)
    )
      throw fault(`${describe(entry)} for ${describe(name)}`);
    if (!Object.hasOwn(classes, entry.kind) || typeof classes[entry.kind] !== 'function') {
      throw new ValueError(
        `[${operation}] got a transformer of the kind ${describe(entry.kind)}, wanted its class in the option transformers.`,
      );
    }
    states.set(name, decodeArgument(entry.state, fault, () => undefined) as Record<string, unknown>);
  }
  for (const [name, entry] of entries) {
    if (!name.startsWith(PREFIX)) continue;
    const slash = name.indexOf('/');
    const state = states.get(name.slice(PREFIX.length, slash));
    const key = name.slice(slash + 1);
    const type = Object.values(arrays).find(([, code]) => code === entry.dtype)?.[2];
    if (state === undefined || slash < 0 || type === undefined || Object.hasOwn(state, key))
      throw fault(`the tensor ${describe(name)}`);
    Object.defineProperty(state, key, {
      value: new type((await read(entry)).slice().buffer as ArrayBuffer),
      enumerable: true,
    });
  }
  const made = [...states].map(([name, state]) => {
    const { kind, args } = json[name] as { kind: string; args: unknown[] };
    try {
      const given = args.map((arg) => decodeArgument(arg, fault, () => undefined));
      const transformer: Transformer = new classes[kind]!(...(given as never[]));
      transformer.setState(state as TransformerState);
      return [name, transformer] as const;
    } catch (error) {
      throw new ValueError(
        `[${operation}] got data of ${describe(name)} that ${describe(kind)} refuses: ${errorMessage(error).slice(0, 500)}`,
        { cause: error },
      );
    }
  });
  return Object.fromEntries(made);
}

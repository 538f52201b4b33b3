import { Dataset, File, Group } from 'jsfive';
import { decode, elementTypes } from '../io/elements.ts';
import { describe } from '../ir/arguments.ts';
import { NdgradError, ValueError } from '../ir/errors.ts';
import { sizeOf } from '../ir/view.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { errorMessage } from '../util/error-message.ts';
import { checkObject, rootAddress } from './hdf5-check.ts';

/** A group of an HDF5 file. */
export interface H5Group {
  /** The names of the groups and datasets in it. */
  readonly names: readonly string[];
  /** The group in it with this path, such as `layers/dense`; null if there is none. */
  group(path: string): H5Group | null;
  /** The values of the dataset with this path; null if there is none. */
  dataset(path: string): Tensor | null;
  /** A text or a list of texts; null if there is no such attribute. */
  attribute(name: string): string | readonly string[] | null;
}

/** Element types of safetensors, by jsfive's codes. */
const types: Readonly<Record<string, string>> = {
  '<f2': 'F16',
  '<f4': 'F32',
  '<f8': 'F64',
  '<i1': 'I8',
  '<i2': 'I16',
  '<i4': 'I32',
  '<i8': 'I64',
  '<u1': 'U8',
  '<u2': 'U16',
  '<u4': 'U32',
  '<u8': 'U64',
};

const DATA_LAYOUT_MESSAGE = 8;
const CONTIGUOUS = 1;

/**
 * A file that counts what is read. jsfive follows addresses without a check for circles; it slices the file for each
 * signature and each text, so that these counts end any circle.
 */
class LimitedBuffer extends ArrayBuffer {
  #calls: number;
  #bytes: number;

  constructor(source: Uint8Array) {
    super(source.length);
    new Uint8Array(this).set(source);
    this.#calls = Math.min(500_000, 2_000 + source.length / 16);
    this.#bytes = 16_000_000 + 4 * source.length;
  }

  override slice(begin?: number, end?: number): ArrayBuffer {
    const all = new Uint8Array(this);
    const part = all.slice(begin, end);
    this.#bytes -= part.length;
    if (--this.#calls < 0 || this.#bytes < 0) throw new RangeError('addresses in a circle');
    return part.buffer;
  }
}

/**
 * The root of an HDF5 file. Datasets have to be stored in one piece, as Keras writes them.
 *
 * @throws ValueError for a damaged file, and for datasets that are in pieces, compressed or of other types.
 */
export function openHdf5(operation: string, source: Uint8Array): H5Group {
  /** jsfive throws texts, TypeErrors and RangeErrors. */
  const attempt = <T>(run: () => T): T => {
    try {
      return run();
    } catch (error) {
      if (error instanceof NdgradError) throw error;
      const reason = describe(errorMessage(error));
      throw new ValueError(
        `[${operation}] got an HDF5 file that can't be read: ${reason}. It is damaged, or uses rare parts of the format; ` +
          'save the model again.',
      );
    }
  };
  const buffer = new LimitedBuffer(source);
  const file = new DataView(buffer);
  let unread = source.length;

  function read(name: string, { _dataobjects: objects }: Dataset): Tensor {
    const fault = (got: string, wanted: string): ValueError =>
      new ValueError(`[${operation}] got ${describe(name)} with ${got}, wanted ${wanted}.`);
    const { dtype, shape } = objects;
    const type = typeof dtype === 'string' && Object.hasOwn(types, dtype) ? types[dtype]! : null;
    if (type === null) throw fault(`the type ${describe(dtype)}`, 'numbers');
    const at = objects.find_msg_type(DATA_LAYOUT_MESSAGE)[0]!.get('offset_to_message');
    const [, , layout, property] = objects._get_data_message_properties(at);
    const count = sizeOf(shape);
    const length = count * elementTypes[type]!.bytes;
    if (layout !== CONTIGUOUS)
      throw fault('data in pieces', 'data in one piece. Write it without chunks and compression');
    if (count === 0) return decode(operation, name, type, shape, new Uint8Array(0));
    const start = Number(file.getBigUint64(property, true));
    if (!(start + length <= source.length)) throw fault('data beyond the end of the file', 'a whole file');
    unread -= length;
    if (unread < 0) throw fault('the data of other datasets', 'data of its own');
    return decode(operation, name, type, shape, new Uint8Array(buffer, start, length));
  }

  function open(group: Group, name: string, address: number): Group | Dataset | null {
    checkObject(file, address);
    return group.get(name);
  }

  function wrap(group: Group): H5Group {
    const names = Object.keys(group._links);
    const known = new Map<string, H5Group | Dataset | null>();
    const member = (name: string): H5Group | Dataset | null => {
      if (!known.has(name)) {
        const address = Object.hasOwn(group._links, name) ? group._links[name] : null;
        // Other links have texts; Keras writes none.
        const found = typeof address === 'number' ? attempt(() => open(group, name, address)) : null;
        known.set(name, found instanceof Group ? wrap(found) : found);
      }
      return known.get(name)!;
    };
    const groupOf = (name: string): H5Group | null => {
      const found = member(name);
      return found instanceof Dataset ? null : found;
    };
    const walk = (path: readonly string[]): H5Group | null =>
      path.reduce<H5Group | null>((at, name) => at?.group(name) ?? null, self);
    const self: H5Group = {
      names,
      group: (path) => {
        const [first = '', ...rest] = path.split('/');
        return rest.length === 0 ? groupOf(first) : walk(path.split('/'));
      },
      dataset: (path) => {
        const parts = path.split('/');
        if (parts.length > 1) return walk(parts.slice(0, -1))?.dataset(parts.at(-1)!) ?? null;
        const found = member(path);
        return found instanceof Dataset ? attempt(() => read(path, found)) : null;
      },
      attribute: (name) => {
        const attributes = attempt(() => group.attrs);
        const value = Object.hasOwn(attributes, name) ? attributes[name] : null;
        if (typeof value === 'string') return trimmed(value);
        const isList = Array.isArray(value) && value.every((item) => typeof item === 'string');
        return isList ? value.map(trimmed) : null;
      },
    };
    return self;
  }

  const root = attempt(() => {
    checkObject(file, rootAddress(file));
    return new File(buffer, '');
  });
  return wrap(root);
}

/** Texts of fixed length end with zeros. */
function trimmed(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0) end--;
  return text.slice(0, end);
}

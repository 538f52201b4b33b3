import { describe } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';
import type { ByteSource } from '../byte-source.ts';

/** What the header of a `.npy` file says. */
export interface NpyHeader {
  /** The name of the element type in safetensors files. */
  readonly type: string;
  readonly bigEndian: boolean;
  /** Whether the first axis varies fastest. */
  readonly fortran: boolean;
  readonly shape: readonly number[];
  /** The position of the first element. */
  readonly start: number;
}

/** Longer headers belong to records with many fields, which are not read. */
const MAX_HEADER = 65_536;
const MAX_AXES = 64;

const types: Readonly<Record<string, string>> = {
  b1: 'BOOL',
  u1: 'U8',
  u2: 'U16',
  u4: 'U32',
  u8: 'U64',
  i1: 'I8',
  i2: 'I16',
  i4: 'I32',
  i8: 'I64',
  f2: 'F16',
  f4: 'F32',
  f8: 'F64',
};

/**
 * Reads the header of a `.npy` file.
 *
 * @throws ValueError if it is damaged or names element types that a tensor can't hold.
 */
export async function parseHeader(operation: string, name: string, file: ByteSource): Promise<NpyHeader> {
  const fault = (got: string, wanted: string, fix = 'The file is damaged or no .npy file.'): ValueError =>
    new ValueError(`[${operation}] got ${got} for ${describe(name)}, wanted ${wanted}. ${fix}`);
  if (file.size < 12) throw fault(`${file.size} bytes`, 'at least 12');
  const prefix = await file.read(0, 12);
  const magic = String.fromCharCode(...prefix.subarray(0, 6));
  if (magic !== '\x93NUMPY') throw fault(`the first bytes ${prefix.subarray(0, 6).join(', ')}`, '\\x93NUMPY');
  const version = prefix[6]!;
  if (version < 1 || version > 3 || prefix[7] !== 0)
    throw fault(`version ${version}.${prefix[7]}`, '1.0, 2.0 or 3.0');
  const view = new DataView(prefix.buffer, prefix.byteOffset, 12);
  const from = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const start = from + length;
  if (length > MAX_HEADER) throw fault(`a header of ${length} bytes`, `at most ${MAX_HEADER}`);
  if (start > file.size) throw fault(`${file.size} bytes`, `at least ${start}`);
  const bytes = await file.read(from, length);
  // What is read is ASCII. Other characters occur in names of fields.
  const fields = parseDict(String.fromCharCode(...bytes));
  if (fields === null) {
    const records = 'Records are not read: save their fields as arrays of their own.';
    throw fault('a header', "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}", records);
  }
  const { descr, fortran, shape } = fields;
  const [, order, code] = /^([<>|=]?)(\w+)$/.exec(descr) ?? [];
  if (code === undefined || !Object.hasOwn(types, code)) {
    const fix = /O/.test(descr)
      ? 'Arrays of Python objects contain code and are not read.'
      : "Convert it in NumPy first: array.astype('float32').";
    throw fault(`element type ${describe(descr)}`, Object.keys(types).join(', '), fix);
  }
  if (shape.length > MAX_AXES || !shape.every(Number.isSafeInteger))
    throw fault(`${shape.length} axes`, `at most ${MAX_AXES} whole numbers`);
  return { type: types[code]!, bigEndian: order === '>', fortran, shape, start };
}

const entryPattern =
  /\s*(['"])(descr|fortran_order|shape)\1\s*:\s*(?:(['"])([^'"]*)\3|(True|False)|\(([\d,L\s]*)\))\s*(,|(?=\}))\s*/y;

/** The Python dictionary of a header; null if it is another one. */
function parseDict(text: string): { descr: string; fortran: boolean; shape: number[] } | null {
  const trimmed = text.trim();
  if (!trimmed.startsWith('{') || !trimmed.endsWith('}')) return null;
  const found = new Map<string, RegExpExecArray>();
  entryPattern.lastIndex = 1;
  while (entryPattern.lastIndex < trimmed.length - 1) {
    const match = entryPattern.exec(trimmed);
    if (match === null || found.has(match[2]!)) return null;
    found.set(match[2]!, match);
  }
  const descr = found.get('descr')?.[4];
  const fortran = found.get('fortran_order')?.[5];
  const tuple = found.get('shape')?.[6];
  if (descr === undefined || fortran === undefined || tuple === undefined) return null;
  // (), (3,), (2, 3), (2, 3,); Python 2 writes 3L.
  const list = tuple.trim().replace(/,$/, '');
  const items = list === '' ? [] : list.split(',').map((item) => item.trim().replace(/L$/, ''));
  if (!items.every((item) => /^\d+$/.test(item))) return null;
  return { descr, fortran: fortran === 'True', shape: items.map(Number) };
}

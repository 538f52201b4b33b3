import { checkCount, describe, isRecord } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';
import { type ByteSource, byteSource } from '../byte-source.ts';
import { checkFileName, checkStore, isFileName, type Store } from '../store.ts';
import { type Header, parseJson, readHeader } from './header.ts';

/** Opens a file of a set by its name: its bytes, or null if there is none. */
export type OpenFile = (name: string) => Promise<ByteSource | Uint8Array | ArrayBufferLike | null>;

const OPERATION = 'shardedSource';
const INDEX = '.index.json';
/** The limits of one header. */
const MAX_INDEX = 100_000_000;
const MAX_HEADERS = 100_000_000;
/** The headers that are read at the same time. */
const AT_ONCE = 8;

const fault = (got: string, wanted: string): ValueError =>
  new ValueError(
    `[${OPERATION}] got ${got}, wanted ${wanted}. The files are damaged or do not belong together.`,
  );

/**
 * Tensors that are divided among several safetensors files, as one file for readers such as `loadWeights` and
 * `readSafetensors`. Only the headers are read at once, and of the tensors what is asked for.
 *
 * The files are named as by `writeShardedSafetensors` and Hugging Face's libraries: `model.safetensors`, or
 * `model.safetensors.index.json` with `model-00001-of-00003.safetensors` and so on.
 *
 *     await loadWeights(model, await shardedSource(folderStore('my-model')));
 *
 * @param files a store, or a function that opens a file by its name.
 * @param name the name of the whole file, `'model.safetensors'` by default, which need not exist if there is an index; or the
 *   name of an index.
 * @throws ValueError if files are missing or damaged, or do not belong together.
 */
export async function shardedSource(
  files: Store | OpenFile,
  name = 'model.safetensors',
): Promise<ByteSource> {
  checkCount(OPERATION, arguments.length, 2);
  if (typeof files !== 'function') checkStore(OPERATION, files);
  checkFileName(OPERATION, name);
  const open = async (file: string): Promise<ByteSource | null> => {
    const source = await (typeof files === 'function' ? files(file) : files.read(file));
    if (source === null) return null;
    const { size, read, inMemory } = byteSource(OPERATION, source);
    return inMemory
      ? { size, read: async (from, length) => (await read(from, length)).slice() }
      : { size, read };
  };
  const isIndex = name.endsWith(INDEX);
  const whole = isIndex ? null : await open(name);
  if (whole !== null) return whole;
  const indexFile = isIndex ? name : name + INDEX;
  const index = await open(indexFile);
  if (index !== null) return join(await readIndex(indexFile, index), open);
  const wanted = isIndex ? 'one' : `it or ${describe(indexFile)}`;
  throw new ValueError(`[${OPERATION}] got no file ${describe(name)}, wanted ${wanted}. Check the name.`);
}

/** The names of tensors in each file. */
type Index = ReadonlyMap<string, ReadonlySet<string>>;

async function readIndex(name: string, source: ByteSource): Promise<Index> {
  if (source.size > MAX_INDEX)
    throw fault(`${source.size} bytes in ${describe(name)}`, `at most ${MAX_INDEX}`);
  const index = parseJson(await source.read(0, source.size), ' \n\r\t');
  const weightMap = index?.weight_map;
  if (!isRecord(weightMap))
    throw fault(
      `a text in ${describe(name)} that can't be read`,
      'JSON with each name once such as {"weight_map":{"a":"model-00001-of-00002.safetensors"}}',
    );
  const found = new Map<string, Set<string>>();
  for (const [tensor, file] of Object.entries(weightMap)) {
    if (!isFileName(file))
      throw fault(`${describe(file)} for ${describe(tensor)}`, 'the name of a file beside it');
    const tensors = found.get(file) ?? new Set();
    found.set(file, tensors.add(tensor));
  }
  return found;
}

interface Shard {
  readonly source: ByteSource;
  readonly header: Header;
  /** The position of the first tensor. */
  readonly origin: number;
}

async function openShard(
  name: string,
  wanted: ReadonlySet<string>,
  open: (name: string) => Promise<ByteSource | null>,
): Promise<Shard> {
  const source = await open(name);
  if (source === null) throw fault(`no file ${describe(name)}`, 'all files that the index names');
  const header = await readHeader(OPERATION, source).catch((error: unknown) => {
    if (!(error instanceof ValueError)) throw error;
    throw new ValueError(error.message.replace(/^\[.*?\] /, `[${OPERATION}] ${name}: `), { cause: error });
  });
  for (const tensor of header.entries.keys())
    if (!wanted.has(tensor)) throw fault(`${describe(tensor)} in ${describe(name)}`, 'what the index says');
  for (const tensor of wanted)
    if (!header.entries.has(tensor)) throw fault(`no ${describe(tensor)} in ${describe(name)}`, 'it there');
  let origin = source.size;
  for (const { start } of header.entries.values()) origin = Math.min(origin, start);
  return { source, header, origin };
}

/** One file whose header names the tensors of all shards, followed by their values. */
async function join(index: Index, open: (name: string) => Promise<ByteSource | null>): Promise<ByteSource> {
  const shards: Shard[] = [];
  const names = [...index.keys()].sort();
  let headers = 0;
  for (let i = 0; i < names.length; i += AT_ONCE) {
    const some = names.slice(i, i + AT_ONCE).map((name) => openShard(name, index.get(name)!, open));
    for (const shard of await Promise.all(some)) {
      shards.push(shard);
      headers += shard.origin;
      if (headers > MAX_HEADERS) throw fault(`headers of ${headers} bytes`, `at most ${MAX_HEADERS}`);
    }
  }
  const header = jointHeader(shards);
  const pieces: ByteSource[] = [byteSource(OPERATION, header)];
  for (const { source, origin } of shards) {
    const read: ByteSource['read'] = (offset, length) => source.read(origin + offset, length);
    pieces.push({ size: source.size - origin, read });
  }
  return concatenated(pieces);
}

function jointHeader(shards: readonly Shard[]): Uint8Array {
  const metadata = new Map<string, string>();
  const members: string[] = [];
  let base = 0;
  for (const { source, header, origin } of shards) {
    for (const [key, value] of Object.entries(header.metadata))
      if (!metadata.has(key)) metadata.set(key, value);
    for (const [name, { dtype, shape, start, end }] of header.entries) {
      const data_offsets = [start - origin + base, end - origin + base];
      members.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets })}`);
    }
    base += source.size - origin;
  }
  if (metadata.size > 0) members.unshift(`"__metadata__":${JSON.stringify(Object.fromEntries(metadata))}`);
  const text = new TextEncoder().encode(`{${members.join()}}`);
  const header = new Uint8Array(8 + text.length);
  new DataView(header.buffer).setUint32(0, text.length, true);
  header.set(text, 8);
  return header;
}

/** Sources one after the other. */
function concatenated(pieces: readonly ByteSource[]): ByteSource {
  const size = pieces.reduce((sum, piece) => sum + piece.size, 0);
  return {
    size,
    async read(offset, length) {
      let start = 0;
      let bytes: Uint8Array | undefined;
      for (const piece of pieces) {
        const from = Math.max(0, offset - start);
        const to = Math.min(piece.size, offset + length - start);
        start += piece.size;
        if (from >= to) continue;
        const part = await piece.read(from, to - from);
        if (to - from === length) return part;
        bytes ??= new Uint8Array(length);
        bytes.set(part, start - piece.size + from - offset);
      }
      return bytes ?? new Uint8Array(0);
    },
  };
}

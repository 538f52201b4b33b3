import { refusal } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';
import { checkFileName, type Store } from '../store.ts';
import { byteLength, type FileValues, type FloatFormat, layOutParts } from './layout.ts';

// Several files for one set of tensors, as Hugging Face's libraries name them.

const SUFFIX = '.safetensors';

/** The name of the file with all tensors, if there is only one. */
export const wholeName = (name: string): string => name + SUFFIX;

/** The name of the file that says in which file each tensor is. */
export const indexName = (name: string): string => `${name}${SUFFIX}.index.json`;

/** The name of shard i of n, counted from 1. */
const shardName = (name: string, i: number, n: number): string =>
  `${name}-${String(i).padStart(5, '0')}-of-${String(n).padStart(5, '0')}${SUFFIX}`;

const isShard = (file: string, name: string): boolean =>
  file.startsWith(`${name}-`) && /^\d{5}-of-\d{5}\.safetensors$/.test(file.slice(name.length + 1));

/** How tensors are divided among files. */
export interface ShardOptions {
  /** The beginning of the names of all files; `'model'` by default. */
  readonly name?: string;
  /** The most bytes of tensors in one file, 5 GB by default. A larger tensor has a file of its own. */
  readonly shardBytes?: number;
}

/** The values of `ShardOptions` that are not given. */
export const shardDefaults = { name: 'model', shardBytes: 5_000_000_000 } as const;

/** @throws ValueError unless files can be named and divided like this. */
export function checkShards(operation: string, name: unknown, shardBytes: unknown): void {
  checkFileName(operation, typeof name === 'string' ? shardName(name, 1, 1) : name);
  if (!Number.isSafeInteger(shardBytes) || (shardBytes as number) < 1)
    throw refusal(operation, 'shardBytes', shardBytes, 'a whole number of bytes from 1 up');
}

const MOST = 99_999;

/**
 * Writes tensors into one file, or into several and an index. The index is removed first and written last, so that a set of
 * which only a part has been written is never taken for a whole one.
 */
export async function writeShards(
  operation: string,
  store: Store,
  tensors: readonly FileValues[],
  metadata: Readonly<Record<string, string>>,
  float: FloatFormat,
  { name, shardBytes }: Required<ShardOptions>,
): Promise<void> {
  const shards: FileValues[][] = [[]];
  let total = 0;
  let size = 0;
  for (const tensor of tensors) {
    const bytes = byteLength(tensor, float);
    if (size > 0 && bytes > 0 && size + bytes > shardBytes) {
      shards.push([]);
      size = 0;
    }
    shards.at(-1)!.push(tensor);
    size += bytes;
    total += bytes;
  }
  const count = shards.length;
  if (count > MOST)
    throw new ValueError(
      `[${operation}] got shardBytes ${shardBytes}, which needs ${count} files, wanted at most ${MOST}. Raise it.`,
    );
  const write = (file: string, shard: readonly FileValues[]): Promise<void> =>
    store.write(file, layOutParts(operation, shard, metadata, float).parts());
  const written = new Set<string>();
  if (count === 1) {
    await write(wholeName(name), tensors);
    await store.remove(indexName(name));
  } else {
    await store.remove(indexName(name));
    const weightMap: [tensor: string, file: string][] = [];
    for (const [i, shard] of shards.entries()) {
      const file = shardName(name, i + 1, count);
      await write(file, shard);
      written.add(file);
      for (const tensor of shard) weightMap.push([tensor.name, file]);
    }
    const index = { metadata: { total_size: total }, weight_map: Object.fromEntries(weightMap) };
    await store.write(indexName(name), [new TextEncoder().encode(`${JSON.stringify(index, null, 2)}\n`)]);
    await store.remove(wholeName(name));
  }
  for (const file of await store.list())
    if (isShard(file, name) && !written.has(file)) await store.remove(file);
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Tensor, zeros } from '../../src/index.ts';
import {
  readNpy,
  readNpz,
  readSafetensors,
  shardedSource,
  writeNpy,
  writeNpz,
  writeSafetensors,
  writeShardedSafetensors,
} from '../../src/io.ts';
import { fileSource, folderStore, saveFile } from '../../src/node.ts';
import { timing } from '../measure.ts';
import type { Session } from '../session.ts';
import { alignColumns, threeDigits } from '../tables.ts';

const count = 10;
const elements = 2_500_000;
const bytes = 4 * count * elements;

/** Reading and writing float32 tensors as files, in memory and in a folder of the system for temporary files. */
export async function benchFiles(session: Session): Promise<void> {
  const tensors: Record<string, Tensor> = {};
  for (let i = 0; i < count; i++) tensors[`t${i}`] = zeros([elements]);
  for (const tensor of Object.values(tensors)) await tensor.data();
  const one = zeros([count, elements]);
  await one.data();
  const files = {
    safetensors: await writeSafetensors(tensors),
    half: await writeSafetensors(tensors, { dtype: 'float16' }),
    npy: await writeNpy(one),
    npz: await writeNpz(tensors),
  };
  const folder = await mkdtemp(join(tmpdir(), 'ndgrad-bench-'));
  const store = folderStore(folder);
  const path = join(folder, 'one.safetensors');
  const all = async (names: Iterable<string>, read: (name: string) => Promise<Tensor>): Promise<void> => {
    for (const name of names) await read(name);
  };
  const openAll = async (...given: Parameters<typeof readSafetensors>): Promise<void> => {
    const { entries, read } = await readSafetensors(...given);
    await all(entries.keys(), read);
  };
  const work: Record<string, () => Promise<unknown>> = {
    'copy in memory': async () => files.safetensors.slice(),
    'write safetensors': () => writeSafetensors(tensors),
    'read safetensors': () => openAll(files.safetensors),
    'read safetensors, copy: false': () => openAll(files.safetensors, { copy: false }),
    'write safetensors, float16': () => writeSafetensors(tensors, { dtype: 'float16' }),
    'read safetensors, float16': () => openAll(files.half),
    'write npy': () => writeNpy(one),
    'read npy': () => readNpy(files.npy),
    'write npz': () => writeNpz(tensors),
    'read npz': async () => {
      const { names, read } = await readNpz(files.npz);
      await all(names, read);
    },
    'folder: write safetensors': () => saveFile(path, files.safetensors),
    'folder: read safetensors': async () => openAll(await fileSource(path)),
    'folder: write shards of 30 MB': () => writeShardedSafetensors(store, tensors, { shardBytes: 3e7 }),
    'folder: read shards': async () => openAll(await shardedSource(store)),
  };
  const [library] = session.libraries;
  const lines: string[][] = [];
  try {
    for (const [label, run] of Object.entries(work)) {
      const seconds: number[] = [];
      for (let round = 0; round <= session.settings.rounds; round++) {
        const start = performance.now();
        await run();
        if (round > 0) seconds.push((performance.now() - start) / 1000); // the first one is a warm-up
      }
      const { median, minimum, ...rest } = timing(seconds);
      if (library !== undefined) session.record('files', label, library, { median, minimum, ...rest });
      const rate = (time: number): string => threeDigits(bytes / time / 1e9);
      lines.push([label, `${rate(median)} (${rate(minimum)})`]);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  console.log(`\nFiles of ${bytes / 1e6} MB of float32, in GB/s: median (best)`);
  for (const line of alignColumns([['', 'ndgrad'], ...lines])) console.log(line);
  console.log('Writing to a folder includes the time until the file is on the disk.');
}

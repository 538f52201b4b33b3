import { resolve } from 'node:path';
import type { Content } from '../io/content.ts';
import { checkCount } from '../ir/arguments.ts';
import { checkPath } from './path.ts';
import { writeWhole } from './whole-file.ts';

/**
 * Writes a file whole or not at all: if the process is killed or the disk is full, an old file stays as it is. When the
 * promise is fulfilled, the file is on the disk. Missing folders are made.
 *
 * The content goes to a temporary file in the same folder, `.ndgrad-....tmp`, which is then renamed. One that a killed
 * process has left is removed by the next write in the folder.
 *
 *     await saveFile('model.safetensors', await saveWeights(model));
 *
 * @param content bytes, or parts of them, each of which is written before the next one is asked for.
 * @throws StateError for a full disk; ValueError for a path that can't be written to.
 */
export async function saveFile(path: string, content: Content): Promise<void> {
  checkCount('saveFile', arguments.length, 2);
  checkPath('saveFile', path, 'a file');
  await writeWhole('saveFile', resolve(path), content);
}

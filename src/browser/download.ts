import type { Content } from '../io/content.ts';
import { checkCount, refusal } from '../ir/arguments.ts';
import { StateError } from '../ir/errors.ts';
import { setTimeout } from '../util/timers.ts';
import { blobOf } from './blob.ts';

/**
 * Offers a file to the user as a download. Call it while the page handles a click, or browsers may ask the user first.
 *
 *     await download(await saveWeights(model), 'model.safetensors');
 *
 * @param content bytes, or parts of them.
 * @param name the name of the file that the browser proposes.
 * @throws StateError in a worker, which has no document.
 */
export async function download(content: Content, name: string): Promise<void> {
  checkCount('download', arguments.length, 2);
  if (typeof name !== 'string' || name === '')
    throw refusal('download', 'name', name, "the name of a file, such as 'model.safetensors'");
  if (typeof document === 'undefined')
    throw new StateError(
      '[download] got no document, wanted a page. Send the bytes from the worker to the page.',
    );
  const url = URL.createObjectURL(await blobOf('download', content));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // Browsers do not say when they have begun to read it.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

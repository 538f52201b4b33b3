import type { ByteSource } from '../io/byte-source.ts';
import { joinBytes } from '../io/join-bytes.ts';
import { checkCount, checkSignal, readOptions, refusal } from '../ir/arguments.ts';
import { MemoryError, StateError, ValueError } from '../ir/errors.ts';
import { errorMessage } from '../util/error-message.ts';
import type { Signal } from '../util/host-types.ts';

/** Options of `urlSource`. */
export interface UrlSourceOptions {
  /** Headers of the requests, such as `Authorization`; none by default. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Stops requests; reads then reject with its reason. */
  readonly signal?: Signal;
}

/** What the first request asks for: the headers of most files. */
const FIRST = 65_536;
/** The most that is read as a whole from a server without range requests. */
const WHOLE = 100_000_000;

/**
 * A file on a server as a source for readers such as `loadWeights` and `readSafetensors`. They request the parts that they
 * need, with HTTP range requests. If the server does not answer these, a file of at most 100 MB is read as a whole; a
 * larger one is an error.
 *
 *     await loadWeights(model, await urlSource('https://example.com/model.safetensors'));
 *
 * For a server of another origin than the page, it must allow the page to read it (`Access-Control-Allow-Origin`), and
 * name `Content-Range` in `Access-Control-Expose-Headers`.
 *
 * @throws ValueError for an answer such as 404; StateError if there is no answer, or the file changes.
 */
export async function urlSource(
  url: string | { readonly href: string },
  options?: UrlSourceOptions,
): Promise<ByteSource> {
  checkCount('urlSource', arguments.length, 2);
  const { headers, signal } = readOptions('urlSource', options, { headers: {}, signal: undefined });
  checkSignal('urlSource', signal);
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers))
    throw refusal('urlSource', 'headers', headers, "an object such as { Authorization: 'Bearer ...' }");
  const address = typeof url === 'string' ? url : (Object(url) as { href?: unknown }).href;
  if (typeof address !== 'string') throw refusal('urlSource', 'url', url, 'an address as a string or URL');
  return openUrl({ address, headers, signal: signal as AbortSignal | undefined });
}

interface Request {
  readonly address: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
}

async function openUrl(request: Request): Promise<ByteSource> {
  const response = await ask(request, 0, FIRST);
  const range = rangeOf(response);
  if (response.status === 200) {
    const bytes = await readWhole(request, response);
    return { size: bytes.length, read: async (offset, length) => bytes.slice(offset, offset + length) };
  }
  if (response.status === 416 && range?.size === 0) return { size: 0, read: async () => new Uint8Array(0) };
  if (response.status !== 206) throw refused(request, response);
  if (range === null) {
    await response.body?.cancel();
    throw new ValueError(
      `[urlSource] ${request.address}: got an answer without Content-Range, wanted one with the size of the file. ` +
        'The server must name it in Access-Control-Expose-Headers.',
    );
  }
  const { size } = range;
  const first = await readExactly(request, response, Math.min(FIRST, size));
  const tag = response.headers.get('etag');
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    if (length === 0 || offset + length <= first.length) return first.slice(offset, offset + length);
    const part = await ask(request, offset, length);
    const found = rangeOf(part);
    const changed = found?.size !== size || found.start !== offset || tag !== part.headers.get('etag');
    if (part.status === 206 && !changed) return readExactly(request, part, length);
    if (part.status !== 206 && part.status !== 200 && part.status !== 416) throw refused(request, part);
    await part.body?.cancel();
    throw new StateError(
      `[urlSource] ${request.address}: got a file that has changed since it was opened, wanted the same. Open it again.`,
    );
  };
  return { size, read };
}

/** Asks for a part of the file. */
async function ask({ address, headers, signal }: Request, offset: number, length: number): Promise<Response> {
  try {
    const range = `bytes=${offset}-${offset + length - 1}`;
    return await fetch(address, { headers: { ...headers, Range: range }, signal: signal ?? null });
  } catch (error) {
    throw failed(address, signal, error);
  }
}

function failed(address: string, signal: AbortSignal | undefined, error: unknown): unknown {
  if (signal?.aborted) return error;
  return new StateError(
    `[urlSource] ${address}: got no answer (${errorMessage(error)}), wanted the file. ` +
      'Check the address and the connection, and whether the server allows this page to read it.',
    { cause: error },
  );
}

function refused({ address }: Request, { status, body }: Response): ValueError {
  void body?.cancel().catch(() => {});
  return new ValueError(
    `[urlSource] ${address}: got the status ${status}, wanted 206 or 200. Check the address.`,
  );
}

/** Where a part of the file begins, and the size of the file; null if the answer does not say it. */
function rangeOf({ headers }: Response): { start: number; size: number } | null {
  const [, start = '0', size] =
    /^bytes (?:(\d+)-\d+|\*)\/(\d+)$/.exec(headers.get('content-range') ?? '') ?? [];
  return size === undefined ? null : { start: Number(start), size: Number(size) };
}

/** Reads an answer of this length. */
async function readExactly(request: Request, response: Response, length: number): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(length);
  } catch {
    await response.body?.cancel();
    throw new MemoryError(
      `[urlSource] ${request.address}: ${length} bytes do not fit into JavaScript's memory. Read smaller parts.`,
    );
  }
  let at = 0;
  for await (const chunk of chunksOf(request, response)) {
    if (at + chunk.length <= length) bytes.set(chunk, at);
    at += chunk.length;
    if (at > length) break;
  }
  if (at === length) return bytes;
  throw new StateError(
    `[urlSource] ${request.address}: got ${at > length ? 'more' : `${at} bytes`}, wanted ${length} bytes. ` +
      'The server must send the file without compression.',
  );
}

/** Reads the answer of a server that ignores ranges. */
async function readWhole(request: Request, response: Response): Promise<Uint8Array> {
  const tooLong = (): ValueError =>
    new ValueError(
      `[urlSource] ${request.address}: got the whole file and not a part of it, wanted a server with range requests for more ` +
        'than 100 MB. Use another server, or download the file first.',
    );
  if (Number(response.headers.get('content-length')) > WHOLE) {
    await response.body?.cancel();
    throw tooLong();
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunksOf(request, response)) {
    size += chunk.length;
    if (size > WHOLE) throw tooLong();
    chunks.push(chunk);
  }
  return joinBytes('urlSource', chunks, size);
}

/** The body of an answer as it arrives. What is not asked for is not received. */
async function* chunksOf(
  { address, signal }: Request,
  { body }: Response,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (body === null) return;
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (error) {
    throw failed(address, signal, error);
  } finally {
    await reader.cancel().catch(() => {});
  }
}

import { type FileHandle, open, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ByteSource } from '../io/byte-source.ts';
import { checkCount } from '../ir/arguments.ts';
import { MemoryError, StateError, ValueError } from '../ir/errors.ts';
import { yieldToEventLoop } from '../util/event-loop.ts';
import { codeOf } from './error-code.ts';
import { fileError } from './file-error.ts';
import { checkPath } from './path.ts';

/**
 * A file of any size as a source for readers such as `loadWeights` and `readSafetensors`, which read the parts that they
 * need. The file is open only while it is read: nothing has to be closed.
 *
 * @throws ValueError if there is no file at this path, or it may not be read.
 */
export async function fileSource(path: string): Promise<ByteSource> {
  checkCount('fileSource', arguments.length, 1);
  checkPath('fileSource', path, 'a file');
  const source = await openSource('fileSource', resolve(path), path);
  if (source !== null) return source;
  throw new ValueError(`[fileSource] ${path}: got no file, wanted a readable file. Check the path.`);
}

/** The file at a path as a source; null if there is none. */
export async function openSource(operation: string, file: string, path: string): Promise<ByteSource | null> {
  try {
    const found = await stat(file, { bigint: true });
    // Opening a pipe would wait for its other end.
    if (found.isFile()) return new FileSource(operation, file, path, found);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(String(codeOf(error)))) return null;
    throw fileError(operation, path, error, 'a readable file');
  }
  throw new ValueError(`[${operation}] ${path}: got a folder or a device, wanted a file. Check the path.`);
}

/** What tells a file from another one that has replaced it, and from itself after a change. */
interface Identity {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
}

/** Larger reads would block one of Node's few threads for long. */
const MOST = 64 * 1024 * 1024;

class FileSource implements ByteSource {
  readonly size: number;
  readonly #operation: string;
  readonly #file: string;
  readonly #path: string;
  readonly #identity: Identity;
  #handle: Promise<FileHandle> | null = null;
  #reads = 0;

  constructor(operation: string, file: string, path: string, identity: Identity) {
    this.size = Number(identity.size);
    this.#operation = operation;
    this.#file = file;
    this.#path = path;
    this.#identity = identity;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    this.#reads++;
    try {
      const bytes = this.#allocate(length);
      this.#handle ??= this.#open();
      const handle = await this.#handle;
      for (let at = 0; at < length; ) {
        const { bytesRead } = await handle.read(bytes, at, Math.min(MOST, length - at), offset + at);
        if (bytesRead === 0) throw this.#changed();
        at += bytesRead;
      }
      return bytes;
    } catch (error) {
      throw fileError(this.#operation, this.#path, error, 'a readable file');
    } finally {
      this.#reads--;
      void this.#closeWhenIdle();
    }
  }

  /** Reads that follow at once use the same handle. */
  async #closeWhenIdle(): Promise<void> {
    await yieldToEventLoop();
    if (this.#reads > 0 || this.#handle === null) return;
    const handle = this.#handle;
    this.#handle = null;
    await handle.then(
      (open) => open.close(),
      () => {}, // the read has reported it
    );
  }

  async #open(): Promise<FileHandle> {
    const handle = await open(this.#file, 'r');
    const now: Identity = await handle.stat({ bigint: true });
    const same = (['dev', 'ino', 'size', 'mtimeNs'] as const).every(
      (key) => now[key] === this.#identity[key],
    );
    if (same) return handle;
    await handle.close();
    throw this.#changed();
  }

  #changed(): StateError {
    return new StateError(
      `[${this.#operation}] ${this.#path}: got a file that has changed since it was opened, wanted the same. Open it again.`,
    );
  }

  #allocate(length: number): Uint8Array<ArrayBuffer> {
    try {
      return new Uint8Array(length);
    } catch {
      throw new MemoryError(
        `[${this.#operation}] ${this.#path}: ${length} bytes do not fit into JavaScript's memory. Read smaller parts.`,
      );
    }
  }
}

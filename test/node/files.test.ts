import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { fileSource, folderStore, saveFile } from 'ndgrad/node';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { NdgradError, StateError, ValueError } from '../../src/ir/errors.ts';
import { makeFolder } from '../../src/node/folder.ts';
import { renameFile } from '../../src/node/whole-file.ts';

// Errors of the system that a test wants, by the method of a file handle.
const failing = vi.hoisted(() => new Map<string, string>());
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const fail = async (method: string): Promise<void> => {
    const code = failing.get(method);
    if (code !== undefined) throw Object.assign(new Error(`${code}: ${method}`), { code, syscall: method });
  };
  const open: typeof real.open = async (path, flags, mode) => {
    await fail('open');
    const handle = await real.open(path, flags, mode);
    if (flags !== 'wx') return handle;
    return new Proxy(handle, {
      get: (target, key) => {
        const value = Reflect.get(target, key);
        if (typeof value !== 'function') return value;
        return async (...args: unknown[]) => {
          const result = await value.apply(target, args);
          await fail(String(key)); // after a close, which must not be left out
          return result;
        };
      },
    });
  };
  const rename: typeof real.rename = async (from, to) => {
    await fail('rename');
    await real.rename(from, to);
  };
  return { ...real, open, rename, default: real };
});
afterEach(() => failing.clear());

const scratch = mkdtempSync(join(tmpdir(), 'ndgrad-files-'));
afterAll(() => rmSync(scratch, { recursive: true }));
let count = 0;
const newFolder = (): string => {
  const path = join(scratch, `${count++}`);
  mkdirSync(path);
  return path;
};
const bytes = (...list: number[]): Uint8Array => Uint8Array.from(list);
/** A program of the folder `files`, bundled into one file. */
function program(name: string): string {
  const outfile = join(scratch, `${name}.mjs`);
  const entry = fileURLToPath(new URL(`files/${name}.ts`, import.meta.url));
  const options = { bundle: true, format: 'esm', platform: 'node', packages: 'external' } as const;
  if (!existsSync(outfile)) buildSync({ entryPoints: [entry], outfile, ...options });
  return outfile;
}
const temporary = (folder: string): string[] => readdirSync(folder).filter((name) => name.endsWith('.tmp'));
const messageOf = (action: Promise<unknown>): Promise<Error> =>
  action.then(
    () => {
      throw new Error('no error');
    },
    (error) => error,
  );

describe('saveFile', () => {
  it('writes bytes, buffers and parts, in folders that it makes', async () => {
    const path = join(newFolder(), 'a/b/file');
    await saveFile(path, bytes(1, 2, 3));
    expect([...readFileSync(path)]).toEqual([1, 2, 3]);
    await saveFile(path, bytes(1, 2, 3, 4).buffer);
    expect([...readFileSync(path)]).toEqual([1, 2, 3, 4]);
    const shared = new Uint8Array(new SharedArrayBuffer(2)).fill(7);
    await saveFile(path, [bytes(), shared, bytes(8, 9).subarray(1)]);
    expect([...readFileSync(path)]).toEqual([7, 7, 9]);
    await saveFile(path, []);
    expect(readFileSync(path)).toHaveLength(0);
    expect(readdirSync(join(path, '..'))).toEqual(['file']);
  });

  it('asks for a part when the one before is written', async () => {
    const folder = newFolder();
    const sizes: number[] = [];
    const size = (): number => statSync(join(folder, temporary(folder)[0]!)).size;
    await saveFile(
      join(folder, 'file'),
      (async function* () {
        for (let i = 0; i < 3; i++) {
          sizes.push(size());
          yield new Uint8Array(1000);
        }
      })(),
    );
    expect(sizes).toEqual([0, 1000, 2000]);
  });

  it('replaces a file instead of writing to it, and keeps its permissions', async () => {
    const path = join(newFolder(), 'file');
    await saveFile(path, bytes(1, 1));
    chmodSync(path, 0o600);
    const reader = openSync(path, 'r');
    try {
      await saveFile(path, bytes(2));
      // Who opened the file before reads the old content.
      expect([...readFileSync(reader)]).toEqual([1, 1]);
    } finally {
      closeSync(reader);
    }
    expect([...readFileSync(path)]).toEqual([2]);
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it.skipIf(process.platform === 'win32')('writes through symbolic links', async () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'other'));
    symlinkSync('other/file', join(folder, 'link'));
    writeFileSync(join(folder, 'other/file'), 'old');
    await saveFile(join(folder, 'link'), bytes(5));
    expect([...readFileSync(join(folder, 'other/file'))]).toEqual([5]);
    expect(readdirSync(folder).sort()).toEqual(['link', 'other']);
  });

  it('refuses folders, devices and paths below files', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'file'), '');
    await expect(saveFile(folder, bytes())).rejects.toThrow(
      `[saveFile] ${folder}: got a folder or a device, wanted a file. Check the path.`,
    );
    if (existsSync('/dev/null')) await expect(saveFile('/dev/null', bytes())).rejects.toThrow('a device');
    await expect(saveFile(join(folder, 'file/below'), bytes())).rejects.toThrow(
      `${folder}/file/below: got EEXIST, wanted a file to write to. Check the path.`,
    );
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('leaves the old file, and no other one, if a part fails', async () => {
    const folder = newFolder();
    const path = join(folder, 'file');
    await saveFile(path, bytes(1));
    const fault = new Error('from the caller');
    const parts = function* () {
      yield bytes(2);
      throw fault;
    };
    expect(await messageOf(saveFile(path, parts()))).toBe(fault);
    await expect(saveFile(path, ['text'] as never)).rejects.toThrow(
      "[saveFile] got a part 'text', wanted a Uint8Array.",
    );
    await expect(saveFile(path, 'text' as never)).rejects.toThrow(
      "[saveFile] got content 'text', wanted a Uint8Array or an iterable of Uint8Arrays.",
    );
    expect([...readFileSync(path)]).toEqual([1]);
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it.each([
    ['write', 'ENOSPC', StateError, 'got ENOSPC (the disk is full), wanted a file to write to. Free space'],
    ['sync', 'ENOSPC', StateError, 'got ENOSPC (the disk is full)'],
    ['close', 'EDQUOT', StateError, 'got EDQUOT (the disk quota is used up)'],
    ['write', 'EIO', StateError, 'got EIO (the disk has failed)'],
    [
      'open',
      'EROFS',
      ValueError,
      'got EROFS (the disk is read-only), wanted a file to write to. Use another',
    ],
    ['open', 'EACCES', ValueError, 'got EACCES (permission denied)'],
    ['rename', 'EPERM', ValueError, 'got EPERM (permission denied)'],
  ] as const)('that fails to %s with %s leaves the old file', async (method, code, kind, text) => {
    const folder = newFolder();
    const path = join(folder, 'file');
    await saveFile(path, bytes(1));
    failing.set(method, code);
    const error = await messageOf(saveFile(path, bytes(2)));
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toContain(`[saveFile] ${path}: ${text}`);
    expect(error.message).not.toContain('\n');
    expect([...readFileSync(path)]).toEqual([1]);
    failing.clear();
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it.skipIf(process.platform === 'win32')('says in one line that a file is too large', () => {
    const path = join(newFolder(), 'file');
    const command = 'ulimit -f 100; "$0" "$1" "$2" 1000000';
    const { stdout } = spawnSync('bash', ['-c', command, process.execPath, program('save'), path], {
      encoding: 'utf8',
    });
    expect(stdout).toMatch(/^StateError \[saveFile\] .*: got EFBIG \(larger than .*\), wanted a file .*\n$/);
    expect(readdirSync(join(path, '..'))).toEqual([]);
  });

  it.skipIf(process.platform === 'win32')('says in one line that a folder or a file is read-only', () => {
    const folder = newFolder();
    chmodSync(scratch, 0o755);
    const path = join(folder, 'file');
    // The superuser may write everywhere.
    const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    const save = program('save');
    const run = () => spawnSync(process.execPath, [save, path, '3'], { encoding: 'utf8', ...user });
    chmodSync(folder, 0o555);
    const wanted = `ValueError [saveFile] ${path}: got EACCES (permission denied), wanted a file to write to. `;
    expect(run().stdout).toBe(`${wanted}Change the permissions, or use another folder.\n`);
    chmodSync(folder, 0o777);
    expect(run().stdout).toBe('saved\n');
    chmodSync(path, 0o444);
    expect(run().stdout).toContain(wanted);
    expect(readdirSync(folder)).toEqual(['file']);
  });
});

describe('makeFolder', () => {
  it('makes the folders above, and takes existing ones', async () => {
    const path = join(newFolder(), 'a/b/c');
    await Promise.all([makeFolder(path), makeFolder(path)]);
    await makeFolder(path);
    expect(statSync(path).isDirectory()).toBe(true);
  });

  it('fails where no folder can be', async () => {
    const file = join(newFolder(), 'file');
    writeFileSync(file, '');
    await expect(makeFolder(file)).rejects.toThrow('EEXIST');
    await expect(makeFolder(join(file, 'below'))).rejects.toThrow('ENOTDIR');
    if (existsSync('/proc/self')) await expect(makeFolder('/proc/ndgrad/below')).rejects.toThrow('ENOENT');
  });
});

describe('renameFile', () => {
  const fails = (codes: string[]) => async () => {
    const code = codes.shift();
    if (code !== undefined) throw Object.assign(new Error(code), { code });
  };

  it('tries again on Windows while a file is in use', async () => {
    const waited: number[] = [];
    const wait = async (milliseconds: number) => {
      waited.push(milliseconds);
    };
    await renameFile('a', 'b', { platform: 'win32', rename: fails(['EPERM', 'EACCES', 'EBUSY']), wait });
    expect(waited).toEqual([10, 20, 40]);
  });

  it('gives up after some seconds, at once for other errors, and on other systems', async () => {
    let waited = 0;
    const wait = async (milliseconds: number) => {
      waited += milliseconds;
    };
    const host = { platform: 'win32', rename: fails(Array(100).fill('EBUSY')), wait };
    await expect(renameFile('a', 'b', host)).rejects.toThrow('EBUSY');
    expect(waited).toBe(5110);
    await expect(renameFile('a', 'b', { ...host, rename: fails(['ENOENT']) })).rejects.toThrow('ENOENT');
    await expect(
      renameFile('a', 'b', { ...host, platform: 'linux', rename: fails(['EPERM']) }),
    ).rejects.toThrow('EPERM');
    expect(waited).toBe(5110);
  });
});

/** A file with a name of a temporary file, of a process on this computer unless another one is given. */
function leftover(folder: string, pid: number, host = hostname()): string {
  const hash = createHash('sha256').update(host).digest('hex').slice(0, 8);
  const path = join(folder, `.ndgrad-${hash}-${pid}-1-00000000.tmp`);
  writeFileSync(path, '');
  return path;
}

describe('temporary files', () => {
  it('of processes that have ended are removed by the next write', async () => {
    const folder = newFolder();
    leftover(folder, 99999999);
    for (const name of ['notes.tmp', '.other.tmp']) writeFileSync(join(folder, name), '');
    await saveFile(join(folder, 'file'), bytes(1));
    expect(readdirSync(folder).sort()).toEqual(['.other.tmp', 'file', 'notes.tmp']);
  });

  it('of other computers are removed after a day', async () => {
    const folder = newFolder();
    const path = leftover(folder, process.pid, 'another');
    await saveFile(join(folder, 'file'), bytes(1));
    expect(existsSync(path)).toBe(true);
    utimesSync(path, 0, statSync(folder).mtimeMs / 1000 - 25 * 3600);
    await saveFile(join(folder, 'file'), bytes(1));
    expect(existsSync(path)).toBe(false);
  });

  const listeners = process.listenerCount('exit');

  it('of this process are left alone', async () => {
    const folder = newFolder();
    const inside: string[][] = [];
    await saveFile(
      join(folder, 'a'),
      (async function* () {
        await saveFile(join(folder, 'b'), bytes(2));
        inside.push(temporary(folder));
        yield bytes(1);
      })(),
    );
    expect(inside[0]).toHaveLength(1);
    expect(readdirSync(folder)).toEqual(['a', 'b']);
    expect(process.listenerCount('exit')).toBe(listeners);
  });
});

/** The content of the files of writer.ts without their SHA-256, which must be right. */
async function expectWhole(folder: string): Promise<number> {
  const store = folderStore(folder);
  const names = await store.list();
  for (const name of names) {
    const source = (await store.read(name))!;
    const content = await source.read(0, source.size - 32);
    const hash = await source.read(source.size - 32, 32);
    expect(source.size).toBe(1_600_032);
    expect(createHash('sha256').update(content).digest('hex')).toBe(Buffer.from(hash).toString('hex'));
  }
  return names.length;
}

const ended = (child: ChildProcess): Promise<unknown> =>
  new Promise((resolve) => child.once('exit', resolve));

describe('a process that is killed while it writes', () => {
  it('leaves whole files, and what else it leaves is removed', async () => {
    const folder = newFolder();
    for (let i = 0; i < 8; i++) {
      const child = fork(program('writer'), [folder], { execArgv: [] });
      const exit = ended(child);
      await Promise.race([new Promise((resolve) => child.once('message', resolve)), exit]);
      // At any moment of one of the next writes.
      await new Promise((resolve) => setTimeout(resolve, 40 * Math.random()));
      child.kill('SIGKILL');
      await exit;
      expect(child.signalCode).toBe('SIGKILL');
      expect(temporary(folder).length).toBeLessThanOrEqual(1);
      expect(await expectWhole(folder)).toBeGreaterThan(0);
    }
    await folderStore(folder).write('last', []);
    expect(temporary(folder)).toEqual([]);
  });
});

describe('fileSource', () => {
  it('reads parts of a file', async () => {
    const path = join(newFolder(), 'file');
    await saveFile(path, bytes(1, 2, 3, 4, 5));
    const source = await fileSource(path);
    expect(source.size).toBe(5);
    expect([...(await source.read(1, 3))]).toEqual([2, 3, 4]);
    expect(await source.read(5, 0)).toHaveLength(0);
    const parts = await Promise.all([0, 1, 2, 3, 4].map((i) => source.read(i, 1)));
    expect(parts.map(([x]) => x)).toEqual([1, 2, 3, 4, 5]);
  });

  it('reads beyond 4 GiB', async () => {
    const path = join(newFolder(), 'file');
    const size = 5 * 2 ** 30;
    const file = openSync(path, 'w');
    ftruncateSync(file, size); // takes no space on the disk
    writeSync(file, bytes(7, 8), 0, 2, size - 2);
    closeSync(file);
    const source = await fileSource(path);
    expect(source.size).toBe(size);
    expect([...(await source.read(size - 3, 3))]).toEqual([0, 7, 8]);
    rmSync(path);
  });

  it.skipIf(!existsSync('/proc/self/fd'))('has the file open only while it reads', async () => {
    const path = join(newFolder(), 'file');
    await saveFile(path, bytes(1, 2));
    const open = (): number => readdirSync('/proc/self/fd').length;
    const before = open();
    const source = await fileSource(path);
    for (let i = 0; i < 3; i++) await source.read(0, 1);
    await Promise.all([source.read(0, 1), source.read(1, 1)]);
    await expect.poll(open).toBe(before);
    expect([...(await source.read(1, 1))]).toEqual([2]);
    rmSync(path);
    await expect.poll(open).toBe(before);
    await expect(source.read(0, 1)).rejects.toThrow(`${path}: got ENOENT, wanted a readable file.`);
  });

  it('refuses a file that has been replaced or has changed', async () => {
    const path = join(newFolder(), 'file');
    await saveFile(path, bytes(1, 2));
    const replaced = await fileSource(path);
    await saveFile(path, bytes(3, 4));
    const error = await messageOf(replaced.read(0, 1));
    expect(error).toBeInstanceOf(StateError);
    expect(error.message).toBe(
      `[fileSource] ${path}: got a file that has changed since it was opened, wanted the same. Open it again.`,
    );
    const shorter = await fileSource(path);
    writeFileSync(path, '');
    await expect(shorter.read(0, 1)).rejects.toThrow('has changed');
  });

  it('refuses what is no file', async () => {
    const folder = newFolder();
    await expect(fileSource(join(folder, 'none'))).rejects.toThrow(
      `[fileSource] ${folder}/none: got no file, wanted a readable file. Check the path.`,
    );
    await expect(fileSource(folder)).rejects.toThrow('got a folder or a device, wanted a file.');
    if (existsSync('/dev/zero')) await expect(fileSource('/dev/zero')).rejects.toThrow('a device');
    for (const path of ['', 'a\0b', null, 3]) {
      const error = await messageOf(fileSource(path as string));
      expect(error).toBeInstanceOf(NdgradError);
      expect(error.message).toContain('wanted the path of a file as a string.');
    }
  });
});

describe('folderStore', () => {
  it('lists, reads, writes and removes files', async () => {
    const folder = join(newFolder(), 'new');
    const store = folderStore(folder);
    expect(store.name).toBe(folder);
    expect(await store.list()).toEqual([]);
    expect(await store.read('a')).toBeNull();
    await store.remove('a');
    expect(existsSync(folder)).toBe(false);
    await store.write('b', [bytes(1), bytes(2)]);
    await store.write('a.safetensors', []);
    mkdirSync(join(folder, 'c'));
    writeFileSync(join(folder, '.hidden'), '');
    expect(await store.list()).toEqual(['a.safetensors', 'b']);
    const source = (await store.read('b'))!;
    expect([source.size, ...(await source.read(0, 2))]).toEqual([2, 1, 2]);
    expect((await store.read('a.safetensors'))!.size).toBe(0);
    await store.remove('b');
    expect(await store.list()).toEqual(['a.safetensors']);
    await expect(store.read('c')).rejects.toThrow('[folderStore]');
  });

  it.each(['', '.a', '../a', 'a/b', 'a\\b', 'ä', '-a', 'a\n', `a${'b'.repeat(200)}`, 3, null])(
    'refuses the name %j',
    async (name) => {
      const store = folderStore(newFolder());
      const calls = [store.read, store.remove, (n: string) => store.write(n, [])];
      for (const call of calls) {
        const error = await messageOf(call(name as string));
        expect(error).toBeInstanceOf(ValueError);
        expect(error.message).toContain('[folderStore] got the file name');
      }
      expect(readdirSync(store.name)).toEqual([]);
    },
  );

  it('has errors of one line', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'file'), '');
    await expect(folderStore(join(folder, 'file')).list()).rejects.toThrow(
      `[folderStore] ${folder}/file: got ENOTDIR, wanted a readable folder. Check the path.`,
    );
    expect(await folderStore(join(folder, 'file')).read('a')).toBeNull();
    failing.set('write', 'ENOSPC');
    await expect(folderStore(folder).write('a', [bytes(1)])).rejects.toThrow(
      `[folderStore] ${folder}/a: got ENOSPC (the disk is full)`,
    );
  });
});

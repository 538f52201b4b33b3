import { randomBytes } from 'node:crypto';
import { urlSource } from 'ndgrad/browser';
import { afterEach, describe, expect, it } from 'vitest';
import { tensor, zeros } from '../../src/index.ts';
import { readSafetensors, writeSafetensors } from '../../src/io.ts';
import { StateError, ValueError } from '../../src/ir/errors.ts';
import { type FileServer, type FileServerOptions, serveFile } from './file-server.ts';

const servers: FileServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
async function start(content: () => Uint8Array, options: FileServerOptions = {}): Promise<FileServer> {
  const server = await serveFile(content, options);
  servers.push(server);
  return server;
}
const large = new Uint8Array(randomBytes(300_000));

/** Faster than `toEqual`. */
const expectBytes = (got: Uint8Array, wanted: Uint8Array): void =>
  expect(Buffer.from(got).equals(wanted)).toBe(true);

async function messageOf(action: Promise<unknown>): Promise<Error> {
  return action.then(
    () => {
      throw new Error('no error');
    },
    (error) => error,
  );
}

describe('urlSource', () => {
  it('requests the parts that are asked for', async () => {
    const { url, ranges } = await start(() => large);
    const source = await urlSource(url);
    expect(source.size).toBe(large.length);
    expectBytes(await source.read(10, 100), large.slice(10, 110));
    expect(ranges).toEqual(['bytes=0-65535']);
    expectBytes(await source.read(65_000, 1000), large.slice(65_000, 66_000));
    expectBytes(await source.read(200_000, 100_000), large.slice(200_000));
    expect(await source.read(300_000, 0)).toHaveLength(0);
    expect(ranges).toEqual(['bytes=0-65535', 'bytes=65000-65999', 'bytes=200000-299999']);
  });

  it('reads a tensor of a file without the others', async () => {
    const file = await writeSafetensors({ a: zeros([100_000]), b: tensor([1, 2]), c: zeros([100_000]) });
    const { url, ranges } = await start(() => file);
    const opened = await readSafetensors(await urlSource(new URL(url)));
    expect(await (await opened.read('b')).toArray()).toEqual([1, 2]);
    const { start: begin, end } = opened.entries.get('b')!;
    expect(ranges).toEqual(['bytes=0-65535', `bytes=${begin}-${end - 1}`]);
  });

  it('reads small and empty files', async () => {
    const small = await urlSource((await start(() => large.subarray(0, 3))).url);
    expect(small.size).toBe(3);
    expect(await small.read(1, 2)).toEqual(large.slice(1, 3));
    const empty = await urlSource((await start(() => new Uint8Array(0))).url);
    expect([empty.size, (await empty.read(0, 0)).length]).toEqual([0, 0]);
  });

  it('reads a file of at most 100 MB as a whole if the server ignores ranges', async () => {
    const { url, ranges } = await start(() => large, {
      answer: (_request, response) => void response.writeHead(200).end(large),
    });
    const source = await urlSource(url);
    expect(source.size).toBe(large.length);
    expectBytes(await source.read(100_000, 200_000), large.slice(100_000));
    expect(ranges).toHaveLength(1);
  });

  it('refuses a larger one, with and without its length', async () => {
    const chunk = new Uint8Array(1_000_000);
    let sent = 0;
    const announced = await start(() => chunk, {
      answer: (_request, response) => {
        response.writeHead(200, { 'Content-Length': 100_000_001 });
        response.write(chunk);
      },
    });
    const endless = await start(() => chunk, {
      answer: (_request, response) => {
        response.writeHead(200);
        const more = (): void => {
          while (!response.destroyed && response.write(chunk)) sent++;
          if (!response.destroyed) response.once('drain', more);
        };
        more();
      },
    });
    for (const { url } of [announced, endless]) {
      const error = await messageOf(urlSource(url));
      expect(error).toBeInstanceOf(ValueError);
      expect(error.message).toContain(
        `[urlSource] ${url}: got the whole file and not a part of it, wanted a server with range requests`,
      );
    }
    expect(sent).toBeLessThan(150);
  });

  it('sends headers, and stops at a signal', async () => {
    const sent: unknown[] = [];
    const { url } = await start(() => large, {
      answer: ({ headers }, _response, answer) => {
        sent.push(headers.authorization);
        answer();
      },
    });
    const controller = new AbortController();
    const source = await urlSource(url, { headers: { Authorization: 'me' }, signal: controller.signal });
    await source.read(100_000, 10);
    expect(sent).toEqual(['me', 'me']);
    controller.abort(new Error('enough'));
    await expect(source.read(100_000, 10)).rejects.toThrow('enough');
  });

  it.each<[string, RegExp, typeof ValueError | typeof StateError, NonNullable<FileServerOptions['answer']>]>([
    ['404', /got the status 404, wanted 206 or 200/, ValueError, (_q, r) => void r.writeHead(404).end()],
    [
      'no Content-Range',
      /an answer without Content-Range.* Access-Control-Expose-Headers/,
      ValueError,
      (_q, r) => void r.writeHead(206).end(),
    ],
    [
      'too few bytes',
      /got 3 bytes, wanted 9 bytes. The server must send the file without compression/,
      StateError,
      (_q, r) => void r.writeHead(206, { 'Content-Range': 'bytes 0-8/9' }).end('abc'),
    ],
    [
      'too many bytes',
      /got more, wanted 2 bytes/,
      StateError,
      (_q, r) => void r.writeHead(206, { 'Content-Range': 'bytes 0-1/2' }).end('abc'),
    ],
    ['a broken connection', /got no answer \(.*\), wanted the file/, StateError, (_q, r) => void r.destroy()],
  ])('an answer with %s is an error', async (_what, message, kind, answer) => {
    const { url } = await start(() => large, { answer });
    const error = await messageOf(urlSource(url));
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toMatch(message);
    expect(error.message.startsWith(`[urlSource] ${url}: `)).toBe(true);
  });

  it('a file that changes is an error', async () => {
    let content = large;
    let etag = '"1"';
    const { url } = await start(() => content, { answer: (_q, _r, answer) => answer({ ETag: etag }) });
    const source = await urlSource(url);
    const read = (): Promise<unknown> => source.read(100_000, 5);
    await read();
    content = large.slice(1);
    await expect(read()).rejects.toThrow('got a file that has changed since it was opened');
    content = large.slice(0, 10);
    await expect(read()).rejects.toThrow('got a file that has changed since it was opened');
    content = large;
    await read();
    etag = '"2"';
    await expect(read()).rejects.toThrow('got a file that has changed since it was opened');
  });

  it('wrong arguments are errors', async () => {
    for (const url of [3, null, {}, undefined])
      await expect(urlSource(url as string)).rejects.toThrow('wanted an address as a string or URL');
    await expect(urlSource('http://localhost:1/', { headers: 'a' as never })).rejects.toThrow('got headers');
    await expect(urlSource('http://localhost:1/', { signal: 1 as never })).rejects.toThrow('got signal 1');
    await expect(urlSource('relative')).rejects.toThrow('[urlSource] relative: got no answer (');
  });
});

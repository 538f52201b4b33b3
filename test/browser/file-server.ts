import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server of one file. */
export interface FileServer {
  readonly url: string;
  /** What each request asked for: its Range header. */
  readonly ranges: string[];
  close(): Promise<void>;
}

export interface FileServerOptions {
  /** The answer instead of the right one; `answer` gives that. */
  readonly answer?: (
    request: IncomingMessage,
    response: ServerResponse,
    answer: (headers?: Record<string, string>) => void,
  ) => void;
}

/** Serves bytes to pages of every origin, and answers range requests as RFC 9110 says. */
export async function serveFile(
  content: () => Uint8Array,
  options: FileServerOptions = {},
): Promise<FileServer> {
  const ranges: string[] = [];
  const server = createServer((request, response) => {
    const { range = '' } = request.headers;
    ranges.push(range);
    const bytes = content();
    const answer = (headers: Record<string, string> = {}): void => {
      const cors = {
        'Access-Control-Allow-Origin': '*',
        'Access-Control-Expose-Headers': 'Content-Range, ETag',
        ...headers,
      };
      const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
      if (from === undefined) return void response.writeHead(200, cors).end(bytes);
      if (Number(from) >= bytes.length)
        return void response.writeHead(416, { ...cors, 'Content-Range': `bytes */${bytes.length}` }).end();
      const end = Math.min(Number(to), bytes.length - 1);
      response
        .writeHead(206, { ...cors, 'Content-Range': `bytes ${from}-${end}/${bytes.length}` })
        .end(bytes.subarray(Number(from), end + 1));
    };
    if (options.answer === undefined) answer();
    else options.answer(request, response, answer);
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/file`,
    ranges,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

import { type OpenLibrary, type PreparedTask, Unavailable } from './library-program.ts';
import type { Task } from './task.ts';

/** The calls of a library's process, with their arguments and replies. */
export interface Calls {
  /** Prepares a task; false if the library cannot do it. */
  prepare: { argument: Task; reply: boolean };
  /** Seconds for `argument` runs of the task. */
  time: { argument: number; reply: number };
  /** Numbers for comparison, evenly spaced over the result; see `PreparedTask`. */
  result: { argument: null; reply: number[] | null };
}

export type Call = {
  [Name in keyof Calls]: { readonly name: Name; readonly argument: Calls[Name]['argument'] };
}[keyof Calls];

export type Reply =
  | { readonly kind: 'ready'; readonly about: string; readonly loadSeconds: number }
  | { readonly kind: 'unavailable'; readonly reason: string }
  | { readonly kind: 'reply'; readonly value: Calls[keyof Calls]['reply'] }
  | { readonly kind: 'failed'; readonly message: string };

const samples = 1000;

/** The main program of a library's process: loads the library and answers calls. */
export async function serve(open: OpenLibrary): Promise<void> {
  const send = (reply: Reply): void => {
    process.send!(reply);
  };
  const start = performance.now();
  let prepared: PreparedTask | null = null;
  try {
    const library = await open(Number(process.argv[2]));
    send({ kind: 'ready', about: library.about, loadSeconds: (performance.now() - start) / 1000 });

    const answer = async ({ name, argument }: Call): Promise<Calls[keyof Calls]['reply']> => {
      if (name === 'prepare') {
        prepared?.dispose?.();
        prepared = await library.prepare(argument);
        return prepared !== null;
      }
      if (prepared === null) throw new Error(`[bench] got '${name}' before 'prepare'`);
      return name === 'time' ? time(prepared, argument) : sample(await prepared.result());
    };
    process.on('message', (call: Call) => {
      answer(call).then(
        (value) => send({ kind: 'reply', value }),
        (error: unknown) => send({ kind: 'failed', message: describe(error) }),
      );
    });
  } catch (error) {
    send(
      error instanceof Unavailable
        ? { kind: 'unavailable', reason: error.message }
        : { kind: 'failed', message: describe(error) },
    );
  }
}

async function time(prepared: PreparedTask, times: number): Promise<number> {
  const start = performance.now();
  await prepared.run(times);
  return (performance.now() - start) / 1000;
}

function sample(values: ArrayLike<number> | null): number[] | null {
  if (values === null) return null;
  const count = Math.min(values.length, samples);
  return Array.from({ length: count }, (_, i) => values[Math.floor((i * values.length) / count)]!);
}

const describe = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

import { type Open, type Prepared, Unavailable } from './library.ts';
import type { Task } from './task.ts';

/** What a contestant's process can be asked, and what it answers. */
export interface Calls {
  /** Makes a task ready; false where the library has nothing for it. */
  prepare: { argument: Task; reply: boolean };
  /** Seconds for so many runs of the task. */
  time: { argument: number; reply: number };
  /** Numbers for comparison, evenly spread over the result; see `Prepared`. */
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

/** The main program of a contestant's process: loads the library and answers the calls, one at a time. */
export async function serve(open: Open): Promise<void> {
  const send = (reply: Reply): void => {
    process.send!(reply);
  };
  const start = performance.now();
  let prepared: Prepared | null = null;
  try {
    const library = await open(Number(process.argv[2]));
    send({ kind: 'ready', about: library.about, loadSeconds: (performance.now() - start) / 1000 });

    const answer = async ({ name, argument }: Call): Promise<Calls[keyof Calls]['reply']> => {
      if (name === 'prepare') {
        prepared?.dispose?.();
        prepared = await library.prepare(argument);
        return prepared !== null;
      }
      if (prepared === null) throw new Error(`'${name}' without a task`);
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

async function time(prepared: Prepared, times: number): Promise<number> {
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

import { type LibraryProgram, Unavailable } from '../library-program.ts';
import { serve } from '../serve.ts';
import { prepare } from './ndgrad-tasks.ts';

const count = (threads: number): string => `${threads} thread${threads === 1 ? '' : 's'}`;

await serve(async (threads): Promise<LibraryProgram> => {
  const ndgrad = await import('../../src/index.ts');
  await ndgrad.setBackend(process.argv[3] === 'js' ? 'js' : 'wasm');
  ndgrad.setThreads(threads);
  const { name, threads: used } = ndgrad.backendInfo();
  if (used !== threads) throw new Unavailable(`backend ${name} runs on ${count(used)} here`);
  return {
    about: `backend ${name}, ${count(used)}`,
    prepare: (wanted) => prepare({ ...ndgrad, inFlight: 1 }, wanted),
  };
});

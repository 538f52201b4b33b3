import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import type { End, Settings } from './program.ts';

const { error } = spawnSync('mpirun', ['--version']);

/** Why tests with several ranks are skipped; null if Open MPI is there. */
export const mpiMissing: string | null =
  error === undefined ? null : 'no mpirun: apt-get install openmpi-bin libopenmpi3';

if (mpiMissing !== null && process.env.CI) throw new Error(`${mpiMissing}, and CI skips no test`);

/** A folder inside the repository, where packages are found, with the program as one file. */
export function buildProgram(): { readonly folder: string; readonly program: string } {
  const folder = mkdtempSync(join('node_modules', '.mpi-'));
  const program = join(folder, 'program.mjs');
  buildSync({
    entryPoints: [join(import.meta.dirname, 'program.ts')],
    outfile: program,
    bundle: true,
    packages: 'external',
    format: 'esm',
    target: 'node20',
    platform: 'node',
  });
  return { folder, program };
}

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** All ranks on this computer, as root in containers too, over TCP if it is wanted. */
const flags = (ranks: number, tcp: boolean): string[] => [
  ...['--allow-run-as-root', '--oversubscribe', '--bind-to', 'none', '-n', String(ranks)],
  ...(tcp ? ['--mca', 'btl', 'tcp,self', '--mca', 'pml', 'ob1'] : []),
];

function endOf(child: ChildProcess): Promise<Ended> {
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name]!.setEncoding('utf8').on('data', (part: string) => {
      text[name] += part;
    });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, ...text }));
  });
}

/** Runs the program with this number of ranks; 0 is without mpirun. */
export function runProgram(program: string, ranks: number, settings: Settings, tcp = false): Promise<Ended> {
  const args = [program, JSON.stringify(settings)];
  return endOf(
    ranks === 0
      ? spawn(process.execPath, args)
      : spawn('mpirun', [...flags(ranks, tcp), process.execPath, ...args]),
  );
}

/** What the program prints if it succeeds. */
export function readEnd({ status, stdout, stderr }: Ended): End {
  if (status !== 0) throw new Error(`status ${status}\n${stdout}\n${stderr}`);
  return JSON.parse(stdout) as End;
}

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Namespaces, PLAIN, SHAPED } from './namespaces.ts';
import type { Case, Measured } from './rank.ts';

/** Runs the cases by this many ranks over TCP: on the loopback device, or each in a namespace of its own. */
export async function runRanks(
  ranks: number,
  cases: readonly Case[],
  namespaces?: Namespaces,
): Promise<Measured[]> {
  const folder = fileURLToPath(new URL('../..', import.meta.url));
  const { stdout } = await promisify(execFile)(
    'mpirun',
    [
      ...['-n', String(ranks), '--bind-to', 'none', '--allow-run-as-root'],
      // Ranks that wait leave the processor to others.
      ...['--mca', 'mpi_yield_when_idle', '1', '--mca', 'btl', 'tcp,self'],
      ...(namespaces === undefined
        ? ['--oversubscribe', '--mca', 'btl_tcp_if_include', 'lo']
        : [
            ...[
              '--host',
              namespaces.names.slice(0, ranks).join(','),
              '--mca',
              'plm_rsh_agent',
              namespaces.agent,
            ],
            ...['--mca', 'btl_tcp_if_include', SHAPED, '--mca', 'oob_tcp_if_include', PLAIN],
          ]),
      ...[
        process.execPath,
        '--import',
        'tsx',
        'bench/distributed/rank.ts',
        JSON.stringify(cases),
        namespaces?.control ?? '',
      ],
    ],
    { cwd: folder, maxBuffer: 1 << 26 },
  );
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Measured[];
}

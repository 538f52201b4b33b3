import { StateError } from '../ir/errors.ts';

/**
 * Whether a launcher has started this process as one of several ranks of Open MPI.
 *
 * @throws StateError for launchers that start several processes, none of which Open MPI would know.
 */
export function isRank(env: Readonly<Record<string, string | undefined>>): boolean {
  const count = (name: string): number => Number(env[name] ?? 1);
  if (env.OMPI_COMM_WORLD_SIZE !== undefined) return count('OMPI_COMM_WORLD_SIZE') > 1;
  if (env.PMIX_RANK !== undefined) return true;
  if (count('PMI_SIZE') > 1)
    throw new StateError(
      `[mpi] this is one of ${env.PMI_SIZE} processes of another MPI than Open MPI. Start them with the mpirun of Open MPI 4 or 5.`,
    );
  if (count('SLURM_STEP_NUM_TASKS') > 1)
    throw new StateError(
      `[mpi] Slurm has started ${env.SLURM_STEP_NUM_TASKS} processes without PMIx, which Open MPI needs. Start them with srun --mpi=pmix.`,
    );
  return false;
}

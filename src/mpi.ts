/** The entry point `ndgrad/mpi`: training by several processes over Open MPI. */

export { type MpiOptions, mpi } from './mpi/mpi.ts';

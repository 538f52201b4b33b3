import { NdgradError, type Parameter } from 'ndgrad';

/** Processor time that no mutated file of ours takes, in seconds. */
const MAX_SECONDS = 20;

/** What `read` returns; null if it threw an error of this library. All other errors are faults, and so is taking long. */
export async function read<T>(action: () => Promise<T>): Promise<T | null> {
  const start = process.cpuUsage();
  const result = await action().catch((error: unknown) => {
    if (!(error instanceof NdgradError)) throw error;
    if (!/^\[[^\]]+\] \S/.test(error.message))
      throw new Error(`an error without a function: ${error.message}`);
    if (error.message.length > 1500) throw new Error(`an error of ${error.message.length} characters`);
    return null;
  });
  const { user, system } = process.cpuUsage(start);
  if (user + system > 1e6 * MAX_SECONDS) throw new Error(`took ${(user + system) / 1e6} s`);
  return result;
}

export async function expectFinite(parameters: readonly Parameter[]): Promise<void> {
  for (const p of parameters)
    if (!(await p.data()).every(Number.isFinite)) throw new Error(`${p.name} is not finite`);
}

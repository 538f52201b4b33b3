import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { afterAll } from 'vitest';

export const root = fileURLToPath(new URL('../..', import.meta.url));

const { MNIST_DIR: _, ...env } = process.env;

export interface Program {
  /** Runs the example with arguments, and with flags of Node. */
  (args: readonly string[], flags?: readonly string[]): SpawnSyncReturns<string>;
  /** Runs a command of the shell in which MNIST stands for the program. */
  shell(command: string): SpawnSyncReturns<string>;
}

/**
 * Bundles an example, since tsx takes longer to load it than it takes to train a small network, and returns a function that
 * runs it like `npm run mnist -- ...`.
 */
export function mnistProgram(name: 'mnist' | 'mnist-predict' = 'mnist'): Program {
  // Inside the repository, where its packages are found.
  const folder = mkdtempSync(join(root, 'node_modules/.examples-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = join(folder, `${name}.mjs`);
  buildSync({
    entryPoints: [join(root, `examples/${name}.ts`)],
    outfile: file,
    bundle: true,
    packages: 'external',
    format: 'esm',
    target: 'node20',
    platform: 'node',
    sourcemap: 'inline',
  });
  const options = { cwd: root, env, encoding: 'utf8' } as const;
  return Object.assign(
    (args: readonly string[], flags: readonly string[] = []) =>
      spawnSync(process.execPath, [...flags, file, ...args], options),
    {
      shell: (command: string) =>
        spawnSync('bash', ['-c', command.replace('MNIST', '"$0" "$1"'), process.execPath, file], options),
    },
  );
}

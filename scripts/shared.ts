import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

const { devDependencies, overrides: ownOverrides } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
);

/** The packages that `ndgrad/gpu` needs: gpu.js, and in Node also webgpu. */
export const gpuPackages = ['gpu.js', 'webgpu'].map((name) => `${name}@${devDependencies[name]}`);

/** The overrides in the package.json of a project with these packages: one copy of webgpu, and no headless-gl. */
export const overrides = { 'gpu.js': { ...ownOverrides['gpu.js'], webgpu: devDependencies.webgpu } };

interface RunOptions {
  cwd?: string;
  /** Added to the environment of this process. */
  env?: Record<string, string>;
  timeoutSeconds?: number;
}

/** Runs a program and returns its standard output. Throws an Error with all of its output if it fails. */
export function run(
  program: string,
  args: string[],
  { cwd = root, env = {}, timeoutSeconds = 3600 }: RunOptions = {},
) {
  const result = spawnSync(program, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    timeout: timeoutSeconds * 1000,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (result.status === 0) return result.stdout;
  const reason = result.error?.message ?? `exit ${result.status ?? result.signal}`;
  throw new Error(`${[program, ...args].join(' ')}: ${reason}\n${result.stdout ?? ''}${result.stderr ?? ''}`);
}

/** Calls `work` with a new folder outside the repository, and deletes the folder afterwards. */
export function inTemporaryFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'ndgrad-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** 1 kB is 1,000 bytes. */
export const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`;

/** Prints the problems and sets the exit code, or prints `passed` if there are none. */
export function report(passed: string, problems: string[]) {
  for (const problem of problems) console.error(`error: ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
  else console.log(passed);
}

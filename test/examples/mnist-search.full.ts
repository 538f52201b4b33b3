import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'ndgrad-search-'));
afterAll(() => rmSync(scratch, { recursive: true }));

/** Runs `examples/mnist-search.ts` like `npm run mnist:search -- ...`. */
function mnistSearch(...args: string[]) {
  const { MNIST_DIR: _, ...env } = process.env;
  return spawnSync(process.execPath, ['--import', 'tsx', 'examples/mnist-search.ts', ...args], {
    cwd: root,
    env,
    encoding: 'utf8',
  });
}

describe('npm run mnist:search', () => {
  it('searches, prints a table, and continues from its journal', () => {
    const journal = join(scratch, 'search.jsonl');
    const flags = ['--trials', '3', '--epochs', '1', '--strategy', 'random', '--journal', journal];
    const first = mnistSearch(...flags, '--workers', '2');
    expect(first.stderr).toBe('');
    expect(first.status).toBe(0);
    expect(first.stdout).toMatch(
      /^trial +learningRate +batchSize +layers +width +dropout +epochs +accuracy +loss +seconds$/m,
    );
    const tested = /all 60,000 training digits: (\d+\.\d+) % of the test digits/;
    expect(Number(tested.exec(first.stdout)![1])).toBeGreaterThan(80);
    expect(readFileSync(journal, 'utf8').split('\n')).toHaveLength(5);

    const second = mnistSearch(...flags);
    expect(second.stdout).not.toContain('[1/3]');
    const table = (text: string) => text.slice(text.indexOf('\ntrial'), text.indexOf('runs in'));
    expect(table(second.stdout)).toBe(table(first.stdout));
    expect(tested.exec(second.stdout)).toEqual(expect.arrayContaining([tested.exec(first.stdout)![1]]));
  });

  it('explains wrong flags in one line', () => {
    const wrong = mnistSearch('--strategy', 'luck');
    expect(wrong.stderr).toBe("--strategy: got 'luck', wanted halving or random\n");
    expect(wrong.status).toBe(1);
  });
});

/** Trains in Chromium with the package, served and bundled in many ways, and expects the bits of Node. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { type Case, cases } from './browser/cases.ts';
import { CHROMIUM_FLAGS, findChromium } from './browser/chromium.ts';
import { problemsOf } from './browser/judge.ts';
import { installPacked } from './browser/projects.ts';
import { type Outcome, visit } from './browser/visit.ts';
import { report, root, run } from './shared.ts';

const NAME_WIDTH = Math.max(...cases.map(({ name }) => name.length));

function printRow(name: string, outcome: Outcome | undefined, verdict: string) {
  const { name: backend = '-', threads = '-', milliseconds = '-', hash = '-' } = outcome ?? {};
  const columns = [backend.padEnd(7), `${threads}`.padStart(7), `${milliseconds}`.padStart(6)];
  console.log(
    `${name.padEnd(NAME_WIDTH)}  ${columns.join('  ')}  ${hash.slice(0, 16).padEnd(16)}  ${verdict}`,
  );
}

async function problemsIn(browser: Browser, which: Case, folder: string, hash: string): Promise<string[]> {
  const site = await which.prepare(folder);
  try {
    const visited = await visit(browser, site.url);
    const problems = [
      ...site.warnings.map((warning) => `bundler: ${warning}`),
      ...problemsOf(which, visited, hash),
    ];
    printRow(which.name, visited.report?.outcomes.at(-1), problems.length === 0 ? 'ok' : 'FAILED');
    return problems;
  } finally {
    await site.close();
  }
}

async function check(executablePath: string) {
  const folder = mkdtempSync(join(tmpdir(), 'ndgrad-browser-'));
  const browser = await chromium.launch({ executablePath, args: CHROMIUM_FLAGS });
  try {
    installPacked(folder);
    console.log(`Chromium ${browser.version()}`);
    const train = join(root, 'scripts/same-bits/train.mjs');
    const expected: Outcome = JSON.parse(run(process.execPath, [train], { timeoutSeconds: 120 }));
    console.log(`${'case'.padEnd(NAME_WIDTH)}  backend  threads      ms  bits`);
    printRow(`Node ${process.versions.node}`, expected, '');
    const problems: string[] = [];
    for (const [i, which] of cases.entries()) {
      const own = join(folder, `${i}`);
      const found = await problemsIn(browser, which, own, expected.hash).catch((error) => [error.stack]);
      problems.push(...found.map((problem) => `${which.name}: ${problem}`));
    }
    report(`browser: the same bits in ${cases.length} pages`, problems);
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const executable = findChromium();
if (!existsSync(join(root, 'dist/ndgrad.min.js'))) {
  report('', ['dist/ndgrad.min.js is missing: run `npm run build` first']);
} else if (executable === null) {
  const missing = 'no Chromium found in PATH; the environment variable CHROMIUM can name one';
  if (process.env.CI) report('', [missing]);
  else console.log(`skipped: ${missing}`);
} else {
  await check(executable);
}

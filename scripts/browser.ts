/**
 * Trains in Chromium with the package, served and bundled in many ways, and compares the bits with those of Node. Then
 * trains on WebGPU and WebGL2, in software, and compares the losses with those of Node.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { type Case, cases } from './browser/cases.ts';
import { gpuProblemsOf, problemsOf } from './browser/check-visit.ts';
import { CHROMIUM_FLAGS, findChromium, GPU_FLAGS } from './browser/chromium.ts';
import { GPU_APIS, type GpuCase, gpuCases } from './browser/gpu-cases.ts';
import { installPacked } from './browser/projects.ts';
import { type Outcome, visit } from './browser/visit.ts';
import type { GpuOutcome } from './gpu/losses.ts';
import { report, root, run } from './shared.ts';

const NAME_WIDTH = Math.max(...cases.map(({ name }) => name.length));

function printRow(name: string, outcome: Outcome | undefined, status: string) {
  const { name: backend = '-', threads = '-', milliseconds = '-', hash = '-' } = outcome ?? {};
  const columns = [backend.padEnd(7), `${threads}`.padStart(7), `${milliseconds}`.padStart(6)];
  console.log(
    `${name.padEnd(NAME_WIDTH)}  ${columns.join('  ')}  ${hash.slice(0, 16).padEnd(16)}  ${status}`,
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

/** Runs a program of scripts/ in Node, on the CPU, and parses its output. */
const inNode = <O>(program: string): O => JSON.parse(run(process.execPath, [join(root, 'scripts', program)]));

async function checkBits(executablePath: string, folder: string): Promise<string[]> {
  const browser = await chromium.launch({ executablePath, args: CHROMIUM_FLAGS });
  try {
    installPacked(folder);
    console.log(`Chromium ${browser.version()}`);
    const expected = inNode<Outcome>('same-bits/train.mjs');
    console.log(`${'case'.padEnd(NAME_WIDTH)}  backend  threads      ms  bits`);
    printRow(`Node ${process.versions.node}`, expected, '');
    const problems: string[] = [];
    for (const [i, which] of cases.entries()) {
      const own = join(folder, `${i}`);
      const found = await problemsIn(browser, which, own, expected.hash).catch((error) => [error.stack]);
      problems.push(...found.map((problem) => `${which.name}: ${problem}`));
    }
    return problems;
  } finally {
    await browser.close();
  }
}

async function gpuProblemsIn(
  browser: Browser,
  which: GpuCase,
  folder: string,
  losses: readonly number[],
): Promise<string[]> {
  const site = await which.prepare(folder);
  const problems = site.warnings.map((warning) => `bundler: ${warning}`);
  try {
    for (const api of GPU_APIS) {
      const visited = await visit<GpuOutcome>(browser, `${site.url}#${api}`);
      const found = gpuProblemsOf(api, visited, losses);
      const { name = '-', milliseconds = '-', reason = '' } = visited.report?.outcomes.at(-1) ?? {};
      const columns = [which.name.padEnd(NAME_WIDTH), name.padEnd(7), `${milliseconds}`.padStart(6)];
      console.log(`${columns.join('  ')}  ${found.length === 0 ? 'ok' : 'FAILED'}  ${reason}`);
      problems.push(...found.map((problem) => `${api}: ${problem}`));
    }
    return problems;
  } finally {
    await site.close();
  }
}

async function checkGpu(executablePath: string, folder: string): Promise<string[]> {
  const browser = await chromium.launch({ executablePath, args: GPU_FLAGS });
  try {
    installPacked(folder, true);
    const { losses } = inNode<GpuOutcome>('gpu/train.mjs');
    console.log(`${'case'.padEnd(NAME_WIDTH)}  backend      ms  losses, adapter`);
    const problems: string[] = [];
    for (const [i, which] of gpuCases.entries()) {
      const own = join(folder, `${i}`);
      const found = await gpuProblemsIn(browser, which, own, losses).catch((error) => [error.stack]);
      problems.push(...found.map((problem) => `GPU, ${which.name}: ${problem}`));
    }
    return problems;
  } finally {
    await browser.close();
  }
}

async function check(executablePath: string) {
  const folder = mkdtempSync(join(tmpdir(), 'ndgrad-browser-'));
  try {
    const problems = [
      ...(await checkBits(executablePath, join(folder, 'cpu'))),
      ...(await checkGpu(executablePath, join(folder, 'gpu'))),
    ];
    const pages = GPU_APIS.length * gpuCases.length;
    report(`browser: the same bits in ${cases.length} pages, GPU training in ${pages} pages`, problems);
  } finally {
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

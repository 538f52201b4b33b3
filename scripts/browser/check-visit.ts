import { type GpuOutcome, lossProblems } from '../gpu/losses.ts';
import type { Case } from './cases.ts';
import type { GpuApi } from './gpu-cases.ts';
import type { Visit } from './visit.ts';

/** The violations that a policy reports, by what it forbids. */
const EXPECTED_VIOLATIONS = {
  WebAssembly: 'script-src wasm-eval',
  'workers from blobs': 'worker-src blob',
};

/** The problems that the page itself reports. */
function pageProblems(visit: Visit<unknown>, forbidden: Case['forbidden']): string[] {
  const { report, uncaught, consoleErrors, failedRequests } = visit;
  const problems = [
    ...uncaught.map((error) => `uncaught ${error}`),
    ...failedRequests.map((request) => `failed request ${request}`),
    // Refusals by the policy are printed on the console even if the library handles them.
    ...consoleErrors
      .filter((text) => !(forbidden && text.includes('Content Security Policy')))
      .map((text) => `console: ${text}`),
  ];
  if (report === null) return [...problems, 'the page printed no report'];
  problems.push(...report.errors);
  for (const violation of report.violations) {
    if (!forbidden || violation !== EXPECTED_VIOLATIONS[forbidden])
      problems.push(`violation of ${violation}`);
  }
  return problems;
}

/** Describes the problems of a visit to a page that trains on the GPU. */
export function gpuProblemsOf(api: GpuApi, visit: Visit<GpuOutcome>, expected: readonly number[]): string[] {
  // gpu.js reads pixels to test features of WebGL2, about which Chromium prints a warning.
  const consoleErrors = visit.consoleErrors.filter((text) => !/GL Driver Message .*Performance/.test(text));
  const problems = pageProblems({ ...visit, consoleErrors }, undefined);
  const last = visit.report?.outcomes.at(-1);
  if (last === undefined) return problems;
  if (last.name !== api) problems.push(`got backend ${last.name}, wanted ${api}: ${last.reason}`);
  return [...problems, ...lossProblems(last.losses, expected)];
}

/** Describes the problems of a visit. */
export function problemsOf({ isolated, forbidden }: Case, visit: Visit, expectedHash: string): string[] {
  const { report } = visit;
  const problems = pageProblems(visit, forbidden);
  if (report === null) return problems;

  const { outcomes, cores, helped } = report;
  if (report.isolated !== isolated) problems.push(`crossOriginIsolated is ${report.isolated}`);
  const last = outcomes.at(-1);
  if (last === undefined) return problems;

  for (const { hash } of outcomes)
    if (hash !== expectedHash) problems.push(`got hash ${hash}, wanted ${expectedHash}`);
  const { name, threads, reason } = last;
  const wanted = forbidden === 'WebAssembly' ? 'js' : 'wasm';
  if (name !== wanted) problems.push(`got backend ${name}, wanted ${wanted}: ${reason}`);
  const several = isolated && !forbidden && cores > 1;
  if (several !== threads > 1) problems.push(`${threads} threads on ${cores} cores: ${reason}`);
  if (several !== helped) problems.push(`other threads ${helped ? 'took part' : 'did not take part'}`);
  return problems;
}

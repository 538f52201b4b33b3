import { type GpuOutcome, lossProblems } from '../gpu/losses.ts';
import type { Case } from './cases.ts';
import type { GpuApi } from './gpu-cases.ts';
import type { Visit } from './visit.ts';

/** The violations that a policy may report, for each thing that it forbids. */
const EXPECTED_VIOLATIONS = {
  WebAssembly: 'script-src wasm-eval',
  'workers from blobs': 'worker-src blob',
};

/** What the page itself complains of. */
function complaintsOf(visit: Visit<unknown>, forbidden: Case['forbidden']): string[] {
  const { report, uncaught, complaints, failedRequests } = visit;
  const problems = [
    ...uncaught.map((error) => `uncaught ${error}`),
    ...failedRequests.map((request) => `failed request ${request}`),
    // A refusal by the policy stands on the console, whether the library expects it or not.
    ...complaints
      .filter((text) => !(forbidden && text.includes('Content Security Policy')))
      .map((text) => `console: ${text}`),
  ];
  if (report === null) return [...problems, 'no report'];
  problems.push(...report.errors);
  for (const violation of report.violations) {
    if (!forbidden || violation !== EXPECTED_VIOLATIONS[forbidden])
      problems.push(`violation of ${violation}`);
  }
  return problems;
}

/** What is wrong with a visit to a page that trains on the GPU. */
export function gpuProblemsOf(api: GpuApi, visit: Visit<GpuOutcome>, expected: readonly number[]): string[] {
  // gpu.js reads pixels to find out what WebGL2 can do, and Chromium complains of it.
  const complaints = visit.complaints.filter((text) => !/GL Driver Message .*Performance/.test(text));
  const problems = complaintsOf({ ...visit, complaints }, undefined);
  const last = visit.report?.outcomes.at(-1);
  if (last === undefined) return problems;
  if (last.name !== api) problems.push(`backend ${last.name}, not ${api}: ${last.reason}`);
  return [...problems, ...lossProblems(last.losses, expected)];
}

/** What is wrong with a visit, in words; empty if all is as it should be. */
export function problemsOf({ isolated, forbidden }: Case, visit: Visit, expectedHash: string): string[] {
  const { report } = visit;
  const problems = complaintsOf(visit, forbidden);
  if (report === null) return problems;

  const { outcomes, cores, helped } = report;
  if (report.isolated !== isolated) problems.push(`crossOriginIsolated is ${report.isolated}`);
  const last = outcomes.at(-1);
  if (last === undefined) return problems;

  for (const { hash } of outcomes)
    if (hash !== expectedHash) problems.push(`hash ${hash}, not ${expectedHash}`);
  const { name, threads, reason } = last;
  const wanted = forbidden === 'WebAssembly' ? 'js' : 'wasm';
  if (name !== wanted) problems.push(`backend ${name}, not ${wanted}: ${reason}`);
  const several = isolated && !forbidden && cores > 1;
  if (several !== threads > 1) problems.push(`${threads} threads on ${cores} cores: ${reason}`);
  if (several !== helped) problems.push(`other threads took ${helped ? '' : 'no '}part`);
  return problems;
}

import type { Browser, ConsoleMessage } from 'playwright-core';

/** The result of `train` in `program.mjs`. */
export interface Outcome {
  readonly hash: string;
  /** Name of the backend. */
  readonly name: string;
  readonly threads: number;
  /** Why the backend is not WebAssembly, or why there are not more threads. */
  readonly reason: string;
  readonly milliseconds: number;
}

/** The report that `report.mjs` prints on a page or in a worker. */
export interface Report<O = Outcome> {
  /** The outcomes of successive trainings. */
  readonly outcomes: readonly O[];
  readonly errors: readonly string[];
  /** Violations of the content-security policy: the directive and the blocked resource. */
  readonly violations: readonly string[];
  readonly isolated: boolean;
  readonly cores: number;
  /** Whether other threads took part in a run. */
  readonly helped: boolean;
}

/** The observations of a visit to a page. */
export interface Visit<O = Outcome> {
  /** Null if the page printed no report. */
  readonly report: Report<O> | null;
  /** Uncaught errors. */
  readonly uncaught: readonly string[];
  /** Errors and warnings on the console. */
  readonly consoleErrors: readonly string[];
  readonly failedRequests: readonly string[];
}

const isConsoleError = (message: ConsoleMessage) =>
  ['error', 'warning'].includes(message.type()) && !message.location().url.endsWith('/favicon.ico');

/** A page that has not reported by then never will. */
const PATIENCE_SECONDS = 600;

/** Opens a page in a new profile, and waits until it reports or fails. */
export async function visit<O = Outcome>(browser: Browser, url: string): Promise<Visit<O>> {
  const uncaught: string[] = [];
  const consoleErrors: string[] = [];
  const failedRequests: string[] = [];
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const report = new Promise<Report<O> | null>((resolve) => {
      const giveUp = (seconds: number) => setTimeout(() => resolve(null), seconds * 1000).unref();
      giveUp(PATIENCE_SECONDS);
      page.on('console', (message) => {
        if (message.text().startsWith('{"report":')) resolve(JSON.parse(message.text()).report);
        else if (isConsoleError(message)) consoleErrors.push(message.text());
      });
      page.on('pageerror', (error) => {
        uncaught.push(error.stack ?? error.message);
        giveUp(1);
      });
    });
    page.on('requestfailed', (request) => {
      failedRequests.push(`${request.url()}: ${request.failure()?.errorText}`);
    });
    page.on('response', (response) => {
      if (response.status() >= 400) failedRequests.push(`${response.url()}: ${response.status()}`);
    });
    await page.goto(url);
    return { report: await report, uncaught, consoleErrors, failedRequests };
  } finally {
    await context.close();
  }
}

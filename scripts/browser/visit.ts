import type { Browser, ConsoleMessage } from 'playwright-core';

/** What `program.mjs` returns. */
export interface Outcome {
  readonly hash: string;
  /** Name of the backend. */
  readonly name: string;
  readonly threads: number;
  /** Why it is not WebAssembly, or why there are not more threads. */
  readonly reason: string;
  readonly milliseconds: number;
}

/** What a page or worker says of itself; `report.mjs` prints it. */
export interface Report<O = Outcome> {
  /** Of several trainings, one after the other. */
  readonly outcomes: readonly O[];
  readonly errors: readonly string[];
  /** Violations of the content-security policy: the directive, and what it blocked. */
  readonly violations: readonly string[];
  readonly isolated: boolean;
  readonly cores: number;
  /** Whether other threads took part in a run. */
  readonly helped: boolean;
}

/** What happened on a page. */
export interface Visit<O = Outcome> {
  /** Null if the page did not get that far. */
  readonly report: Report<O> | null;
  /** Uncaught errors. */
  readonly uncaught: readonly string[];
  /** Errors and warnings on the console. */
  readonly complaints: readonly string[];
  readonly failedRequests: readonly string[];
}

const complains = (message: ConsoleMessage) =>
  ['error', 'warning'].includes(message.type()) && !message.location().url.endsWith('/favicon.ico');

/** Opens a page in a fresh profile, and waits until it has reported or failed. */
export async function visit<O = Outcome>(
  browser: Browser,
  url: string,
  timeoutSeconds = 30,
): Promise<Visit<O>> {
  const uncaught: string[] = [];
  const complaints: string[] = [];
  const failedRequests: string[] = [];
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const report = new Promise<Report<O> | null>((resolve) => {
      const giveUp = (seconds: number) => setTimeout(() => resolve(null), seconds * 1000).unref();
      giveUp(timeoutSeconds);
      page.on('console', (message) => {
        if (message.text().startsWith('{"report":')) resolve(JSON.parse(message.text()).report);
        else if (complains(message)) complaints.push(message.text());
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
    return { report: await report, uncaught, complaints, failedRequests };
  } finally {
    await context.close();
  }
}

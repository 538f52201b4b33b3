const errors = [];
const violations = [];
addEventListener('error', (event) => errors.push(event.message));
addEventListener('unhandledrejection', (event) => errors.push(`unhandled rejection: ${event.reason}`));
addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) =>
  violations.push(`${effectiveDirective} ${blockedURI}`),
);

// A thread that takes part in a run makes an instance of the plan's module, and is made to say so.
const WATCH = `'use strict';
{
  const channel = new BroadcastChannel('instances');
  WebAssembly.Instance = class extends WebAssembly.Instance {
    constructor(module, imports) {
      super(module, imports);
      channel.postMessage(null);
    }
  };
}
`;
const createObjectURL = URL.createObjectURL.bind(URL);
URL.createObjectURL = (script) => createObjectURL(new Blob([WATCH, script], { type: script.type }));
let instances = 0;
new BroadcastChannel('instances').onmessage = () => instances++;

/** Have other threads taken part in a run? */
export const helped = () => instances > 0;

/** Runs `work` and prints the outcomes that it returned and what went wrong, on the page or in the worker. */
export async function report(work) {
  let outcomes = [];
  try {
    outcomes = await work();
  } catch (error) {
    errors.push(error.stack);
  }
  const { crossOriginIsolated: isolated, navigator } = globalThis;
  const cores = navigator.hardwareConcurrency;
  console.log(
    JSON.stringify({ report: { outcomes, errors, violations, isolated, cores, helped: helped() } }),
  );
}

const errors = [];
const violations = [];
addEventListener('error', (event) => errors.push(event.message));
addEventListener('unhandledrejection', (event) => errors.push(`unhandled rejection: ${event.reason}`));
addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) =>
  violations.push(`${effectiveDirective} ${blockedURI}`),
);

// A thread that takes part in a run instantiates the plan's module. This script, added to workers, reports each instance.
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

/** Did other threads take part in a run? */
export const helped = () => instances > 0;

/** Runs `work` and prints its outcomes and all errors, on the page or in the worker. */
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

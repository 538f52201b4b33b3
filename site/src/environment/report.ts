import { element } from '../dom.ts';

interface Fact {
  /** Whether the page has it. */
  readonly has: boolean;
  readonly title: string;
  readonly text: string;
}

/** Says what the page can use to compute, and what is lost where something is missing. */
export async function environmentReport(): Promise<HTMLElement> {
  const facts = [isolation(), threads(), await gpu()];
  const summary = facts.map(({ has, title }) => `${has ? '✓' : '✗'} ${title}`).join(' · ');
  const rows = facts.flatMap(({ has, title, text }) => [
    element('dt', {}, `${has ? '✓' : '✗'} ${title}`),
    element('dd', {}, text),
  ]);
  return element(
    'details',
    { className: 'environment' },
    element('summary', {}, `This browser: ${summary}`),
    element('dl', {}, ...rows),
    element(
      'p',
      {},
      'All computation is in this page; nothing is sent to a server. With the same seed a training gives the same numbers to the bit in every browser, with any number of threads.',
    ),
  );
}

function isolation(): Fact {
  const title = 'cross-origin isolated';
  if (crossOriginIsolated) return { has: true, title, text: 'Threads may share memory.' };
  const reason = isSecureContext
    ? 'the server does not send the headers for it, and the browser allows no service worker that adds them'
    : 'the address is neither https nor localhost';
  return {
    has: false,
    title: 'not isolated',
    text: `The page is not cross-origin isolated: ${reason}. So threads can't share memory.`,
  };
}

function threads(): Fact {
  const cores = navigator.hardwareConcurrency;
  if (crossOriginIsolated && cores > 1)
    return { has: true, title: `${cores} threads`, text: `Training uses up to ${cores} threads.` };
  const cost =
    cores > 1
      ? `Training takes up to ${cores} times as long as with the ${cores} cores of this device. Results are the same.`
      : 'This device has one core.';
  return { has: false, title: '1 thread', text: cost };
}

async function gpu(): Promise<Fact> {
  const adapter = await (navigator as { gpu?: { requestAdapter(): Promise<unknown> } }).gpu
    ?.requestAdapter()
    .catch(() => null);
  const text =
    'This page trains with WebAssembly on the processor, which gives the same bits everywhere; a GPU does not. ';
  if (adapter)
    return { has: true, title: 'WebGPU', text: `${text}It is available for programs of your own.` };
  return { has: false, title: 'no WebGPU', text: `${text}So nothing is lost here.` };
}

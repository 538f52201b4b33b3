import { runtime } from '../runtime/runtime.ts';

/** What computes: 'CPU', where all backends give the same bits, or 'GPU'. */
export function arithmetic(): 'CPU' | 'GPU' {
  const { state } = runtime;
  if (state.kind === 'unavailable') return 'CPU';
  const backend = state.kind === 'ready' ? state.backend : state.next;
  return backend.settle === undefined ? 'CPU' : 'GPU';
}

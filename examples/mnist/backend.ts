import { backendInfo, StateError, setBackend } from 'ndgrad';
import type { Flags } from './flags.ts';

/** What computes. */
export interface BackendDescription {
  /** `wasm`, `js`, `webgpu` or `webgl2`. */
  readonly backend: string;
  readonly threads: number;
  /** The GPU's name, where a GPU computes. */
  readonly adapter?: string;
}

/**
 * Sets the backend that the flags name. `gpu` needs the packages gpu.js and webgpu and a GPU: where one of
 * them is missing ndgrad's own error says so, and nothing else takes its place.
 */
export async function chooseBackend({
  backend,
  allowSoftware,
}: Pick<Flags<unknown>, 'backend' | 'allowSoftware'>): Promise<void> {
  if (backend === undefined) return;
  if (backend !== 'gpu') return setBackend(backend);
  const { gpu } = await import('ndgrad/gpu');
  await setBackend(await gpu({ allowSoftware }).catch(nameFlag));
}

/** The library names its option, the user has a flag. */
function nameFlag(error: unknown): never {
  if (!(error instanceof StateError)) throw error;
  throw new StateError(error.message.replace('gpu({ allowSoftware: true })', '--allow-software'), {
    cause: error,
  });
}

/** What computes now. */
export function describeBackend(): BackendDescription {
  const { name, threads, reason } = backendInfo();
  const isCpu = name === 'wasm' || name === 'js';
  return { backend: name, threads, ...(!isCpu && { adapter: reason }) };
}

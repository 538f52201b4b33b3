import { backendInfo, StateError, setBackend } from 'ndgrad';
import type { Flags } from './flags.ts';

/** The backend in use. */
export interface BackendDescription {
  /** `wasm`, `js`, `webgpu` or `webgl2`. */
  readonly backend: string;
  readonly threads: number;
  /** The name of the GPU, if a GPU is used. */
  readonly adapter?: string;
}

/**
 * Sets the backend that the flags name. `gpu` needs the packages gpu.js and webgpu and a GPU. Throws the error of ndgrad if
 * one of them is missing; there is no fallback.
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

/** Replaces the name of the option in the message by that of the flag. */
function nameFlag(error: unknown): never {
  if (!(error instanceof StateError)) throw error;
  throw new StateError(error.message.replace('gpu({ allowSoftware: true })', '--allow-software'), {
    cause: error,
  });
}

/** Describes the current backend. */
export function describeBackend(): BackendDescription {
  const { name, threads, reason } = backendInfo();
  const isCpu = name === 'wasm' || name === 'js';
  return { backend: name, threads, ...(!isCpu && { adapter: reason }) };
}

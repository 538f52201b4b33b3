import { StateError } from '../ir/errors.ts';
import { type Candidate, isNamed, matches, selectCandidate } from './adapters.ts';
import { loadGpuJs, nodeVersion, webgpuSource } from './load.ts';
import type { GpuRequest } from './types.ts';
import { type OpenWebGl2, webgl2Candidates } from './webgl2.ts';
import { dawnNames, type OpenWebGpu, webgpuCandidates } from './webgpu.ts';

export type Open = OpenWebGpu | OpenWebGl2;

const API = { webgpu: 'WebGPU', webgl2: 'WebGL2' };

function advice(api: GpuRequest['api']): string {
  if (nodeVersion() === null)
    return "Browsers have WebGPU on https and localhost only, and may block a GPU's driver (chrome://gpu).";
  if (api === 'webgl2') return 'Node has no WebGL2.';
  return "In Node a GPU needs a Vulkan driver (Debian: libvulkan1 and the card's own driver), Metal or Direct3D 12.";
}

type Named = Pick<Candidate<Open>, 'name' | 'api'>;

/** The further adapters that an error lists if an adapter was requested by name. */
async function otherAdapters(
  candidates: readonly Named[],
  { api, adapter }: GpuRequest,
  source: typeof webgpuSource,
): Promise<Named[]> {
  const names = api !== 'webgl2' && isNamed(adapter) ? await dawnNames(source) : [];
  return names
    .filter((full) => !candidates.some(({ name }) => matches(name, full)))
    .map((name) => ({ name, api: 'webgpu' }));
}

/** Why none of the adapters fits, and how to fix it. */
function errorText(candidates: readonly Named[], { api, adapter }: GpuRequest): string {
  const found = candidates.map(({ name, api: by }) => `"${name}" (${API[by]})`).join(' and ');
  const apis = api === null ? 'WebGPU or WebGL2' : API[api];
  if (candidates.length === 0) {
    return `[gpu] got no adapter from ${apis}, wanted a GPU. ${advice(api)} Without one ndgrad computes on the CPU.`;
  }
  if (isNamed(adapter))
    return `[gpu] got ${found}, wanted an adapter whose name contains '${adapter}'. Pass a part of an available name.`;
  return (
    `[gpu] got only ${found}, which computes on the CPU, slower than WebAssembly; wanted a GPU. ` +
    'Allow it for tests with gpu({ allowSoftware: true }).'
  );
}

/** Finds and opens the requested GPU. @throws StateError if there is none or a package is missing. */
export async function findGpu(request: GpuRequest, source = webgpuSource): Promise<Open> {
  // First, so that a missing package is reported before a missing GPU.
  const gpuJs = await loadGpuJs();
  const candidates: Candidate<Open>[] =
    request.api === 'webgl2' ? [] : await webgpuCandidates(request, source);
  let chosen = selectCandidate(candidates, request);
  if (request.api !== 'webgpu' && (chosen === null || chosen.software)) {
    candidates.push(...webgl2Candidates(request));
    chosen = selectCandidate(candidates, request);
  }
  for (const candidate of candidates) if (candidate !== chosen) candidate.release();
  if (chosen === null)
    throw new StateError(
      errorText([...candidates, ...(await otherAdapters(candidates, request, source))], request),
    );
  return chosen.open(gpuJs);
}

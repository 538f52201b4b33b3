import { StateError } from '../ir/errors.ts';
import { type Choice, choose, isNamed, matches } from './choice.ts';
import { loadGpuJs, nodeVersion, webgpuSource } from './load.ts';
import type { Wanted } from './types.ts';
import { type OpenWebGl2, webgl2Choices } from './webgl2.ts';
import { dawnNames, type OpenWebGpu, webgpuChoices } from './webgpu.ts';

export type Open = OpenWebGpu | OpenWebGl2;

const API = { webgpu: 'WebGPU', webgl2: 'WebGL2' };

function advice(api: Wanted['api']): string {
  if (nodeVersion() === null)
    return "Browsers have WebGPU on https and localhost only, and may refuse a GPU's driver (chrome://gpu).";
  if (api === 'webgl2') return 'Node has no WebGL2.';
  return "In Node a GPU needs a Vulkan driver (Debian: libvulkan1 and the card's own driver), Metal or Direct3D 12.";
}

type Named = Pick<Choice<Open>, 'name' | 'api'>;

/** Whoever asked for a name is told all names. */
async function namesBeside(
  choices: readonly Named[],
  { api, adapter }: Wanted,
  source: typeof webgpuSource,
): Promise<Named[]> {
  const names = api !== 'webgl2' && isNamed(adapter) ? await dawnNames(source) : [];
  return names
    .filter((full) => !choices.some(({ name }) => matches(name, full)))
    .map((name) => ({ name, api: 'webgpu' }));
}

/** Why none of these will do, and what to do about it. */
function refusal(choices: readonly Named[], { api, adapter }: Wanted): string {
  const found = choices.map(({ name, api: by }) => `"${name}" (${API[by]})`).join(' and ');
  const apis = api === null ? 'WebGPU or WebGL2' : API[api];
  if (choices.length === 0) {
    return `[gpu] got no adapter from ${apis}, wanted a GPU. ${advice(api)} Without one ndgrad computes on the CPU.`;
  }
  if (isNamed(adapter))
    return `[gpu] got ${found}, wanted an adapter whose name has '${adapter}'. Ask for a part of a name that is there.`;
  return (
    `[gpu] got only ${found}, which computes on the CPU, slower than ndgrad's own WebAssembly; wanted a GPU. ` +
    'Allow it, for tests, with gpu({ allowSoftware: true }).'
  );
}

/** The GPU that was asked for, opened. Throws a StateError where there is none or a package is missing. */
export async function findGpu(wanted: Wanted, source = webgpuSource): Promise<Open> {
  // First, so that whoever lacks it is told so and not that there is no GPU.
  const gpuJs = await loadGpuJs();
  const choices: Choice<Open>[] = wanted.api === 'webgl2' ? [] : await webgpuChoices(wanted, source);
  let chosen = choose(choices, wanted);
  if (wanted.api !== 'webgpu' && (chosen === null || chosen.software)) {
    choices.push(...webgl2Choices(wanted));
    chosen = choose(choices, wanted);
  }
  for (const choice of choices) if (choice !== chosen) choice.drop();
  if (chosen === null)
    throw new StateError(refusal([...choices, ...(await namesBeside(choices, wanted, source))], wanted));
  return chosen.open(gpuJs);
}

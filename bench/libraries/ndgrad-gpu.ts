import { gpuInFlight, type LibraryProgram, Unavailable } from '../library-program.ts';
import { versionOf } from '../peers.ts';
import { serve } from '../serve.ts';
import { prepare } from './ndgrad-tasks.ts';

await serve(async (): Promise<LibraryProgram> => {
  const ndgrad = await import('../../src/index.ts');
  const { gpu } = await import('../../src/gpu/gpu.ts');
  try {
    const backend = await gpu({ api: 'webgpu', allowSoftware: process.argv[3] === 'allow-software' });
    await ndgrad.setBackend(backend);
  } catch (error) {
    if (error instanceof ndgrad.NdgradError) throw new Unavailable(error.message);
    throw error;
  }
  const { name, reason } = ndgrad.backendInfo();
  return {
    about: `backend ${name} on gpu.js ${versionOf('../node_modules/gpu.js')}, ${reason}`,
    prepare: (wanted) => prepare({ ...ndgrad, inFlight: gpuInFlight }, wanted),
  };
});

import { existsSync } from 'node:fs';

// WebGPU in Node: Dawn, from the package `webgpu`, on whatever driver there is; on Linux, if no Vulkan driver is
// named, on SwiftShader, which comes with Debian's chromium.

const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';

const { gpu, missing } = await find();

/** Why there is no adapter, for the name of a skipped test; null where there is one. */
export const adapterMissing: string | null = missing;

// A newcomer without a driver sees skipped tests; in CI nothing may be skipped.
if (missing !== null && process.env.CI) throw new Error(`${missing}, and CI skips no test`);

/** Dawn's `GPU`, always the same; null where it has no adapter. Sets no globals. */
export async function dawn(): Promise<GPU | null> {
  return gpu;
}

async function find(): Promise<{ gpu: GPU | null; missing: string | null }> {
  const { VK_ICD_FILENAMES, VK_DRIVER_FILES } = process.env;
  // The Vulkan loader reads it when Dawn first asks for an adapter.
  if (!VK_ICD_FILENAMES && !VK_DRIVER_FILES && existsSync(SWIFTSHADER)) {
    process.env.VK_ICD_FILENAMES = SWIFTSHADER;
  }
  try {
    const { create } = await import('webgpu');
    const made = create([]);
    const adapter = await made.requestAdapter();
    return adapter === null ? { gpu: null, missing: 'Dawn found no adapter' } : { gpu: made, missing: null };
  } catch (error) {
    return { gpu: null, missing: `Dawn did not load (${error instanceof Error ? error.message : error})` };
  }
}

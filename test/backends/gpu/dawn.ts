import { existsSync } from 'node:fs';

// WebGPU in Node: Dawn, from the package `webgpu`. On Linux it uses SwiftShader, which is part of Debian's chromium, unless
// an environment variable names a Vulkan driver.

const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';

const { gpu, missing } = await find();

/** Why there is no adapter, for the name of a skipped test; null if there is one. */
export const adapterMissing: string | null = missing;

// Without a driver tests are skipped; in CI that is an error.
if (missing !== null && process.env.CI) throw new Error(`${missing}, and CI skips no test`);

/** Dawn's `GPU`, always the same object; null if it has no adapter. Sets no globals. */
export async function dawn(): Promise<GPU | null> {
  return gpu;
}

async function find(): Promise<{ gpu: GPU | null; missing: string | null }> {
  const { VK_ICD_FILENAMES, VK_DRIVER_FILES } = process.env;
  // The Vulkan loader reads the variable when Dawn requests the first adapter.
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

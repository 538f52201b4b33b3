import { existsSync } from 'node:fs';

const DRIVER = '/usr/lib/chromium/vk_swiftshader_icd.json';

/** Gives processes started from now on a Vulkan driver where none is named: the one in software of Debian's chromium. */
export function useSwiftShader() {
  const { VK_ICD_FILENAMES, VK_DRIVER_FILES } = process.env;
  if (!VK_ICD_FILENAMES && !VK_DRIVER_FILES && existsSync(DRIVER)) process.env.VK_ICD_FILENAMES = DRIVER;
}

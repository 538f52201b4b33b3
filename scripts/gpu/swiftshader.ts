import { existsSync } from 'node:fs';

const DRIVER = '/usr/lib/chromium/vk_swiftshader_icd.json';

/** Sets the Vulkan driver for this process and its children to SwiftShader of Debian's chromium, unless one is set already. */
export function useSwiftShader() {
  const { VK_ICD_FILENAMES, VK_DRIVER_FILES } = process.env;
  if (!VK_ICD_FILENAMES && !VK_DRIVER_FILES && existsSync(DRIVER)) process.env.VK_ICD_FILENAMES = DRIVER;
}

import { readFileSync } from 'node:fs';
import { Unavailable } from './library.ts';

/**
 * Loads a package of bench/package.json. Its types are not there where it is not installed, so the caller
 * declares what it uses.
 *
 * @throws Unavailable where it is not installed.
 */
export async function importPeer<Module>(name: string): Promise<Module> {
  try {
    const module = await import(name);
    return module.default ?? module;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') {
      throw new Unavailable('not installed: npm ci --prefix bench');
    }
    throw error;
  }
}

/** The version in a folder's package.json, relative to the benchmarks; null where there is none. */
export function versionOf(folder: string): string | null {
  try {
    const { version } = JSON.parse(readFileSync(new URL(`${folder}/package.json`, import.meta.url), 'utf8'));
    return String(version);
  } catch {
    return null;
  }
}

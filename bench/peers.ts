import { readFileSync } from 'node:fs';
import { Unavailable } from './library-program.ts';

/**
 * Loads a package of bench/package.json. The caller declares the types that it uses, since the package may not be
 * installed.
 *
 * @throws Unavailable if it is not installed.
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

/** The version in the package.json of a folder, relative to bench/; null if there is none. */
export function versionOf(folder: string): string | null {
  try {
    const { version } = JSON.parse(readFileSync(new URL(`${folder}/package.json`, import.meta.url), 'utf8'));
    return String(version);
  } catch {
    return null;
  }
}

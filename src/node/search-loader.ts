import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Does Node need help to run this file? */
export const isTypeScript = (url: string | URL): boolean => /\.[cm]?tsx?$/.test(new URL(url).pathname);

/**
 * The URL of a module whose `register` makes a worker thread understand what this thread does, if it takes
 * that: tsx, where the program runs under it, or where one of the modules is TypeScript and Node can't run
 * that itself. null where there is no need, or no tsx.
 */
export function findTsx(modules: readonly URL[]): string | null {
  const { typescript } = process.features as { typescript?: string | false };
  const flags = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(/\s+/)];
  const running = flags.map((flag) => flag.replace(/^--?[\w-]+=/, '')).filter((flag) => isTsx(flag));
  if (running.length === 0 && (typescript || !modules.some(isTypeScript))) return null;
  const here = pathToFileURL(join(process.cwd(), 'package.json')).href;
  const files = [...running.filter((flag) => /[\\/]/.test(flag)), ...modules.map(String), here];
  for (const file of files) {
    try {
      // tsx 4 does not find its own files from the CommonJS form of this module.
      const path = createRequire(file).resolve('tsx/esm/api');
      return pathToFileURL(path.replace(/\.cjs$/, '.mjs')).href;
    } catch {
      // Not to be found from there.
    }
  }
  return null;
}

/** `tsx`, `tsx/esm`, `file:///.../node_modules/tsx/dist/loader.mjs` and the like. */
const isTsx = (flag: string): boolean => /^tsx(\/|$)|[\\/]tsx[\\/]dist[\\/]/.test(flag);

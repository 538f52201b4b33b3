import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Whether a file is TypeScript. */
export const isTypeScript = (url: string | URL): boolean => /\.[cm]?tsx?$/.test(new URL(url).pathname);

/**
 * The URL of tsx, whose `register` lets a worker thread run TypeScript. It is needed if the program runs under tsx, or if
 * one of the modules is TypeScript and Node cannot run it. null if tsx is not needed or not installed.
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
      // The CommonJS build of this module of tsx 4 does not find the other files of tsx.
      const path = createRequire(file).resolve('tsx/esm/api');
      return pathToFileURL(path.replace(/\.cjs$/, '.mjs')).href;
    } catch {
      // Not installed there.
    }
  }
  return null;
}

/** `tsx`, `tsx/esm`, `file:///.../node_modules/tsx/dist/loader.mjs` and the like. */
const isTsx = (flag: string): boolean => /^tsx(\/|$)|[\\/]tsx[\\/]dist[\\/]/.test(flag);

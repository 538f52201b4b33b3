import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ValueError } from '../ir/errors.ts';
import { errorMessage } from '../util/error-message.ts';
import { version } from '../util/version.ts';

/** The version of the code that runs a trial. */
export interface TrialCode {
  /** The version of this package. */
  readonly ndgrad: string;
  /**
   * The hashes of the module and of the files that it imports, directly or through others. Paths are relative to the
   * module, so that they are the same on every machine.
   */
  readonly files: { readonly [path: string]: string };
}

/**
 * Reads the files of a module. Imports of packages are not followed.
 *
 * @throws ValueError if the module cannot be read.
 */
export function readCode(operation: string, module: URL): TrialCode {
  const files: [string, string][] = [];
  const seen = new Set([module.href]);
  const visit = (file: URL): void => {
    // Line breaks may differ between machines.
    const source = readFileSync(file, 'utf8').replaceAll('\r\n', '\n');
    files.push([pathFrom(module, file), hash(source)]);
    for (const specifier of relativeImports(source)) {
      const imported = findFile(new URL(specifier, file));
      if (imported === null || seen.has(imported.href)) continue;
      seen.add(imported.href);
      visit(imported);
    }
  };
  try {
    visit(module);
  } catch (error) {
    throw new ValueError(
      `[${operation}] ${module.href} can't be read (${errorMessage(error)}). Pass the file with the trial function.`,
    );
  }
  return { ndgrad: version, files: Object.fromEntries(files.sort(([a], [b]) => (a < b ? -1 : 1))) };
}

/** The same for equal code only. */
export const codeId = (code: TrialCode): string => hash(JSON.stringify(code));

/** What differs between two versions, for errors. */
export function differences(wanted: TrialCode, got: TrialCode): string {
  const found: string[] = [];
  if (wanted.ndgrad !== got.ndgrad) found.push(`ndgrad ${wanted.ndgrad} instead of ${got.ndgrad}`);
  const paths = [...new Set([...Object.keys(wanted.files), ...Object.keys(got.files)])].sort();
  const files = paths.filter((path) => wanted.files[path] !== got.files[path]);
  const more = files.length > 3 ? ` and ${files.length - 3} more` : '';
  if (files.length > 0) found.push(`other contents of ${files.slice(0, 3).join(', ')}${more}`);
  return found.join(', and ');
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

const pathFrom = (module: URL, file: URL): string =>
  relative(fileURLToPath(new URL('.', module)), fileURLToPath(file)).replaceAll('\\', '/');

/** The relative imports and exports of a module, except those of types only. */
function relativeImports(source: string): string[] {
  const values = source.replace(/\b(?:import|export)\s+type\s[^'"`;]*\bfrom\s*(['"])[^'"\n]+\1/g, '');
  const imports = /(?:\bfrom|\bimport|\b(?:import|require)\s*\()\s*(['"])(\.{1,2}\/[^'"\n]+)\1/g;
  return [...values.matchAll(imports)].map(([, , specifier]) => specifier!);
}

/** The file of an import, as Node and the runners of TypeScript find it; null if there is none. */
function findFile(url: URL): URL | null {
  const candidates = [
    url.href,
    url.href.replace(/\.([cm]?)js(x?)$/, '.$1ts$2'),
    ...['.ts', '.js', '.json', '/index.ts', '/index.js'].map((end) => url.href + end),
  ];
  return candidates.map((href) => new URL(href)).find(isFile) ?? null;
}

const isFile = (url: URL): boolean => statSync(url, { throwIfNoEntry: false })?.isFile() ?? false;

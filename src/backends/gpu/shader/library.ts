import { bits } from './bits.ts';
import { exponential } from './exponential.ts';
import { floats } from './floats.ts';
import { integers } from './integers.ts';
import { logarithm } from './logarithm.ts';
import { trigonometric } from './trigonometric.ts';

/** The shader functions that programs call, by name, in the subset of WGSL that `toGlsl` translates. */
const library = { ...bits, ...floats, ...integers, ...exponential, ...logarithm, ...trigonometric };

export type LibraryFunction = keyof typeof library;

/**
 * Prepends the library functions that the body calls, directly or indirectly: each once, and after the functions that it
 * calls itself.
 */
export function withLibrary(body: string): string {
  const texts: string[] = [];
  const seen = new Set<string>();
  const visit = (text: string): void => {
    for (const [name] of text.matchAll(/\bnd_\w+/g)) {
      if (seen.has(name)) continue;
      seen.add(name);
      if (!isLibraryFunction(name))
        throw new Error(`[shader] got a call of ${name}, wanted a function of the library`);
      visit(library[name]);
      texts.push(library[name]);
    }
  };
  visit(body);
  return [...texts, body].join('\n');
}

function isLibraryFunction(name: string): name is LibraryFunction {
  return Object.hasOwn(library, name);
}

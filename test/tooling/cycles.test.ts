import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

const FOLDERS = ['src', 'test', 'examples', 'bench', 'scripts'];

/** For each file the files that it imports, types included. */
function importsOf(folders: readonly string[]): Map<string, string[]> {
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((name) => posix.join(folder, name.replaceAll('\\', '/')))
      .filter((name) => name.endsWith('.ts') && !name.includes('node_modules/')),
  );
  return new Map(
    files.map((file) => [
      file,
      ts
        .preProcessFile(readFileSync(file, 'utf8'))
        .importedFiles.filter(({ fileName }) => fileName.startsWith('.'))
        .map(({ fileName }) => posix.join(posix.dirname(file), fileName)),
    ]),
  );
}

/** The strongly connected components of more than one file (Tarjan 1972). */
function cyclesOf(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const cycles: string[][] = [];
  const visit = (file: string): void => {
    const number = index.size;
    index.set(file, number);
    low.set(file, number);
    stack.push(file);
    for (const other of imports.get(file)!) {
      if (!imports.has(other)) continue;
      if (!index.has(other)) visit(other);
      if (stack.includes(other)) low.set(file, Math.min(low.get(file)!, low.get(other)!));
    }
    if (low.get(file) !== number) return;
    const component = stack.splice(stack.indexOf(file));
    if (component.length > 1) cycles.push(component.sort());
  };
  for (const file of imports.keys()) if (!index.has(file)) visit(file);
  return cycles;
}

test('no files import each other in a cycle, except tensors and their operations', () => {
  // src/tensor/apply.ts says why that cycle is safe.
  const cycles = cyclesOf(importsOf(FOLDERS));
  expect(cycles.filter((files) => !files.every((file) => file.startsWith('src/tensor/')))).toEqual([]);
});

test('a cycle is found', () => {
  const imports = new Map([
    ['a', ['b']],
    ['b', ['c', 'd']],
    ['c', ['a']],
    ['d', ['e', 'outside']],
    ['e', []],
  ]);
  expect(cyclesOf(imports)).toEqual([['a', 'b', 'c']]);
});

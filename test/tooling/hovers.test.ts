import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

// What an editor shows of the public names: descriptions of functions, constructors and options.

const root = fileURLToPath(new URL('../..', import.meta.url));
const entries = readdirSync(join(root, 'src')).filter((file) => file.endsWith('.ts'));
const { options } = ts.parseJsonConfigFileContent(
  ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile).config,
  ts.sys,
  root,
);

/** A language service over the entry points and programs that exist in memory only. */
function languageService(programs: ReadonlyMap<string, string>): ts.LanguageService {
  const read = (file: string) => programs.get(file) ?? ts.sys.readFile(file);
  return ts.createLanguageService({
    getScriptFileNames: () => [...entries.map((file) => join(root, 'src', file)), ...programs.keys()],
    getScriptVersion: () => '1',
    getScriptSnapshot: (file) => {
      const text = read(file);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => root,
    getCompilationSettings: () => options,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: (file) => programs.has(file) || ts.sys.fileExists(file),
    readFile: read,
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
  });
}

interface PublicName {
  readonly entry: string;
  readonly name: string;
  readonly symbol: ts.Symbol;
}

function publicNames(program: ts.Program): PublicName[] {
  const checker = program.getTypeChecker();
  return entries.flatMap((entry) => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(join(root, 'src', entry))!)!;
    return checker.getExportsOfModule(module).map((exported) => ({
      entry,
      name: exported.name,
      symbol: exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported,
    }));
  });
}

const service = languageService(new Map());
const names = publicNames(service.getProgram()!);
const checker = service.getProgram()!.getTypeChecker();
const text = (parts: ts.SymbolDisplayPart[] | undefined) => ts.displayPartsToString(parts).trim();

/** The hover over the last word of an expression, in a program that imports the name. */
function hovers(list: readonly PublicName[], expression: (name: string) => string): Map<string, string> {
  const programs = new Map<string, string>();
  for (const { entry, name } of list) {
    programs.set(
      join(root, `src/hover-${entry}-${name}.ts`),
      `import { ${name} } from './${entry}';\n${expression(name)}`,
    );
  }
  const editor = languageService(programs);
  return new Map(
    list.map(({ entry, name }) => {
      const file = join(root, `src/hover-${entry}-${name}.ts`);
      const info = editor.getQuickInfoAtPosition(file, programs.get(file)!.lastIndexOf(name));
      return [`${name} of ${entry}`, text(info?.documentation)];
    }),
  );
}

const isConcreteClass = ({ symbol }: PublicName) =>
  (symbol.flags & ts.SymbolFlags.Class) !== 0 &&
  !symbol.declarations!.some(
    (d) => ts.getCombinedModifierFlags(d as ts.ClassDeclaration) & ts.ModifierFlags.Abstract,
  );

const withoutDescription = (found: ReadonlyMap<string, string>) =>
  [...found].filter(([, description]) => description === '').map(([name]) => name);

test('every function is described', () => {
  const functions = names.filter(({ symbol }) => {
    if (!symbol.valueDeclaration || symbol.flags & ts.SymbolFlags.Class) return false;
    return checker.getTypeOfSymbol(symbol).getCallSignatures().length > 0;
  });
  expect(functions.length).toBeGreaterThan(100);
  expect(withoutDescription(hovers(functions, (name) => `${name}(`))).toEqual([]);
});

test('every class is described where it is constructed', () => {
  const classes = names.filter(isConcreteClass);
  expect(classes.length).toBeGreaterThan(40);
  expect(withoutDescription(hovers(classes, (name) => `new ${name}(`))).toEqual([]);
});

test('every option is described', () => {
  const undescribed: string[] = [];
  for (const { name, symbol } of names) {
    if (!name.endsWith('Options')) continue;
    for (const property of checker.getDeclaredTypeOfSymbol(symbol).getProperties()) {
      if (text(property.getDocumentationComment(checker)) === '')
        undescribed.push(`${name}.${property.name}`);
    }
  }
  expect(undescribed).toEqual([]);
});

test('epochs are described as users understand them', () => {
  const fitOptions = names.find(({ name }) => name === 'FitOptions')!.symbol;
  const epochs = checker.getDeclaredTypeOfSymbol(fitOptions).getProperty('epochs')!;
  expect(text(epochs.getDocumentationComment(checker))).toMatch(
    /^How many times to go through the training data/,
  );
});

test('the editor shows the class and its options while a constructor is called', () => {
  const program = "import { Adam } from './index.ts';\nnew Adam([], { learningRate";
  const file = join(root, 'src/hover-options.ts');
  const editor = languageService(new Map([[file, program]]));
  const hover = editor.getQuickInfoAtPosition(file, program.lastIndexOf('Adam'));
  expect(text(hover?.documentation)).toMatch(/^Adam \(Kingma & Ba 2015/);
  const completion = (option: string) => {
    const none = undefined;
    return editor.getCompletionEntryDetails(file, program.length, option, none, none, none, none);
  };
  for (const option of ['learningRate', 'betas', 'epsilon', 'weightDecay', 'clip']) {
    expect(text(completion(option)?.documentation), option).not.toBe('');
  }
});

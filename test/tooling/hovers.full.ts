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

/** Programs that exist in memory only, by their path. */
const programs = new Map<string, string>();
const read = (file: string) => programs.get(file) ?? ts.sys.readFile(file);

/** A language service over the entry points and the programs. It parses each file once. */
const service = ts.createLanguageService({
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

const names = publicNames(service.getProgram()!);
const checker = service.getProgram()!.getTypeChecker();
const text = (parts: ts.SymbolDisplayPart[] | undefined) => ts.displayPartsToString(parts).trim();

const isFunction = ({ symbol }: PublicName) =>
  symbol.valueDeclaration !== undefined &&
  !(symbol.flags & ts.SymbolFlags.Class) &&
  checker.getTypeOfSymbol(symbol).getCallSignatures().length > 0;

const isConcreteClass = ({ symbol }: PublicName) =>
  (symbol.flags & ts.SymbolFlags.Class) !== 0 &&
  !symbol.declarations!.some(
    (d) => ts.getCombinedModifierFlags(d as ts.ClassDeclaration) & ts.ModifierFlags.Abstract,
  );

const functions = names.filter(isFunction);
const classes = names.filter(isConcreteClass);

const pathOf = ({ entry, name }: PublicName) => join(root, `src/hover-${entry}-${name}.ts`);
/** Adds a program that imports the name and ends with an expression. */
function addProgram(of: PublicName, expression: string): void {
  programs.set(pathOf(of), `import { ${of.name} } from './${of.entry}';\n${expression}`);
}
for (const one of functions) addProgram(one, `${one.name}(`);
for (const one of classes) addProgram(one, `new ${one.name}(`);
const optionsProgram = "import { Adam } from './index.ts';\nnew Adam([], { learningRate";
const optionsFile = join(root, 'src/hover-options.ts');
programs.set(optionsFile, optionsProgram);

/** Names whose hover, over the last word of their program, has no description. */
const withoutDescription = (list: readonly PublicName[]) =>
  list
    .filter((one) => {
      const file = pathOf(one);
      const info = service.getQuickInfoAtPosition(file, programs.get(file)!.lastIndexOf(one.name));
      return text(info?.documentation) === '';
    })
    .map(({ name, entry }) => `${name} of ${entry}`);

test('every function is described', () => {
  expect(functions.length).toBeGreaterThan(100);
  expect(withoutDescription(functions)).toEqual([]);
});

test('every class is described where it is constructed', () => {
  expect(classes.length).toBeGreaterThan(40);
  expect(withoutDescription(classes)).toEqual([]);
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
  const hover = service.getQuickInfoAtPosition(optionsFile, optionsProgram.lastIndexOf('Adam'));
  expect(text(hover?.documentation)).toMatch(/^Adam \(Kingma & Ba 2015/);
  const completion = (option: string) => {
    const none = undefined;
    const at = optionsProgram.length;
    return service.getCompletionEntryDetails(optionsFile, at, option, none, none, none, none);
  };
  for (const option of ['learningRate', 'betas', 'epsilon', 'weightDecay', 'clip']) {
    expect(text(completion(option)?.documentation), option).not.toBe('');
  }
});

import type { Arithmetic } from '../../src/ir/math/arithmetic.ts';
import { binaryIntrinsics, unaryIntrinsics } from '../../src/ir/math/intrinsics.ts';

const HEADER = `// biome-ignore-all format: generated
// biome-ignore-all lint: generated
// Generated from the definitions in intrinsics.ts, because a JavaScript engine runs these lines several times as fast as it
// runs the definitions over plain numbers. To write it anew: npx vitest run test/ir/math.test.ts -u
`;

/** A value or condition of the printed function. */
interface Term {
  /** Source text, with the arguments' texts put in. */
  readonly render: (args: readonly string[]) => string;
  readonly args: readonly Term[];
  /** Names and literals are never given a line of their own. */
  readonly atom: boolean;
  readonly block: Block;
}

/** What stands between two braces, in order. */
interface Block {
  readonly steps: (Term | Branch)[];
}

interface Branch {
  readonly condition: Term;
  readonly names: readonly string[];
  readonly usual: readonly Term[];
  readonly block: Block;
  readonly rare: readonly Term[];
}

/** The source text of src/ir/math/host.ts: every intrinsic as a function on numbers. */
export function printHostMath(): string {
  const tables: (readonly number[])[] = [];
  const functions = [
    ...Object.entries(unaryIntrinsics).map(([name, f]) =>
      printFunction(name, ['x'], tables, (m, x) => f(m, x!)),
    ),
    ...Object.entries(binaryIntrinsics).map(([name, f]) =>
      printFunction(name, ['x', 'y'], tables, (m, x, y) => f(m, x!, y!)),
    ),
  ];
  const imports = "import { exponent, lookup, powerOfTwo } from './bits.ts';\n";
  const constants = tables.map((table, i) => `const table${i} = [${table.join(', ')}];\n`);
  return [HEADER, imports, ...constants, ...functions].join('\n');
}

function printFunction(
  name: string,
  parameters: readonly string[],
  tables: (readonly number[])[],
  define: (m: Arithmetic<Term, Term>, ...args: Term[]) => Term,
): string {
  const root: Block = { steps: [] };
  const recorder = record(root, tables);
  const result = define(recorder, ...parameters.map((p) => atom(p, root)));
  const lines = printBlock(root, [result], '  ');
  const signature = parameters.map((p) => `${p}: number`).join(', ');
  return `export function ${name}(${signature}): number {\n${lines.join('\n')}\n}\n`;
}

const atom = (text: string, block: Block): Term => ({ render: () => text, args: [], atom: true, block });

/** An arithmetic that writes down what it is asked to do. */
function record(root: Block, tables: (readonly number[])[]): Arithmetic<Term, Term> {
  let block = root;
  let branches = 0;
  const term = (args: readonly Term[], render: Term['render']): Term => {
    const made: Term = { render, args, atom: false, block };
    block.steps.push(made);
    return made;
  };
  const binary = (operator: string) => (a: Term, b: Term) =>
    term([a, b], ([x, y]) => `(${x} ${operator} ${y})`);
  const call = (f: string) => (a: Term) => term([a], ([x]) => `${f}(${unwrap(x!)})`);
  return {
    constant: (value) => atom(Object.is(value, -0) ? '-0' : String(value), root),
    add: binary('+'),
    sub: binary('-'),
    mul: binary('*'),
    div: binary('/'),
    neg: (a) => term([a], ([x]) => `(- ${x})`),
    abs: call('Math.abs'),
    floor: call('Math.floor'),
    less: binary('<'),
    equal: binary('==='),
    not: (p) => term([p], ([x]) => `!${x}`),
    and: binary('&&'),
    or: binary('||'),
    select: (p, a, b) => term([p, a, b], ([c, x, y]) => `(${c} ? ${x} : ${y})`),
    exponent: call('exponent'),
    powerOfTwo: call('powerOfTwo'),
    lookup: (table, i) => {
      if (!tables.includes(table)) tables.push(table);
      return call('lookup')(term([i], ([x]) => `table${tables.indexOf(table)}, ${x}`));
    },
    seldom: (condition, rare, usual) => {
      const outer = block;
      const inner: Block = { steps: [] };
      const names = usual.map((_, i) => `u${branches}${'abcdef'[i]}`);
      branches++;
      block = inner;
      const values = rare();
      block = outer;
      block.steps.push({ condition, names, usual, block: inner, rare: values });
      return names.map((name) => atom(name, outer));
    },
  };
}

/** `text` without its outer brackets, if they are a pair. */
function unwrap(text: string): string {
  if (!text.startsWith('(')) return text;
  const inner = text.slice(1, -1);
  let depth = 0;
  for (const c of inner) {
    depth += c === '(' ? 1 : c === ')' ? -1 : 0;
    if (depth < 0) return text;
  }
  return inner;
}

function printBlock(
  block: Block,
  results: readonly Term[],
  indent: string,
  targets?: readonly string[],
): string[] {
  const uses = countUses(block, results);
  const texts = new Map<Term, string>();
  const lines: string[] = [];
  let temporaries = 0;
  const prefix = indent.length > 2 ? 'r' : 't';
  const text = (t: Term): string => texts.get(t) ?? t.render([]);
  for (const step of block.steps) {
    if ('render' in step) {
      if (!uses.has(step)) continue;
      const source = step.render(step.args.map(text));
      if (uses.get(step) === 1 && source.length < 70) {
        texts.set(step, source);
      } else {
        const name = `${prefix}${temporaries++}`;
        lines.push(`${indent}const ${name} = ${unwrap(source)};`);
        texts.set(step, name);
      }
      continue;
    }
    for (const [i, name] of step.names.entries()) {
      lines.push(`${indent}let ${name} = ${unwrap(text(step.usual[i]!))};`);
    }
    lines.push(`${indent}if (${unwrap(text(step.condition))}) {`);
    lines.push(...printBlock(step.block, step.rare, `${indent}  `, step.names));
    lines.push(`${indent}}`);
  }
  for (const [i, result] of results.entries()) {
    lines.push(`${indent}${targets ? `${targets[i]} =` : 'return'} ${unwrap(text(result))};`);
  }
  return lines;
}

/** How often each value that something depends on is named. A value used inside of an inner block counts twice. */
function countUses(block: Block, results: readonly Term[]): Map<Term, number> {
  const uses = new Map<Term, number>();
  const use = (t: Term, times = 1): void => {
    if (t.atom) return;
    const before = uses.get(t) ?? 0;
    uses.set(t, before + times);
    if (before === 0) for (const a of t.args) use(a, a.block === t.block ? 1 : 2);
  };
  for (const r of results) use(r);
  for (const step of block.steps) {
    if ('render' in step) continue;
    use(step.condition);
    for (const u of step.usual) use(u);
    for (const r of step.rare) use(r);
  }
  return uses;
}

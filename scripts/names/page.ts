import { table } from './table.ts';

export interface NameRow {
  /** The name in the entry point `ndgrad`, or `Class.member`. */
  readonly name: string;
  /** Those of NumPy, PyTorch, Keras and TensorFlow.js; '' where there is none. */
  readonly others: readonly string[];
}

export interface NameSection {
  readonly title: string;
  readonly rows: readonly NameRow[];
}

/** The table of names, read. */
export function nameSections(): NameSection[] {
  const sections: { title: string; rows: NameRow[] }[] = [];
  for (const line of table.trim().split('\n')) {
    if (line === '') continue;
    if (line.startsWith('# ')) {
      sections.push({ title: line.slice(2), rows: [] });
      continue;
    }
    const [name, ...others] = line.split(' | ');
    if (others.length !== 4) throw new Error(`got '${line}', wanted five names`);
    sections.at(-1)!.rows.push({ name: name!, others: others.map((other) => (other === '-' ? '' : other)) });
  }
  return sections;
}

const introduction = `# Names elsewhere

What the names of the entry point \`ndgrad\` are called in NumPy, PyTorch, Keras and TensorFlow.js. Search this page for the name that you know.
\`np\` is NumPy, \`F\` is \`torch.nn.functional\`, \`nn\` is \`torch.nn\`, \`optim\` is \`torch.optim\`, \`tf\` is TensorFlow.js.

- Names are in camel case, axes are called \`axis\` or \`axes\`, and \`keepDims\` keeps reduced axes.
- Most operations are functions and methods of \`Tensor\`: \`add(x, y)\` is \`x.add(y)\`. Rare ones are functions only.
- Images are [N, height, width, channels], as in Keras and TensorFlow.js. PyTorch has channels first.
- Losses take the predictions first, and cross entropies take logits.
- \`checkpoint\` is a callback of \`fit\`. What PyTorch and JAX call checkpointing of activations is \`remat\`.
- Nothing needs \`dispose\`, \`tidy\`, \`no_grad\` or \`zero_grad\`: \`gradients\` and \`minimize\` compute gradients where they are asked for.

`;

const code = (names: string): string =>
  names === ''
    ? ''
    : names
        .split(', ')
        .map((name) => `\`${name}\``)
        .join(', ');

/** The text of docs/names.md. */
export function namesPage(): string {
  const parts = nameSections().map(({ title, rows }) =>
    [
      `## ${title}`,
      '',
      '| ndgrad | NumPy | PyTorch | Keras | TensorFlow.js |',
      '|---|---|---|---|---|',
      ...rows.map(({ name, others }) => `| ${[name, ...others].map(code).join(' | ')} |`),
      '',
    ].join('\n'),
  );
  return introduction + parts.join('\n');
}

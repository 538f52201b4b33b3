export interface CodeBlock {
  language: 'ts' | 'js';
  /** Number of the first line of code, from 1. */
  line: number;
  /** False for a block marked `fragment`, which is part of a program and is not run. */
  runs: boolean;
  code: string;
}

/** TypeScript and JavaScript blocks of a Markdown text, in order. */
export function codeBlocks(markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  const lines = markdown.split(/\r?\n/);
  for (let i = 0; i < lines.length; i++) {
    const open = /^(\s*)(`{3,})\s*(\w*)\s*(.*)$/.exec(lines[i]!);
    if (!open) continue;
    const [, indent, fence, word, flags] = open;
    const start = i + 1;
    do i++;
    while (i < lines.length && lines[i]!.trim() !== fence);
    if (i === lines.length) throw new Error(`line ${start}: code block without an end`);
    const language = LANGUAGES.get(word!);
    if (!language) continue;
    if (flags !== '' && flags !== 'fragment') throw new Error(`line ${start}: unknown mark '${flags}'`);
    const code = lines
      .slice(start, i)
      .map((line) => (line.startsWith(indent!) ? line.slice(indent!.length) : line));
    blocks.push({ language, line: start + 1, runs: flags === '', code: `${code.join('\n')}\n` });
  }
  return blocks;
}

const LANGUAGES = new Map<string, CodeBlock['language']>([
  ['ts', 'ts'],
  ['typescript', 'ts'],
  ['js', 'js'],
  ['javascript', 'js'],
]);

import { expect, test } from 'vitest';
import { codeBlocks } from '../../scripts/markdown.ts';

test('finds TypeScript and JavaScript blocks with their lines', () => {
  const markdown = [
    '# Title',
    '```ts',
    'const a = 1;',
    '',
    'const b = 2;',
    '```',
    '```sh',
    'npm i ndgrad',
    '```',
    'Inline ```ts is no block.',
    '````md',
    '```ts',
    'hidden()',
    '```',
    '````',
    '- item',
    '  ```javascript fragment',
    '  if (x) {',
    '    y();',
    '  }',
    '  ```',
  ].join('\n');
  expect(codeBlocks(markdown)).toEqual([
    { language: 'ts', line: 3, runs: true, code: 'const a = 1;\n\nconst b = 2;\n' },
    { language: 'js', line: 18, runs: false, code: 'if (x) {\n  y();\n}\n' },
  ]);
});

test('a block without an end or with an unknown mark is an error', () => {
  expect(() => codeBlocks('text\n```ts\nconst a = 1;')).toThrow('line 2: code block without an end');
  expect(() => codeBlocks('```ts norun\n```')).toThrow("line 1: unknown mark 'norun'");
});

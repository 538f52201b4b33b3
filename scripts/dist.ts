import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { distProblems, internalTypes } from './dist-check.ts';
import { report, root } from './shared.ts';

const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const problems = await distProblems(
  join(root, 'dist'),
  Object.keys(dependencies),
  internalTypes(join(root, 'src')),
);
report(
  'dist: every entry point has only allowed imports, every module is in one file, declarations contain nothing internal',
  problems,
);

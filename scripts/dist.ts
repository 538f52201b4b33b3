import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { distProblems } from './dist-check.ts';
import { report, root } from './shared.ts';

const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const problems = await distProblems(join(root, 'dist'), Object.keys(dependencies));
report('dist: every entry point imports only what it may, every module stands in one file', problems);

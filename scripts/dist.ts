import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundledPackages, distProblems, internalTypes, licenseProblems } from './dist-check.ts';
import { report, root } from './shared.ts';

const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const problems = await distProblems(
  join(root, 'dist'),
  Object.keys(dependencies),
  internalTypes(join(root, 'src')),
);
const bundled = await bundledPackages(root, Object.keys(peerDependencies));
if (bundled.length === 0) problems.push('no bundled packages found');
problems.push(...licenseProblems(root, bundled, readFileSync(join(root, 'THIRD-PARTY.md'), 'utf8')));
report(
  'dist: every entry point has only allowed imports, every module is in one file, declarations contain nothing internal, ' +
    `and THIRD-PARTY.md has the licenses of ${bundled.join(', ')}`,
  problems,
);

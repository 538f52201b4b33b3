/** Writes docs/names.md, the page of names for people who come from other libraries: `npx tsx scripts/names.ts`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { namesPage } from './names/page.ts';
import { root } from './shared.ts';

writeFileSync(join(root, 'docs/names.md'), namesPage());

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const manifest = (folder: string) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

test('the package needs little and installs plainly', () => {
  const own = manifest('.');
  expect(Object.keys(own.dependencies).sort()).toEqual(['@types/ndarray', 'ndarray']);
  expect(own.sideEffects).toBe(false);
  expect(own.type).toBe('module');
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  const needed = Object.entries<{ dev?: boolean }>(lock.packages).filter(([path, { dev }]) => path && !dev);
  expect(needed.length).toBeGreaterThan(0);
  for (const folder of ['.', ...needed.map(([path]) => path)]) {
    for (const script of ['preinstall', 'install', 'postinstall', 'prepare']) {
      expect(manifest(folder).scripts?.[script], `${folder}: ${script}`).toBeUndefined();
    }
  }
});

test('every development dependency is one exact version', () => {
  const versions = Object.entries<string>(manifest('.').devDependencies);
  expect(versions.length).toBeGreaterThan(0);
  for (const [name, version] of versions) expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
});

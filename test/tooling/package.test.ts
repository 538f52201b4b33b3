import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const manifest = (folder: string) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

test('the package has one dependency and no install scripts', () => {
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

test('the peers are optional, and the versions of the GPU packages are consistent', () => {
  const { devDependencies, peerDependencies, peerDependenciesMeta, overrides } = manifest('.');
  const peers = ['bullmq', 'fast-check', 'gpu.js', 'ioredis', 'koffi', 'uplot', 'webgpu'];
  expect(Object.keys(peerDependencies).sort()).toEqual(peers);
  expect(peerDependenciesMeta).toEqual(Object.fromEntries(peers.map((name) => [name, { optional: true }])));
  // The GPU backend uses undocumented parts of gpu.js, so its version is exact.
  expect(peerDependencies['gpu.js']).toBe(devDependencies['gpu.js']);
  expect(peerDependencies.webgpu).toBe(`>=${devDependencies.webgpu}`);
  const load = readFileSync('src/gpu/load.ts', 'utf8');
  for (const name of ['gpu.js', 'webgpu']) expect(load).toContain(`'${name}@${devDependencies[name]}'`);

  // Without overrides gpu.js would install a second webgpu, and compile headless-gl, which is not used, for minutes.
  expect(overrides['gpu.js'].webgpu).toBe('$webgpu');
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  const paths = Object.keys(packages).filter((path) => /(?:^|\/)(?:webgpu|gl)$/.test(path));
  expect(paths.sort()).toEqual(['node_modules/gl', 'node_modules/webgpu']);
  expect(packages['node_modules/gl']).toMatchObject({ name: 'gpu-mock.js' });
  expect(packages['node_modules/gl'].hasInstallScript).toBeUndefined();
});

test('the repository is named in one place, and the home page follows it', () => {
  const { repository, homepage } = manifest('.');
  expect(homepage).toBe(`${repository.url.replace(/^git\+/, '').replace(/\.git$/, '')}#readme`);
  const { host } = new URL(homepage);
  const files = ['README.md', 'CONTRIBUTING.md', ...readdirSync('docs').map((name) => join('docs', name))];
  for (const file of files.filter((name) => name.endsWith('.md'))) {
    expect(readFileSync(file, 'utf8'), file).not.toContain(`${host}/ndgrad`);
  }
});

test('links in documents are relative and lead to files, so that npm and the repository can show them', () => {
  const files = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'bench/README.md'];
  for (const name of readdirSync('docs')) if (name.endsWith('.md')) files.push(join('docs', name));
  const broken: string[] = [];
  let links = 0;
  for (const file of files) {
    for (const [, target] of readFileSync(file, 'utf8').matchAll(/\]\(([^)\s]+)\)/g)) {
      links++;
      if (/^https?:/.test(target!)) continue;
      const [path, anchor] = target!.split('#');
      const to = path === '' ? file : join(dirname(file), path!);
      if (!existsSync(to)) broken.push(`${file}: ${target}`);
      else if (anchor !== undefined && !anchors(to).includes(anchor)) broken.push(`${file}: ${target}`);
    }
  }
  expect(links).toBeGreaterThan(10);
  expect(broken).toEqual([]);
});

/** The anchors of a document's headings, as GitHub makes them. */
const anchors = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .replace(/\s/g, '-'),
  );

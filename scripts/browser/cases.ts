import {
  type Bundler,
  esbuild,
  type Place,
  vite,
  webpackProduction,
  writeAppProject,
  writePlainProject,
} from './projects.ts';
import { type Site, serve } from './serve.ts';
import { serveVite } from './serve-vite.ts';

const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

const policy = (script: string, worker = '') => ({
  'Content-Security-Policy': `default-src 'none'; script-src ${script}; connect-src 'self'; ${worker}`,
});

/** A running site, and the warnings of its bundler. */
export interface Ready extends Site {
  readonly warnings: readonly string[];
}

/** A page, how it is served, and its expected properties besides the same bits. */
export interface Case {
  readonly name: string;
  /** Whether the page is cross-origin isolated. Without isolation there is no shared memory, so only one thread. */
  readonly isolated: boolean;
  /** What the page's content-security policy forbids. The library tries it, which is reported as a violation. */
  readonly forbidden?: 'WebAssembly' | 'workers from blobs';
  /** Writes the files of the page into the folder and serves them. `ndgrad` is installed in a parent folder. */
  prepare(folder: string): Promise<Ready>;
}

async function plain(folder: string, place: Place, headers: Record<string, string>): Promise<Ready> {
  writePlainProject(folder, place);
  return { warnings: [], ...(await serve(folder, headers)) };
}

const suffix: Record<Place, string> = { page: '', worker: ', worker', training: ', trainInWorker' };

const bundled = (name: string, bundler: Bundler, place: Place): Case => ({
  name: name + suffix[place],
  isolated: true,
  async prepare(folder) {
    writeAppProject(folder, place);
    const bundle = await bundler(folder, place);
    return { warnings: bundle.warnings, ...(await serve(bundle.folder, ISOLATED)) };
  },
});

const viteDevelopment = (place: Place): Case => ({
  name: `vite development${suffix[place]}`,
  isolated: true,
  async prepare(folder) {
    writeAppProject(folder, place);
    return { warnings: [], ...(await serveVite(folder, ISOLATED)) };
  },
});

export const cases: readonly Case[] = [
  { name: 'page', isolated: false, prepare: (folder) => plain(folder, 'page', {}) },
  { name: 'page, isolated', isolated: true, prepare: (folder) => plain(folder, 'page', ISOLATED) },
  { name: 'worker', isolated: false, prepare: (folder) => plain(folder, 'worker', {}) },
  { name: 'worker, isolated', isolated: true, prepare: (folder) => plain(folder, 'worker', ISOLATED) },
  { name: 'trainInWorker', isolated: false, prepare: (folder) => plain(folder, 'training', {}) },
  {
    name: 'trainInWorker, isolated',
    isolated: true,
    prepare: (folder) => plain(folder, 'training', ISOLATED),
  },
  {
    name: 'policy, blob workers allowed',
    isolated: true,
    prepare: (folder) =>
      plain(folder, 'page', { ...ISOLATED, ...policy("'self' 'wasm-unsafe-eval'", 'worker-src blob:') }),
  },
  {
    name: 'policy, blob workers refused',
    isolated: true,
    forbidden: 'workers from blobs',
    prepare: (folder) => plain(folder, 'page', { ...ISOLATED, ...policy("'self' 'wasm-unsafe-eval'") }),
  },
  {
    name: 'worker, blob workers refused',
    isolated: true,
    forbidden: 'workers from blobs',
    prepare: (folder) => plain(folder, 'worker', { ...ISOLATED, ...policy("'self' 'wasm-unsafe-eval'") }),
  },
  {
    name: 'policy, WebAssembly refused',
    isolated: true,
    forbidden: 'WebAssembly',
    prepare: (folder) => plain(folder, 'page', { ...ISOLATED, ...policy("'self'", 'worker-src blob:') }),
  },
  bundled('esbuild', esbuild, 'page'),
  bundled('vite', vite, 'page'),
  bundled('vite', vite, 'worker'),
  bundled('vite', vite, 'training'),
  bundled('webpack', webpackProduction, 'page'),
  bundled('webpack', webpackProduction, 'worker'),
  bundled('webpack', webpackProduction, 'training'),
  viteDevelopment('page'),
  viteDevelopment('worker'),
  viteDevelopment('training'),
];

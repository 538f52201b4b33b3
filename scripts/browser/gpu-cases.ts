import type { Ready } from './cases.ts';
import { type Bundler, esbuild, type Place, vite, webpackProduction, writeGpuProject } from './projects.ts';
import { serve } from './serve.ts';
import { serveVite } from './serve-vite.ts';

export type GpuApi = 'webgpu' | 'webgl2';

export const GPU_APIS: readonly GpuApi[] = ['webgpu', 'webgl2'];

/** A page that trains on the GPU, with the API that the fragment of its URL names. */
export interface GpuCase {
  readonly name: string;
  /** Writes the files of the page into the folder and serves them. `ndgrad` and `gpu.js` are installed in a parent folder. */
  prepare(folder: string): Promise<Ready>;
}

/** Warnings about size: gpu.js is larger than the limits of bundlers. */
const SIZE_WARNING = /size limit|larger than 500 kB|performance recommendations/;

const bundled = (name: string, bundler: Bundler, place: Place): GpuCase => ({
  name,
  async prepare(folder) {
    writeGpuProject(folder, place);
    const bundle = await bundler(folder, place);
    const warnings = bundle.warnings.filter((warning) => !SIZE_WARNING.test(warning));
    return { warnings, ...(await serve(bundle.folder, {})) };
  },
});

export const gpuCases: readonly GpuCase[] = [
  bundled('esbuild', esbuild, 'page'),
  bundled('vite', vite, 'page'),
  bundled('vite, worker', vite, 'worker'),
  bundled('webpack', webpackProduction, 'page'),
  {
    name: 'vite development',
    async prepare(folder) {
      writeGpuProject(folder, 'page');
      return { warnings: [], ...(await serveVite(folder, {})) };
    },
  },
];

import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build as buildEsbuild } from 'esbuild';
import { build as buildVite, createLogger } from 'vite';
import webpack from 'webpack';
import { gpuPackages, overrides, root, run } from '../shared.ts';

/** Where the training runs: on the page, in a module worker that the page starts, or in one of `trainInWorker`. */
export type Place = 'page' | 'worker' | 'training';

const html = (script: string) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>ndgrad</title>
    ${script}
  </head>
</html>
`;

const APP = readdirSync(join(root, 'scripts/browser/app')).map((file) => `browser/app/${file}`);

/** Writes a page that trains, from files in scripts/. `rewrite` may change their text. */
function writeProject(
  folder: string,
  place: Place,
  files: readonly string[],
  rewrite = (text: string) => text,
) {
  mkdirSync(folder, { recursive: true });
  for (const name of files) {
    const file = join(root, 'scripts', name);
    writeFileSync(join(folder, basename(file)), rewrite(readFileSync(file, 'utf8')));
  }
  writeFileSync(join(folder, 'index.html'), html(`<script type="module" src="./${place}.mjs"></script>`));
}

/** Writes a page that needs no bundler: it imports the single-file bundle from its own folder. */
export function writePlainProject(folder: string, place: Place) {
  writeProject(folder, place, [...APP, 'same-bits/program.mjs'], (text) =>
    text.replace(/from 'ndgrad(?:\/\w+)?';/g, "from './ndgrad.min.js';"),
  );
  cpSync(join(root, 'dist/ndgrad.min.js'), join(folder, 'ndgrad.min.js'));
}

/** Packs the package and installs it in the folder, where projects in its subfolders find it. */
export function installPacked(folder: string, withGpu = false) {
  mkdirSync(folder);
  const [{ filename }] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', folder]));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'browser', private: true, overrides }));
  const flags = ['--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts'];
  const packages = [join(folder, filename), ...(withGpu ? gpuPackages.slice(0, 1) : [])];
  run('npm', ['install', ...flags, ...packages], { cwd: folder });
}

/** Writes a page that imports the installed package, to be bundled or served by a development server. */
export const writeAppProject = (folder: string, place: Place) =>
  writeProject(folder, place, [...APP, 'same-bits/program.mjs']);

/** The same for a page that trains on the GPU. */
export const writeGpuProject = (folder: string, place: Place) =>
  writeProject(folder, place, [
    'browser/gpu-app/page.mjs',
    'browser/gpu-app/worker.mjs',
    'browser/app/report.mjs',
    'gpu/program.mjs',
  ]);

/** The result of a bundler: a folder to serve, and its warnings. */
export interface Bundle {
  readonly folder: string;
  readonly warnings: readonly string[];
}

/** Bundles a page with the default configuration of a bundler: only the entry and the output folder are set. */
export type Bundler = (project: string, place: Place) => Promise<Bundle>;

export const esbuild: Bundler = async (project, place) => {
  const folder = join(project, 'out');
  const { warnings } = await buildEsbuild({
    entryPoints: [join(project, `${place}.mjs`)],
    bundle: true,
    minify: true,
    format: 'esm',
    outdir: folder,
    logLevel: 'silent',
  });
  writeFileSync(join(folder, 'index.html'), html(`<script type="module" src="./${place}.js"></script>`));
  return { folder, warnings: warnings.map(({ text }) => text) };
};

export const vite: Bundler = async (project) => {
  const warnings: string[] = [];
  const customLogger = createLogger('silent');
  // How long plugins take is reported where the machine is busy.
  customLogger.warn = (message) => void (message.includes('PLUGIN_TIMINGS') || warnings.push(message));
  customLogger.warnOnce = customLogger.warn;
  await buildVite({ root: project, configFile: false, customLogger, logLevel: 'silent' });
  return { folder: join(project, 'dist'), warnings };
};

export const webpackProduction: Bundler = async (project, place) => {
  const folder = join(project, 'out');
  const compiler = webpack({
    mode: 'production',
    context: project,
    entry: `./${place}.mjs`,
    output: { path: folder },
    // scripts/size.ts has the budgets.
    performance: false,
  });
  const stats = await new Promise<webpack.Stats | undefined>((resolve, reject) =>
    compiler.run((error, result) => (error ? reject(error) : resolve(result))),
  );
  await new Promise<void>((resolve, reject) =>
    compiler.close((error) => (error ? reject(error) : resolve())),
  );
  const { errors = [], warnings = [] } = stats!.toJson({ all: false, errors: true, warnings: true });
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('\n'));
  writeFileSync(join(folder, 'index.html'), html('<script defer src="./main.js"></script>'));
  return { folder, warnings: warnings.map(({ message }) => message) };
};

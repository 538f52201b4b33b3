import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type GpuOutcome, lossProblems } from '../gpu/losses.ts';
import { useSwiftShader } from '../gpu/swiftshader.ts';
import { gpuPackages, root } from '../shared.ts';

/** An empty project with ndgrad installed. */
interface Project {
  readonly folder: string;
  attempt(what: string, work: () => string): void;
  node(file: string, options?: { args?: string[] }): string;
  install(...packages: string[]): void;
}

/**
 * Checks that ndgrad/gpu names the missing packages. Returns a function that checks this for `webgpu` alone, then installs
 * all packages and trains.
 */
export function smokeGpu({ folder, attempt, node, install }: Project): () => void {
  for (const file of ['program.mjs', 'train.mjs'])
    copyFileSync(join(root, 'scripts/gpu', file), join(folder, file));
  const train = () => node('train.mjs', { args: [JSON.stringify({ allowSoftware: true })] });

  /** Expects that training fails. Returns the first line of the error, which must contain `words`. */
  const refused = (words: string): string => {
    try {
      train();
    } catch (error) {
      const said = (error as Error).message.split('\n').find((line) => line.includes('StateError: [gpu]'));
      if (said?.includes(words)) return said;
      throw error;
    }
    throw new Error('training succeeded, wanted an error');
  };

  const [gpuJs, webgpu] = gpuPackages;
  attempt('ndgrad/gpu alone', () => refused(`Install it: npm i ${gpuJs}, and for Node ${webgpu} too.`));

  return () => {
    install(gpuJs!);
    // npm 7 and later install it as a dependency of gpu.js; other package managers may not.
    rmSync(join(folder, 'node_modules/webgpu'), { recursive: true, force: true });
    attempt('ndgrad/gpu with gpu.js', () => refused(`Install it: npm i ${webgpu}.`));

    install(gpuJs!, webgpu!);
    useSwiftShader();
    attempt('ndgrad/gpu with gpu.js and webgpu', () => {
      const second = existsSync(join(folder, 'node_modules/gpu.js/node_modules/webgpu'));
      if (second) throw new Error('gpu.js has its own copy of webgpu in spite of `overrides`');
      const { losses }: GpuOutcome = JSON.parse(node('train.mjs'));
      let trained: GpuOutcome;
      try {
        trained = JSON.parse(train());
      } catch (error) {
        const missing = !process.env.CI && (error as Error).message.includes('got no adapter');
        if (missing) return 'skipped: WebGPU finds no adapter';
        throw error;
      }
      const wrong = lossProblems(trained.losses, losses);
      if (trained.name !== 'webgpu') wrong.push(`backend ${trained.name}`);
      if (wrong.length > 0) throw new Error(wrong.join('\n'));
      return `the losses of WebAssembly, ${trained.milliseconds} ms on ${trained.reason}`;
    });
  };
}

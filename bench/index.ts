/**
 * Benchmarks of ndgrad and other libraries. These are installed in a package of their own; without them ndgrad runs alone.
 *
 *     npm ci --prefix bench && npm --prefix bench run bench
 *     npm run bench -- matmul small
 *     npm run bench -- --help
 */
import { writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { benchConvnet } from './benchmarks/convnet.ts';
import { benchConvolution } from './benchmarks/convolution.ts';
import { benchElementwise } from './benchmarks/elementwise.ts';
import { benchEpoch } from './benchmarks/epoch.ts';
import { benchFiles } from './benchmarks/files.ts';
import { benchFirstStep } from './benchmarks/first-step.ts';
import { benchGeneration } from './benchmarks/generation.ts';
import { benchGpt } from './benchmarks/gpt.ts';
import { benchGpu } from './benchmarks/gpu.ts';
import { benchMatmul } from './benchmarks/matmul.ts';
import { benchOrder } from './benchmarks/order.ts';
import { benchRecurrent } from './benchmarks/recurrent.ts';
import { benchSmall } from './benchmarks/small.ts';
import { librarySetups } from './libraries.ts';
import { probeLibraries, Session } from './session.ts';

const benchmarks = {
  matmul: benchMatmul,
  epoch: benchEpoch,
  convolution: benchConvolution,
  convnet: benchConvnet,
  gpt: benchGpt,
  generation: benchGeneration,
  recurrent: benchRecurrent,
  small: benchSmall,
  elementwise: benchElementwise,
  sort: benchOrder,
  files: benchFiles,
  'first-step': benchFirstStep,
  gpu: benchGpu,
};

const peers = ['jax-js', 'tfjs-wasm', 'tfjs-cpu', 'brain', 'convnetjs', 'torch', 'torch-nhwc', 'jax-webgpu'];

const usage = `Usage: npm run bench -- [flags] [benchmarks]

benchmarks          ${Object.keys(benchmarks).join(', ')}; all by default, gpu if there is one
--against NAMES     other libraries, separated by commas: ${peers.join(', ')}; or none
--rounds N          rounds of each measurement; 7 by default
--steps N           training steps from which an epoch is estimated; 20 by default
--seconds N         about the longest time for a library and a workload of convolution and convnet; slower libraries
                    do fewer rounds or smaller batches; 6 by default
--backend NAME      ndgrad's backend: wasm, or js, the slow reference; wasm by default
--threads N         threads of ndgrad and PyTorch, measured besides one thread; 2 by default
--allow-software    run gpu, with small sizes, on an adapter that computes on the CPU, to test it
--python PROGRAM    the Python interpreter for PyTorch; python3 by default
--json FILE         also write the measurements to this file
--help              print this`;

const { values: flags, positionals } = readFlags();

function readFlags() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        against: { type: 'string', default: peers.join(',') },
        rounds: { type: 'string', default: '7' },
        steps: { type: 'string', default: '20' },
        seconds: { type: 'string', default: '6' },
        backend: { type: 'string', default: 'wasm' },
        threads: { type: 'string', default: '2' },
        'allow-software': { type: 'boolean', default: false },
        python: { type: 'string', default: 'python3' },
        json: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

function fail(message: string): never {
  console.error(`${message}\n\n${usage}`);
  process.exit(2);
}

function whole(name: 'rounds' | 'steps' | 'threads' | 'seconds'): number {
  const n = Number(flags[name]);
  return Number.isInteger(n) && n >= 1
    ? n
    : fail(`--${name}: got '${flags[name]}', wanted a whole number from 1 up`);
}

function chosenSetups(threads: number) {
  const { backend, python } = flags;
  if (backend !== 'wasm' && backend !== 'js') fail(`--backend: got '${backend}', wanted wasm or js`);
  const allowSoftware = flags['allow-software'];
  const all = librarySetups({ backend, threads, python, allowSoftware });
  const names = flags.against === 'none' ? [] : flags.against.split(',');
  const isNamed = (key: string, name: string) => key === name || key.replace(/-\d+$/, '') === name;
  const unknown = names.find((name) => !all.some(({ key }) => isNamed(key, name)));
  if (unknown !== undefined)
    fail(`--against: got '${unknown}', wanted one of ${all.map(({ key }) => key).join(', ')}`);
  const chosen = ['ndgrad', 'ndgrad-webgpu', ...names];
  return all.filter(({ key }) => chosen.some((name) => isNamed(key, name)));
}

if (flags.help) {
  console.log(usage);
  process.exit(0);
}
const settings = {
  rounds: whole('rounds'),
  steps: whole('steps'),
  threads: whole('threads'),
  seconds: whole('seconds'),
};
const unknown = positionals.find((name) => !Object.hasOwn(benchmarks, name));
if (unknown !== undefined) fail(`got '${unknown}', wanted one of ${Object.keys(benchmarks).join(', ')}`);

const wanted = positionals.length > 0 ? positionals : Object.keys(benchmarks);
const onlyGpu = wanted.every((name) => name === 'gpu');
const besideGpu = `ndgrad-${settings.threads}`;
const chosen = chosenSetups(settings.threads).filter(({ key, gpu }) =>
  gpu ? wanted.includes('gpu') : !onlyGpu || key === besideGpu,
);

const machine = {
  processor: cpus()[0]?.model.trim() ?? 'unknown processor',
  cores: cpus().length,
  memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
  runtime: `Node ${process.version}, ${process.platform} ${process.arch}`,
  date: new Date().toISOString().slice(0, 16),
};
console.log(
  `${machine.processor}, ${machine.cores} cores, ${machine.memory}; ${machine.runtime}; ${machine.date} UTC`,
);
const { able, lines } = await probeLibraries(chosen);
const width = Math.max(...lines.map(([title]) => title.length));
for (const [title, about] of lines) console.log(`  ${title.padEnd(width)}  ${about}`);

const session = new Session(
  settings,
  able.filter(({ gpu }) => !gpu),
);
const gpuSession = new Session(
  settings,
  able.filter(({ key, gpu }) => gpu || key === besideGpu),
  session.records,
);
for (const [name, benchmark] of Object.entries(benchmarks)) {
  if (!wanted.includes(name)) continue;
  if (name === 'gpu' && !able.some(({ key }) => key === 'ndgrad-webgpu')) {
    console.error('\ngpu is skipped: ndgrad has no GPU here, see above (and --allow-software)');
    if (positionals.includes('gpu')) process.exitCode = 1;
    continue;
  }
  try {
    await benchmark(name === 'gpu' ? gpuSession : session);
  } catch (error) {
    console.error(`\n${name} failed:`, error); // the other benchmarks still run
    process.exitCode = 1;
  }
}
if (flags.json !== undefined) {
  const contents = { machine, libraries: Object.fromEntries(lines), settings, measured: session.records };
  await writeFile(flags.json, `${JSON.stringify(contents, null, 2)}\n`);
}

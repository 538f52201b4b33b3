import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type LibraryProgram, Unavailable } from '../library-program.ts';
import { serve } from '../serve.ts';
import * as task from '../task.ts';

interface FileOfValues {
  readonly values: Float32Array | BigInt64Array;
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int64';
}

/** The arrays of a task for PyTorch; null if it cannot do the task. */
function filesOf(wanted: task.Task): FileOfValues[] | null {
  const float = (values: Float32Array, shape: readonly number[]) =>
    ({ values, shape, dtype: 'float32' }) as const;
  if (wanted.kind === 'matmul') {
    return wanted.products.flatMap((product, i) =>
      task.operands(product, i).map(({ values, shape }) => float(values, shape)),
    );
  }
  if (wanted.kind === 'order') {
    const { rows, columns } = wanted;
    return [float(task.uniform(rows * columns, -1, 1, 1), [rows, columns])];
  }
  if (wanted.kind === 'elementwise') return [float(task.uniform(wanted.size, -2, 2, 1), [wanted.size])];
  if (wanted.kind === 'adam') {
    const values = (seed: number) => float(task.uniform(wanted.size, -1, 1, seed), [wanted.size]);
    return [values(1), values(2)];
  }
  if (wanted.kind === 'convolution') {
    const { batch, size, inputs, outputs, kernelSize } = wanted;
    const { x, kernel, gradient } = task.convolutionData(wanted);
    return [
      float(x, [batch, size, size, inputs]),
      float(kernel, [kernelSize, kernelSize, inputs, outputs]),
      float(gradient, [batch, size, size, outputs]),
    ];
  }
  if (wanted.kind === 'pooling') {
    const { batch, size, channels, window } = wanted;
    const { x, gradient } = task.poolingData(wanted);
    const outputSize = size / window;
    return [
      float(x, [batch, size, size, channels]),
      float(gradient, [batch, outputSize, outputSize, channels]),
    ];
  }
  if (wanted.kind === 'convnet') {
    const { batch, batches, size, channels, kernelSize, classes } = wanted;
    const { x, labels, convolutions, outputSize, dense } = task.convnetData(wanted);
    return [
      float(x, [batch * batches, size, size, channels[0]!]),
      classIndices(labels),
      ...convolutions.flatMap(({ inputs, outputs, kernel, bias }) => [
        float(kernel, [kernelSize, kernelSize, inputs, outputs]),
        float(bias, [outputs]),
      ]),
      float(dense.kernel, [outputSize, outputSize, channels.at(-1)!, classes]),
      float(dense.bias, [classes]),
    ];
  }
  if (wanted.kind === 'gpt') {
    const { parameters, tokens, next } = task.gptData(wanted);
    const sequences = (tokens: Int32Array): FileOfValues => ({
      ...classIndices(tokens),
      shape: [wanted.batch * wanted.batches, wanted.length],
    });
    return [
      sequences(tokens),
      sequences(next),
      ...parameters.map(({ values, shape }) => float(values, shape)),
    ];
  }
  if (wanted.kind === 'generation') {
    if (!wanted.cache) return null;
    const { parameters, tokens } = task.gptData(task.gptOf(wanted));
    const shape = [wanted.batch, wanted.prompt + wanted.tokens];
    return [
      { ...classIndices(tokens), shape },
      ...parameters.map(({ values, shape }) => float(values, shape)),
    ];
  }
  if (wanted.kind === 'recurrent') {
    const { inputs, width, length, batch, batches } = wanted;
    const data = task.recurrentData(wanted);
    const columns = task.gatesOf(wanted) * width;
    return [
      float(data.x, [batches, length, batch, inputs]),
      float(data.inputKernel, [inputs, columns]),
      float(data.recurrentKernel, [width, columns]),
      float(data.inputBias, [columns]),
      float(data.recurrentBias, [columns]),
    ];
  }
  if (wanted.kind !== 'training') return null;
  const data = task.trainingData(wanted);
  const samples = wanted.batch * wanted.batches;
  return [
    float(data.x, [samples, wanted.layers[0]!]),
    classIndices(data.labels),
    ...data.layers.flatMap(({ inputs, outputs, kernel, bias }) => [
      float(kernel, [inputs, outputs]),
      float(bias, [outputs]),
    ]),
  ];
}

const classIndices = (labels: Int32Array): FileOfValues => ({
  values: BigInt64Array.from(labels, BigInt),
  shape: [labels.length],
  dtype: 'int64',
});

/**
 * PyTorch in a Python process. Argument 3 is the interpreter, argument 4 the memory layout of images. Times include one
 * line of text in each direction per round.
 */
await serve(async (threads): Promise<LibraryProgram> => {
  const python = spawn(
    process.argv[3]!,
    [
      fileURLToPath(new URL('pytorch.py', import.meta.url)),
      String(threads),
      process.argv[4] ?? 'contiguous_format',
    ],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, OMP_NUM_THREADS: String(threads) },
    },
  );
  process.on('exit', () => python.kill());
  python.on('error', () => {}); // without an interpreter `lines` ends
  const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<unknown> => {
    const { done, value } = await lines.next();
    if (done) throw new Error('Python has stopped');
    return JSON.parse(value);
  };
  const ask = (request: object): Promise<unknown> => {
    python.stdin.write(`${JSON.stringify(request)}\n`);
    return answer();
  };
  const about = await answer().catch(() => {
    throw new Unavailable(`'${process.argv[3]}' can't import torch: --python names another interpreter`);
  });
  return {
    about: String(about),
    async prepare(wanted) {
      const files = filesOf(wanted);
      if (files === null) return null;
      const folder = mkdtempSync(join(tmpdir(), 'ndgrad-bench-'));
      try {
        const arrays = files.map(({ values, shape, dtype }, i) => {
          const path = join(folder, String(i));
          writeFileSync(path, values);
          return { path, shape, dtype };
        });
        const gpt = wanted.kind === 'generation' ? task.gptOf(wanted) : wanted;
        const names = gpt.kind === 'gpt' ? task.gptData(gpt).parameters.map(({ name }) => name) : [];
        const request = { ...wanted, ...task.elementwise, names };
        await ask({ name: 'prepare', task: request, arrays, adam: task.adam });
      } finally {
        rmSync(folder, { recursive: true });
      }
      return {
        async run(times) {
          await ask({ name: 'run', times });
        },
        result: async () => (await ask({ name: 'result' })) as number[],
      };
    },
  };
});

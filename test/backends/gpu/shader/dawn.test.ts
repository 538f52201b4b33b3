import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { adapterMissing, dawn } from '../dawn.ts';
import { argumentsOf, bodyOf, cases } from './cases.ts';
import { compareResults, table } from './compare-results.ts';
import { applied, constructs } from './constructs.ts';
import { randomWords } from './samples.ts';

const COUNT = 10_000;
const skipped = adapterMissing === null ? '' : `: ${adapterMissing}`;

describe.skipIf(adapterMissing !== null)(`shader functions on WebGPU (Dawn)${skipped}`, () => {
  const worst = new Map<string, number>();
  let device: GPUDevice;

  beforeAll(async () => {
    const adapter = await (await dawn())!.requestAdapter();
    device = await adapter!.requestDevice();
  });

  afterAll(() => {
    console.log(table('worst relative errors on WebGPU', worst));
    device.destroy();
  });

  test.each(cases.map((which) => [which.name, which] as const))('%s', async (name, which) => {
    const columns = argumentsOf(which, COUNT);
    const comparison = compareResults(which, columns, await compute(device, bodyOf(which), columns));
    if (which.kind !== 'exact') worst.set(name, comparison.worst);
    expect(comparison.problems).toEqual([]);
  });

  test('every construct', async () => {
    const words = randomWords(COUNT, 0);
    expect(await compute(device, constructs, [words])).toEqual(words.map(applied));
  });
});

/** Runs `apply` of the body on each row of the columns. */
async function compute(device: GPUDevice, body: string, columns: readonly Uint32Array<ArrayBuffer>[]) {
  const count = columns[0]!.length;
  const args = columns.map((_, k) => `data[i + ${k * count}u]`).join(', ');
  const code = `@group(0) @binding(0) var<storage, read> data: array<u32>;
@group(0) @binding(1) var<storage, read_write> results: array<u32>;
${body}
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i: u32 = id.x;
  if (i < ${count}u) {
    results[i] = apply(${args});
  }
}`;
  const module = device.createShaderModule({ code });
  const pipeline = await device.createComputePipelineAsync({
    layout: 'auto',
    compute: { module, entryPoint: 'main' },
  });
  const bytes = 4 * count;
  const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = { STORAGE: 128, COPY_SRC: 4, COPY_DST: 8, MAP_READ: 1 };
  const data = device.createBuffer({ size: bytes * columns.length, usage: STORAGE | COPY_DST });
  const results = device.createBuffer({ size: bytes, usage: STORAGE | COPY_SRC });
  const staging = device.createBuffer({ size: bytes, usage: MAP_READ | COPY_DST });
  for (const [k, column] of columns.entries()) device.queue.writeBuffer(data, k * bytes, column);
  const entries = [data, results].map((buffer, binding) => ({ binding, resource: { buffer } }));
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(Math.ceil(count / 64));
  pass.end();
  encoder.copyBufferToBuffer(results, 0, staging, 0, bytes);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(1);
  const got = new Uint32Array(staging.getMappedRange().slice(0));
  for (const buffer of [data, results, staging]) buffer.destroy();
  return got;
}

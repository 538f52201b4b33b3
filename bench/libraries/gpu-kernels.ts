/// <reference types="@webgpu/types" />

import type { LibraryProgram, PreparedTask } from '../library-program.ts';
import { versionOf } from '../peers.ts';
import { serve } from '../serve.ts';
import type { CopyTask, PeakTask } from '../task.ts';
import { adapterName, openAdapter } from '../webgpu.ts';

// Minimal kernels that measure the limits of a GPU, for comparison with the libraries.

const workgroup = 256;

// Eight vectors a = a * 0.5 + 1, which all converge to 2. They start with different values, so that the compiler cannot
// merge them.
const eight = <T>(f: (i: number) => T) => Array.from({ length: 8 }, (_, i) => f(i));
const peakShader = `
struct Run { factor: f32, summand: f32, iterations: u32 }
@group(0) @binding(0) var<uniform> run: Run;
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;

@compute @workgroup_size(${workgroup}) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let x = vec4<f32>(run.factor);
  let y = vec4<f32>(run.summand);
  ${eight((i) => `var a${i} = vec4<f32>(0.0, 1.0, 2.0, 3.0) + f32(id.x & 7u) + ${4 * i}.0;`).join('\n  ')}
  for (var n = 0u; n < run.iterations; n++) {
    ${Array.from({ length: 4 }, () => eight((i) => `a${i} = fma(a${i}, x, y);`).join('\n    ')).join('\n    ')}
  }
  sums[id.x] = dot(${eight((i) => `a${i}`).join(' + ')}, vec4<f32>(1.0));
}`;

const copyShader = `
@group(0) @binding(0) var<storage, read> source: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> copied: array<vec4<f32>>;

@compute @workgroup_size(${workgroup}) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < arrayLength(&copied)) { copied[id.x] = source[id.x]; }
}`;

/** A kernel with two buffers. Its result is the beginning of the second one. */
async function kernel(
  device: GPUDevice,
  code: string,
  buffers: readonly [GPUBuffer, GPUBuffer],
  workgroups: number,
): Promise<PreparedTask> {
  const compute = { module: device.createShaderModule({ code }), entryPoint: 'main' };
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute });
  const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
  const bindings = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  const run = async (times: number) => {
    const encoder = device.createCommandEncoder();
    for (let i = 0; i < times; i++) {
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindings);
      pass.dispatchWorkgroups(workgroups);
      pass.end();
    }
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
  };
  return {
    run,
    async result() {
      await run(1);
      const size = Math.min(buffers[1].size, 4000);
      const staging = device.createBuffer({
        size,
        usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
      });
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(buffers[1], 0, staging, 0, size);
      device.queue.submit([encoder.finish()]);
      await staging.mapAsync(GPUMapMode.READ);
      const values = new Float32Array(staging.getMappedRange().slice(0));
      staging.destroy();
      return values;
    },
    dispose() {
      for (const buffer of buffers) buffer.destroy();
    },
  };
}

function peak(device: GPUDevice, { threads, iterations }: PeakTask): Promise<PreparedTask> {
  const run = device.createBuffer({ size: 16, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
  device.queue.writeBuffer(run, 0, Float32Array.of(0.5, 1));
  device.queue.writeBuffer(run, 8, Uint32Array.of(iterations));
  const sums = device.createBuffer({
    size: 4 * threads,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC,
  });
  return kernel(device, peakShader, [run, sums], threads / workgroup);
}

function copy(device: GPUDevice, { size }: CopyTask): Promise<PreparedTask> {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const buffer = () => device.createBuffer({ size: 4 * size, usage });
  const [from, to] = [buffer(), buffer()];
  device.queue.writeBuffer(
    from,
    0,
    Float32Array.from({ length: size }, (_, i) => i % 1000),
  );
  return kernel(device, copyShader, [from, to], Math.ceil(size / 4 / workgroup));
}

const mebibytes = (bytes: number) => `${Math.round(bytes / 2 ** 20).toLocaleString('en-US')} MiB`;

await serve(async (): Promise<LibraryProgram> => {
  const adapter = await openAdapter();
  const name = adapterName(adapter);
  const { limits } = adapter;
  const { maxBufferSize, maxStorageBufferBindingSize } = limits;
  const device = await adapter.requestDevice({
    requiredLimits: { maxBufferSize, maxStorageBufferBindingSize },
  });
  const dawn = versionOf('../node_modules/webgpu');
  return {
    about:
      `${name}; WebGPU${dawn === null ? '' : ` (npm webgpu ${dawn})`}; Node ${process.version}; ` +
      `${mebibytes(maxStorageBufferBindingSize)} a binding, ${limits.maxStorageBuffersPerShaderStage} buffers a kernel, ` +
      `${limits.maxComputeWorkgroupStorageSize / 1024} KiB and ${limits.maxComputeInvocationsPerWorkgroup} threads a workgroup`,
    async prepare(wanted) {
      if (wanted.kind === 'peak') return peak(device, wanted);
      return wanted.kind === 'copy' ? copy(device, wanted) : null;
    },
  };
});

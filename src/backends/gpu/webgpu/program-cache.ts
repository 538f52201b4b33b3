/// <reference types="@webgpu/types" />

import { StateError } from '../../../ir/errors.ts';
import type { ShaderProgram } from '../device/device.ts';
import type { BufferGpu, GpuJs } from '../device/gpu-js.ts';
import { ALIGNMENT } from './buffer-allocator.ts';

const UNIFORM = 0x0040; // GPUBufferUsage.UNIFORM
const COMPUTE = 4; // GPUShaderStage.COMPUTE
/** Threads in a workgroup of gpu.js. */
const WORKGROUP_SIZE = 64;

/** A compiled pipeline. Programs with the same text share it. */
interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** A program ready for dispatch. Its bindings: parameters, inputs, the run's values if it uses them, outputs. */
export interface CompiledProgram extends Pipeline {
  readonly params: GPUBuffer;
  readonly workgroups: readonly [number, number, number];
}

/** Numbers from the start of one output to the start of the next: the outputs of a program share a buffer. */
export const outputStride = (floats: number): number => (Math.ceil((4 * floats) / ALIGNMENT) * ALIGNMENT) / 4;

interface CacheEntry {
  readonly compiled: Promise<Pipeline>;
  uses: number;
}

/** The compiled pipelines of a device, shared by programs with the same text. */
export class ProgramCache {
  readonly #gpuJs: GpuJs;
  readonly #adapter: GPUAdapter;
  readonly #device: GPUDevice;
  readonly #gpu: BufferGpu;
  readonly #entries = new Map<string, CacheEntry>();

  constructor(gpuJs: GpuJs, adapter: GPUAdapter, device: GPUDevice) {
    this.#gpuJs = gpuJs;
    this.#adapter = adapter;
    this.#device = device;
    this.#gpu = new gpuJs.GPU({ mode: 'webgpu' });
    silenceCompiler(device);
  }

  /** Compiles a program. Rejects with a StateError that names its operations. */
  async load(program: ShaderProgram): Promise<CompiledProgram> {
    const text = textOf(program);
    let entry = this.#entries.get(text);
    if (entry === undefined) {
      const compiled =
        program.workgroups === null ? this.#compile(program, text) : this.#compileTiled(program, text);
      entry = { compiled, uses: 0 };
      this.#entries.set(text, entry);
    }
    entry.uses++;
    try {
      const { pipeline, layout } = await entry.compiled;
      const { workgroups, width } = this.#workgroups(program);
      return { pipeline, layout, params: this.#params(program, width), workgroups };
    } catch (error) {
      this.release(program);
      const message = (error as Error).message.split('\n--- generated')[0];
      throw new StateError(`[${program.name}] its kernel does not compile on this device: ${message}`, {
        cause: error,
      });
    }
  }

  /** To be called once for each `load`, when the program is no longer needed. */
  release(program: ShaderProgram): void {
    const text = textOf(program);
    const entry = this.#entries.get(text);
    if (entry !== undefined && --entry.uses === 0) this.#entries.delete(text);
  }

  /** Compiles a kernel of gpu.js: one line of JavaScript that calls the program's function for each number of the output. */
  async #compile(program: ShaderProgram, text: string): Promise<Pipeline> {
    const { GPU: _, Input, WebGPUContext } = this.#gpuJs;
    const { vec4 } = program;
    const name = vec4 ? 'quad' : 'point';
    const returnType = vec4 ? 'Array(4)' : 'Number';
    const names = argumentsOf(program);
    const { kernel } = this.#gpu.createKernel(
      `function (${names.join(', ')}) { return ${name}(this.thread.x); }`,
      {
        // The number of threads is a parameter of the kernel, so any output size works.
        output: [1],
        pipeline: true,
        precision: 'single',
        argumentTypes: names.map(() => 'Input'),
        returnType,
        nativeFunctions: [{ name, source: text, returnType, argumentTypes: { i: 'Integer' } }],
      },
    );
    const placeholders = names.map(() => new Input(new Float32Array(1), [1]));
    // gpu.js uses a device of its own unless `acquire` returns another one while a kernel is built.
    const { acquire } = WebGPUContext;
    const context = { adapter: this.#adapter, device: this.#device, isLost: false };
    WebGPUContext.acquire = () => Promise.resolve(context);
    let building: Promise<void>;
    try {
      building = kernel.build(...placeholders);
    } finally {
      WebGPUContext.acquire = acquire;
    }
    await building;
    const { computePipeline: pipeline, bindGroupLayout: layout } = kernel;
    kernel.destroy();
    return { pipeline, layout };
  }

  /** Compiles a program with workgroup memory, which gpu.js does not support, directly with WebGPU. */
  async #compileTiled(program: ShaderProgram, text: string): Promise<Pipeline> {
    const device = this.#device;
    const module = device.createShaderModule({ code: text });
    const { messages } = await module.getCompilationInfo();
    const errors = messages.filter((message) => message.type === 'error');
    if (errors.length > 0)
      throw new Error(errors.map((m) => `${m.lineNum}:${m.linePos} ${m.message}`).join('; '));
    const kinds: GPUBufferBindingType[] = [
      'uniform',
      ...argumentsOf(program).map(() => 'read-only-storage' as const),
      'storage',
    ];
    const entries = kinds.map((type, binding) => ({ binding, visibility: COMPUTE, buffer: { type } }));
    const layout = device.createBindGroupLayout({ entries });
    const pipeline = await device.createComputePipelineAsync({
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: 'main' },
    });
    return { pipeline, layout };
  }

  /** The number of workgroups, folded into two dimensions if they exceed the limit of one, and the threads in a row of them. */
  #workgroups(program: ShaderProgram): { workgroups: readonly [number, number, number]; width: number } {
    if (program.workgroups !== null) return { workgroups: program.workgroups, width: 0 };
    const most = this.#device.limits.maxComputeWorkgroupsPerDimension;
    const all = Math.ceil(threadsOf(program) / WORKGROUP_SIZE);
    const folds = Math.ceil(all / most);
    const across = Math.ceil(all / folds);
    return { workgroups: [across, folds, 1], width: across * WORKGROUP_SIZE };
  }

  /** The parameters of gpu.js: threads along each axis, threads in a row of workgroups, then the sizes of inputs, which stay unused. */
  #params(program: ShaderProgram, width: number): GPUBuffer {
    const size = 16 * (1 + argumentsOf(program).length);
    const buffer = this.#device.createBuffer({ size, usage: UNIFORM, mappedAtCreation: true });
    new Uint32Array(buffer.getMappedRange()).set([threadsOf(program), 1, 1, width]);
    buffer.unmap();
    return buffer;
  }
}

const threadsOf = ({ floats, vec4 }: ShaderProgram): number => (vec4 ? floats / 4 : floats);

/** The arguments of a program's kernel: its inputs and, if it uses them, the run's values. */
const argumentsOf = ({ reads, usesValues }: ShaderProgram): string[] => [
  ...Array.from({ length: reads }, (_, k) => `a${k}`),
  ...(usesValues ? ['values'] : []),
];

/** Suppresses the error that the device reports for text that does not compile: `load` throws it already. */
function silenceCompiler(device: GPUDevice): void {
  const create = device.createShaderModule.bind(device);
  device.createShaderModule = (descriptor) => {
    device.pushErrorScope('validation');
    const module = create(descriptor);
    device.popErrorScope().catch(() => {}); // the device is lost; `Device.lost` reports it
    return module;
  };
}

/** A program's text, with the functions that read its inputs and write its outputs. */
function textOf(program: ShaderProgram): string {
  const { reads, writes, floats, usesValues, body, vec4, workgroups } = program;
  const tiled = workgroups !== null;
  const names = argumentsOf(program);
  const parts = tiled
    ? [...names, ''].map((name, i) =>
        name === ''
          ? `@group(0) @binding(${i + 1}) var<storage, read_write> result: array<f32>;`
          : `@group(0) @binding(${i + 1}) var<storage, read> user_${name}: array<f32>;`,
      )
    : [];
  for (let k = 0; k < reads; k++) parts.push(`fn load_${k}(i: i32) -> f32 { return user_a${k}[i]; }`);
  if (usesValues) parts.push('fn value(i: i32) -> f32 { return user_values[i]; }');
  for (let k = tiled ? 0 : 1; k < writes; k++)
    parts.push(`fn store_${k}(i: i32, x: f32) { result[i + ${k * outputStride(floats)}] = x; }`);
  parts.push(body);
  // gpu.js adds the prefix fn_ to the names of functions that it calls.
  if (!tiled && vec4) parts.push('fn fn_quad(i: i32) -> vec4<f32> { return quad(4 * i); }');
  if (!tiled && !vec4) parts.push('fn fn_point(i: i32) -> f32 { return point(i); }');
  return parts.join('\n');
}

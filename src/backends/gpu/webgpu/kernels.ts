/// <reference types="@webgpu/types" />

import { StateError } from '../../../ir/errors.ts';
import type { Program } from '../device/device.ts';
import type { BufferGpu, GpuJs } from '../device/gpu-js.ts';
import { ALIGNMENT } from './memory.ts';

const UNIFORM = 0x0040; // GPUBufferUsage.UNIFORM
const COMPUTE = 4; // GPUShaderStage.COMPUTE
/** Threads of one of gpu.js's workgroups. */
const WORKGROUP = 64;

/** What a program becomes on the device. Programs of the same text share it. */
interface Compiled {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** A program, ready to be dispatched: binds its parameters, its inputs, the run's values where it uses them, its outputs. */
export interface Kernel extends Compiled {
  readonly params: GPUBuffer;
  readonly groups: readonly [number, number, number];
}

/** Numbers from the start of one output to that of the next: the outputs of a program share a buffer. */
export const pitchOf = (floats: number): number => (Math.ceil((4 * floats) / ALIGNMENT) * ALIGNMENT) / 4;

interface Entry {
  readonly compiled: Promise<Compiled>;
  uses: number;
}

/** The device's kernels. */
export class Kernels {
  readonly #gpuJs: GpuJs;
  readonly #adapter: GPUAdapter;
  readonly #device: GPUDevice;
  readonly #gpu: BufferGpu;
  readonly #entries = new Map<string, Entry>();

  constructor(gpuJs: GpuJs, adapter: GPUAdapter, device: GPUDevice) {
    this.#gpuJs = gpuJs;
    this.#adapter = adapter;
    this.#device = device;
    this.#gpu = new gpuJs.GPU({ mode: 'webgpu' });
    silenceCompiler(device);
  }

  /** Compiles a program. Rejects with an error that names its operations. */
  async load(program: Program): Promise<Kernel> {
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
      const { groups, width } = this.#groups(program);
      return { pipeline, layout, params: this.#params(program, width), groups };
    } catch (error) {
      this.release(program);
      const message = (error as Error).message.split('\n--- generated')[0];
      throw new StateError(`[${program.name}] its kernel does not compile on this device: ${message}`, {
        cause: error,
      });
    }
  }

  /** A program's kernel is wanted no more. */
  release(program: Program): void {
    const text = textOf(program);
    const entry = this.#entries.get(text);
    if (entry !== undefined && --entry.uses === 0) this.#entries.delete(text);
  }

  /** A kernel of gpu.js: a line of JavaScript that calls the program's function for each of the output's numbers. */
  async #compile(program: Program, text: string): Promise<Compiled> {
    const { GPU: _, Input, WebGPUContext } = this.#gpuJs;
    const { quad } = program;
    const names = argumentsOf(program);
    const { kernel } = this.#gpu.createKernel(
      `function (${names.join(', ')}) { return ${quad ? 'quad' : 'point'}(this.thread.x); }`,
      {
        // The number of threads is a parameter, so any output will do.
        output: [1],
        pipeline: true,
        precision: 'single',
        argumentTypes: names.map(() => 'Input'),
        returnType: quad ? 'Array(4)' : 'Number',
        nativeFunctions: [
          {
            name: quad ? 'quad' : 'point',
            source: text,
            returnType: quad ? 'Array(4)' : 'Number',
            argumentTypes: { i: 'Integer' },
          },
        ],
      },
    );
    const nothing = names.map(() => new Input(new Float32Array(1), [1]));
    // gpu.js computes on a device of its own, unless it is given another one while it builds.
    const own = WebGPUContext.acquire;
    const ours = { adapter: this.#adapter, device: this.#device, isLost: false };
    WebGPUContext.acquire = () => Promise.resolve(ours);
    let building: Promise<void>;
    try {
      building = kernel.build(...nothing);
    } finally {
      WebGPUContext.acquire = own;
    }
    await building;
    const { computePipeline: pipeline, bindGroupLayout: layout } = kernel;
    kernel.destroy();
    return { pipeline, layout };
  }

  /** A kernel with workgroup memory, which gpu.js has no words for: made on the same device. */
  async #compileTiled(program: Program, text: string): Promise<Compiled> {
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

  /** How many workgroups there must be, folded where there are too many for one dimension, and threads to a fold. */
  #groups(program: Program): { groups: readonly [number, number, number]; width: number } {
    if (program.workgroups !== null) return { groups: program.workgroups, width: 0 };
    const most = this.#device.limits.maxComputeWorkgroupsPerDimension;
    const all = Math.ceil(threadsOf(program) / WORKGROUP);
    const folds = Math.ceil(all / most);
    const across = Math.ceil(all / folds);
    return { groups: [across, folds, 1], width: across * WORKGROUP };
  }

  /** gpu.js's parameters: the number of threads along each axis, those of a fold; then sizes of inputs, which we do not use. */
  #params(program: Program, width: number): GPUBuffer {
    const size = 16 * (1 + argumentsOf(program).length);
    const buffer = this.#device.createBuffer({ size, usage: UNIFORM, mappedAtCreation: true });
    new Uint32Array(buffer.getMappedRange()).set([threadsOf(program), 1, 1, width]);
    buffer.unmap();
    return buffer;
  }
}

const threadsOf = ({ floats, quad }: Program): number => (quad ? floats / 4 : floats);

/** The arguments of a program's kernel: its inputs and, where it uses them, the run's values. */
const argumentsOf = ({ inputs, usesValues }: Program): string[] => [
  ...inputs.map((_, k) => `a${k}`),
  ...(usesValues ? ['values'] : []),
];

/** `load` tells what does not compile; the device would tell it again, to whoever comes next. */
function silenceCompiler(device: GPUDevice): void {
  const create = device.createShaderModule.bind(device);
  device.createShaderModule = (descriptor) => {
    device.pushErrorScope('validation');
    const module = create(descriptor);
    device.popErrorScope().catch(() => {}); // the device is lost, which is told elsewhere
    return module;
  };
}

/** A program's text, with the functions that read its inputs and write its outputs. */
function textOf(program: Program): string {
  const { inputs, outputs, floats, usesValues, body, quad, workgroups } = program;
  const tiled = workgroups !== null;
  const names = argumentsOf(program);
  const parts = tiled
    ? [...names, ''].map((name, i) =>
        name === ''
          ? `@group(0) @binding(${i + 1}) var<storage, read_write> result: array<f32>;`
          : `@group(0) @binding(${i + 1}) var<storage, read> user_${name}: array<f32>;`,
      )
    : [];
  parts.push(...inputs.map((_, k) => `fn load_${k}(i: i32) -> f32 { return user_a${k}[i]; }`));
  if (usesValues) parts.push('fn value(i: i32) -> f32 { return user_values[i]; }');
  for (let k = tiled ? 0 : 1; k < outputs.length; k++)
    parts.push(`fn store_${k}(i: i32, x: f32) { result[i + ${k * pitchOf(floats)}] = x; }`);
  parts.push(body);
  // gpu.js calls functions by their names with a prefix.
  if (!tiled && quad) parts.push('fn fn_quad(i: i32) -> vec4<f32> { return quad(4 * i); }');
  if (!tiled && !quad) parts.push('fn fn_point(i: i32) -> f32 { return point(i); }');
  return parts.join('\n');
}

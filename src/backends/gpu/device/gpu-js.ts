/// <reference types="@webgpu/types" />

// The part of gpu.js 2.24.1 that the backend uses. Its own declarations lack some of it, and users who have not installed
// gpu.js must not need them. The caller imports the module and passes it in.

/** An array on the device, as kernels of mode 'webgl2' take it. */
export interface TextureHandle {
  readonly texture: WebGLTexture | null;
  readonly context: WebGL2RenderingContext;
  /** Width and height in texels. */
  readonly size: readonly [number, number];
  readonly dimensions: readonly [number, number, number];
  /** Four float32 numbers per texel. */
  readonly type: 'ArrayTexture(4)';
  /** gpu.js calls it on a kernel's output before each run: did the texture change since the last run? */
  beforeMutate(): boolean;
}

/** A function in the device's own language that a kernel's source calls. */
export interface NativeFunction {
  readonly name: string;
  readonly source: string;
  readonly returnType: 'Number' | 'Array(4)';
  readonly argumentTypes: { readonly [name: string]: 'Integer' | 'Number' };
}

export interface TextureKernelSettings {
  readonly context: WebGL2RenderingContext;
  /** gpu.js sets its size to that of the largest output. A plain object is enough. */
  readonly canvas: { width: number; height: number };
  readonly output: readonly number[];
  /** The output of the first run. Without it `build` creates a texture. */
  readonly texture: TextureHandle;
  readonly nativeFunctions: readonly NativeFunction[];
  readonly returnType: 'Array(4)';
  readonly pipeline: true;
  readonly precision: 'single';
  readonly tactic: 'precision';
  readonly optimizeFloatMemory: false;
}

/** A kernel of mode 'webgl2': the property `kernel` of the function that `createKernel` returns. */
export interface TextureKernel {
  readonly program: WebGLProgram | null;
  framebuffer: WebGLFramebuffer | null;
  /** The output of the next run. */
  texture: TextureHandle | null;
  destroy(removeCanvasReferences: boolean): void;
}

/** Runs a kernel. */
export interface TextureKernelRun {
  (...inputs: TextureHandle[]): void;
  readonly kernel: TextureKernel;
  /** Compiles the kernel for arguments of these sizes. */
  build(...inputs: TextureHandle[]): void;
}

/** An instance of the class `GPU`, made with mode 'webgl2'. */
export interface TextureGpu {
  createKernel(source: string, settings: TextureKernelSettings): TextureKernelRun;
}

export interface BufferKernelSettings {
  readonly output: readonly number[];
  readonly nativeFunctions: readonly NativeFunction[];
  readonly argumentTypes: readonly 'Input'[];
  readonly returnType: 'Number' | 'Array(4)';
  readonly pipeline: true;
  readonly precision: 'single';
}

/** A kernel of mode 'webgpu': the property `kernel` of the function that `createKernel` returns. */
export interface BufferKernel {
  readonly compiledSource: string;
  readonly computePipeline: GPUComputePipeline;
  readonly bindGroupLayout: GPUBindGroupLayout;
  /** Threads per workgroup along each axis. */
  readonly workgroupSize: readonly [number, number, number];
  readonly paramsLayout: { readonly byteLength: number };
  build(...inputs: object[]): Promise<void>;
  destroy(): void;
}

/** An instance of the class `GPU`, made with mode 'webgpu'. */
export interface BufferGpu {
  createKernel(source: string, settings: BufferKernelSettings): { readonly kernel: BufferKernel };
}

/** Where gpu.js gets its device from. */
export interface WebGpuContext {
  acquire(): Promise<{ readonly adapter: GPUAdapter; readonly device: GPUDevice; isLost: boolean }>;
}

/** The result of `import('gpu.js')`: in Node a module, in bundles the class itself with the same properties. */
export interface GpuJs {
  readonly GPU: {
    new (settings: { readonly mode: 'webgl2' }): TextureGpu;
    new (settings: { readonly mode: 'webgpu' }): BufferGpu;
  };
  readonly Input: new (value: Float32Array, size: readonly number[]) => object;
  readonly WebGPUContext: WebGpuContext;
}

// The parts of WebGPU that are needed to select an adapter. TypeScript 5's DOM library has no WebGPU, and ndgrad's
// declarations must not depend on a package of types.

/** The description of an adapter. Browsers leave most of it empty. */
export interface AdapterInfo {
  readonly vendor?: string;
  readonly architecture?: string;
  readonly device?: string;
  readonly description?: string;
  readonly isFallbackAdapter?: boolean;
}

/** The limits that matter for the kernels of a network. */
export interface AdapterLimits {
  readonly maxStorageBuffersPerShaderStage?: number;
  readonly maxBufferSize?: number;
  readonly maxStorageBufferBindingSize?: number;
  readonly maxComputeWorkgroupStorageSize?: number;
  readonly maxComputeInvocationsPerWorkgroup?: number;
}

/** The result of `navigator.gpu.requestAdapter()`: a `GPUAdapter`. */
export interface Adapter {
  readonly info?: AdapterInfo;
  readonly limits: AdapterLimits;
  requestDevice(descriptor?: {
    label?: string;
    requiredLimits?: Record<string, number | undefined>;
  }): Promise<object>;
}

export type PowerPreference = 'high-performance' | 'low-power';

/** `navigator.gpu`. */
export interface WebGpu {
  requestAdapter(options?: {
    powerPreference?: PowerPreference;
    forceFallbackAdapter?: boolean;
  }): Promise<Adapter | null>;
}

/** The checked options of `gpu()`. */
export interface GpuRequest {
  readonly api: 'webgpu' | 'webgl2' | null;
  readonly adapter: string | Adapter;
  readonly allowSoftware: boolean;
}

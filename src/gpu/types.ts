// WebGPU as far as choosing an adapter needs it. TypeScript 5's DOM library does not have it, and our declarations
// must not ask a user for a package of types.

/** How an adapter describes itself; browsers leave much of it empty. */
export interface AdapterInfo {
  readonly vendor?: string;
  readonly architecture?: string;
  readonly device?: string;
  readonly description?: string;
  readonly isFallbackAdapter?: boolean;
}

/** The limits that the kernels of a network run into. */
export interface AdapterLimits {
  readonly maxStorageBuffersPerShaderStage?: number;
  readonly maxBufferSize?: number;
  readonly maxStorageBufferBindingSize?: number;
  readonly maxComputeWorkgroupStorageSize?: number;
  readonly maxComputeInvocationsPerWorkgroup?: number;
}

/** What `navigator.gpu.requestAdapter()` gives: a `GPUAdapter`. */
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

/** What `gpu()` was asked for, checked. */
export interface Wanted {
  readonly api: 'webgpu' | 'webgl2' | null;
  readonly adapter: string | Adapter;
  readonly allowSoftware: boolean;
}

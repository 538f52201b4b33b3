/** The entry point `ndgrad/gpu`: WebGPU and WebGL2 through gpu.js. */

export { type GpuOptions, gpu } from './gpu/gpu.ts';
export type { Adapter, AdapterInfo, AdapterLimits } from './gpu/types.ts';

export * from './data/index.ts';
export type { Backend } from './ir/backend.ts';
export type { DType, TypedArray } from './ir/dtype.ts';
export { DTypeError, MemoryError, NdgradError, ShapeError, StateError, ValueError } from './ir/errors.ts';
export * from './layers/index.ts';
export * from './losses/index.ts';
export * from './metrics/index.ts';
export * from './optim/index.ts';
export {
  type BackendInfo,
  type BackendName,
  backendInfo,
  setBackend,
  setThreads,
} from './runtime/backends.ts';
export * from './search/index.ts';
export {
  arange,
  eye,
  full,
  linspace,
  type NestedArray,
  ones,
  scalar,
  type TensorLike,
  type TensorOptions,
  tensor,
  zeros,
} from './tensor/creation.ts';
export { explain, realize } from './tensor/evaluate.ts';
export { gradients } from './tensor/gradients.ts';
export * from './tensor/ops/index.ts';
export { Parameter, type ParameterOptions } from './tensor/parameter.ts';
export { defaultGenerator, Generator, type GeneratorState, seed } from './tensor/random.ts';
export type { Shape } from './tensor/shape.ts';
export { explainAssignments, runStep, type StepOptions } from './tensor/step.ts';
export { Tensor } from './tensor/tensor.ts';
export * from './train/index.ts';

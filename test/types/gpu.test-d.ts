import { setBackend } from 'ndgrad';
import { type Adapter, type GpuOptions, gpu } from 'ndgrad/gpu';
import { expectTypeOf, test } from 'vitest';
import type { create } from 'webgpu';

/** `GPUAdapter` as npm's `@webgpu/types` declares it. */
type RealAdapter = NonNullable<Awaited<ReturnType<ReturnType<typeof create>['requestAdapter']>>>;

test('a GPUAdapter can be handed over', () => {
  expectTypeOf<RealAdapter>().toExtend<Adapter>();
  expectTypeOf<{ adapter: RealAdapter }>().toExtend<GpuOptions>();
});

test('options are checked', () => {
  expectTypeOf<{ adapter: 'nvidia'; allowSoftware: true }>().toExtend<GpuOptions>();
  // @ts-expect-error there is no such API
  void gpu({ api: 'metal' });
  // @ts-expect-error a name or an adapter
  void gpu({ adapter: 1 });
});

test('a GPU is a backend', () => {
  expectTypeOf(setBackend).toBeCallableWith(null! as Awaited<ReturnType<typeof gpu>>);
});

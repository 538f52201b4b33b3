import { expect, test } from 'vitest';
import { type GpuOptions, gpu } from '../../src/gpu/gpu.ts';
import { ValueError } from '../../src/ir/errors.ts';

test.each<[string, unknown, string]>([
  ['no object', null, '[gpu] got options null, wanted an object'],
  [
    'unknown option',
    { adaptor: 'nvidia' },
    "[gpu] got the unknown option 'adaptor', wanted one of api, adapter, allowSoftware.",
  ],
  ['api', { api: 'metal' }, "[gpu] got api 'metal', wanted 'webgpu' or 'webgl2'."],
  ['allowSoftware', { allowSoftware: 1 }, '[gpu] got allowSoftware 1, wanted true or false.'],
  ['adapter of another type', { adapter: 7 }, '[gpu] got adapter 7, wanted'],
  ['empty name', { adapter: ' ' }, "[gpu] got adapter ' ', wanted"],
  ['a name without letters or digits', { adapter: '!!!' }, "[gpu] got adapter '!!!', wanted"],
  ['no adapter object', { adapter: {} }, '[gpu] got adapter [object Object], wanted'],
  [
    'an adapter for WebGL2',
    { api: 'webgl2', adapter: { limits: {}, requestDevice: async () => ({}) } },
    "[gpu] got a GPUAdapter and api 'webgl2', which has no adapters.",
  ],
])('%s is refused', async (_, options, message) => {
  const made = gpu(options as GpuOptions);
  await expect(made).rejects.toThrow(ValueError);
  await expect(made).rejects.toThrow(message);
});

test('the error for WebGL2 in Node says that Node has none', async () => {
  await expect(gpu({ api: 'webgl2' })).rejects.toThrow(
    '[gpu] got no adapter from WebGL2, wanted a GPU. Node has no WebGL2.',
  );
});

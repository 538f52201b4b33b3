import { expect, test } from 'vitest';
import { type Candidate, isSoftware, matches, selectCandidate } from '../../src/gpu/adapters.ts';
import type { GpuRequest } from '../../src/gpu/types.ts';

const choice = (api: 'webgpu' | 'webgl2', name: string): Candidate<never> => ({
  api,
  name,
  software: isSoftware(name),
  open: () => Promise.reject(new Error('not opened here')),
  release() {},
});

const wanted = (changes: Partial<GpuRequest> = {}): GpuRequest => ({
  api: null,
  adapter: 'high-performance',
  allowSoftware: false,
  ...changes,
});

// Names that browsers and Dawn report with these drivers.
test.each([
  'google, swiftshader, swiftshader-device-subzero-, SwiftShader driver 5.0.0',
  'ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero) (0x0000C0DE)), SwiftShader driver)',
  'ANGLE (Mesa, llvmpipe (LLVM 15.0.6 256 bits), OpenGL 4.5)',
  'mesa, llvmpipe-llvm-15-0-6-256-bits-',
  'ANGLE (Microsoft, Microsoft Basic Render Driver Direct3D11 vs_5_0 ps_5_0, D3D11)',
  'microsoft, warp',
  'Apple Software Renderer',
])('%s computes on the CPU', (name) => {
  expect(isSoftware(name)).toBe(true);
});

test.each([
  'nvidia, ampere',
  'amd, rdna-3',
  'apple, metal-3',
  'Apple GPU',
  'ANGLE (Intel, Mesa Intel(R) UHD Graphics 620 (KBL GT2), OpenGL 4.6)',
  'ANGLE (NVIDIA, NVIDIA GeForce RTX 3060 (0x00002503) Direct3D11 vs_5_0 ps_5_0, D3D11)',
])('%s is a GPU', (name) => {
  expect(isSoftware(name)).toBe(false);
});

test('a part of a name matches in any case and with any punctuation', () => {
  expect(matches('nvidia, ada, nvidia-geforce-rtx-4090', 'GeForce RTX 4090')).toBe(true);
  expect(matches('NVIDIA GeForce RTX 4090', 'geforce-rtx')).toBe(true);
  expect(matches('NVIDIA GeForce RTX 4090', 'rtx 3060')).toBe(false);
});

test('software counts as no GPU unless it is allowed or asked for', () => {
  const soft = choice('webgpu', 'google, swiftshader');
  const hard = choice('webgl2', 'Apple GPU');
  expect(selectCandidate([soft], wanted())).toBeNull();
  expect(selectCandidate([], wanted({ allowSoftware: true }))).toBeNull();
  expect(selectCandidate([soft], wanted({ allowSoftware: true }))).toBe(soft);
  expect(selectCandidate([soft], wanted({ adapter: 'SwiftShader' }))).toBe(soft);
  expect(selectCandidate([soft], wanted({ adapter: 'nvidia' }))).toBeNull();
  expect(selectCandidate([soft], wanted({ adapter: { limits: {}, requestDevice: async () => ({}) } }))).toBe(
    soft,
  );
  expect(selectCandidate([soft, hard], wanted({ allowSoftware: true }))).toBe(hard);
  expect(selectCandidate([hard, soft], wanted({ adapter: 'low-power' }))).toBe(hard);
});

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { isSoftware } from '../../src/gpu/adapters.ts';
import { adapterName } from '../../src/gpu/webgpu.ts';
import { adapterMissing, dawn } from '../backends/gpu/dawn.ts';
import { mnistProgram } from './program.ts';

const scratch = mkdtempSync(join(tmpdir(), 'ndgrad-example-gpu-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const adapter = await (await dawn())?.requestAdapter();
const name = adapter ? adapterName(adapter) : '';

const program = mnistProgram();
const small = ['--models', 'softmax', '--epochs', '2', '--limit', '60', '--batch-size', '20'];
const mnist = (...args: string[]) => program([...small, ...args]);

/** The results of a run. stderr is not checked, since the Vulkan loader and Dawn write to it. */
function train(out: string, ...args: string[]) {
  const { status, stdout, stderr } = mnist('--out', join(scratch, out), ...args);
  expect(status, stderr).toBe(0);
  const read = (file: string) => readFileSync(join(scratch, out, file), 'utf8');
  return { stdout, results: JSON.parse(read('results.json')), page: read('report.html') };
}

const onGpu = ['--backend', 'gpu', '--allow-software'];

describe.skipIf(adapterMissing !== null)('npm run mnist -- --backend gpu', () => {
  it('trains like the CPU, names the GPU, and stores the networks separately', () => {
    const cpu = train('both', '--backend', 'wasm');
    expect(cpu.results).not.toHaveProperty('adapter');
    const gpu = train('both', ...onGpu, '--resume');
    expect(gpu.stdout).not.toContain('trained before');
    expect(gpu.stdout).toContain(`\nBackend webgpu on ${name}\n`);
    expect(gpu.results).toMatchObject({ backend: 'webgpu', threads: 1, adapter: name });
    expect(gpu.page).toContain(name);

    const [a, b] = [cpu.results.models[0], gpu.results.models[0]];
    for (const [i, loss] of a.history.loss.entries()) {
      expect(Math.abs(b.history.loss[i] / loss - 1)).toBeLessThan(1e-4);
    }
    expect(Math.abs(b.test.loss / a.test.loss - 1)).toBeLessThan(1e-4);

    const again = train('both', ...onGpu, '--resume');
    expect(again.stdout.match(/^trained before/gm)).toHaveLength(1);
    expect(again.results.models[0].parametersHash).toBe(b.parametersHash);
    const back = train('both', '--backend', 'wasm', '--resume');
    expect(back.stdout.match(/^trained before/gm)).toHaveLength(1);
    expect(back.results.models[0].parametersHash).toBe(a.parametersHash);
  });

  it.runIf(isSoftware(name))('rejects an adapter that computes on the CPU unless it is allowed', () => {
    const { status, stdout, stderr } = mnist('--backend', 'gpu', '--out', join(scratch, 'refused'));
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^\[gpu\] got only ".+" \(WebGPU\), which computes on the CPU/m);
    expect(stderr).toContain('Allow it for tests with --allow-software.');
    expect(stderr).not.toContain('    at ');
  });
});

import { gpu } from '../../../src/gpu/gpu.ts';
import type { Backend } from '../../../src/ir/backend.ts';
import type { References } from '../../reference/format.ts';
import type { Case, Effort, Tables } from './case.ts';
import { casesOf } from './cases.ts';
import { trainingCases } from './training.ts';

// What chromium.full.ts calls in a page.

let backend: Backend;
const cases = new Map<string, Case>();

/** Opens the GPU. */
export async function open(api: 'webgpu' | 'webgl2') {
  backend = await gpu({ api, allowSoftware: true });
  return { name: backend.name, adapter: backend.reason };
}

/** Makes the cases. */
export function make(tables: Tables & Pick<References, 'optimizers'>, effort: Effort): void {
  for (const c of [...casesOf(tables, effort), ...trainingCases(tables)]) cases.set(titleOf(c), c);
}

export const titleOf = ({ group, name }: Case): string => `${group}: ${name}`;

/** What is wrong with a case; null where nothing is. */
export async function run(title: string): Promise<string | null> {
  try {
    return await cases.get(title)!.run(backend);
  } catch (error) {
    return `${error instanceof Error ? (error.stack ?? error.message) : error}`;
  }
}

/** Bytes in use on the device. */
export const used = (): number => backend.memory.used;

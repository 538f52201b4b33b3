import { afterAll, expect } from 'vitest';
import { backendInfo } from '../../src/index.ts';

// Other files are tested in the same process afterwards.
afterAll(() => {
  expect(backendInfo().name, 'the backend after the tests of a file').toBe('wasm');
});

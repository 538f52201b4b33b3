import { describe, expect, test } from 'vitest';
import { NdgradError, Tensor } from '../../src/index.ts';
import { invoke, operationNames } from './invoke.ts';
import { operations } from './operations/index.ts';

/** JSON.stringify would compute the values of tensors. */
const withoutValues = (value: unknown): unknown => {
  if (value instanceof Tensor) return `Tensor [${value.shape}]`;
  return Array.isArray(value) ? value.map(withoutValues) : value;
};

const describeCall = (args: readonly unknown[]): string => JSON.stringify(args.map(withoutValues));

describe.each(operationNames.filter((name) => operations[name].invalid !== null))('%s', (name) => {
  test.each(operations[name].invalid!.map((m) => [describeCall(m.args), m] as const))(
    'of %s',
    (_, { args, says }) => {
      let error: unknown;
      try {
        invoke(name, args);
      } catch (e) {
        error = e;
      }
      expect(error).toBeInstanceOf(NdgradError);
      const { message } = error as NdgradError;
      expect(message).toMatch(new RegExp(`^\\[${name}\\] `));
      // Full sentences.
      expect(message).toMatch(/\.$/);
      for (const text of says) expect(message).toContain(text);
    },
  );
});

import { readdirSync, readFileSync } from 'node:fs';
import vm from 'node:vm';
import { expect, test } from 'vitest';
import { errorMessage, isError } from '../../src/util/error-message.ts';
import { isPromise } from '../../src/util/is-promise.ts';

// Objects of another realm (Jest, jsdom, iframes, `vm`) are no instances of this realm's built-in classes.

/** Files that know realms. */
const exceptions = ['ir/typed-array.ts', 'util/error-message.ts'];

test('no file of src asks for instances of built-in classes', () => {
  const builtIn =
    /instanceof (\w*Array(Buffer)?|\w*Error|DataView|Promise|Map|Set|Date|RegExp|Abort\w+|\w*Event)\b/;
  const root = new URL('../../src/', import.meta.url);
  const found = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !exceptions.includes(file.replaceAll('\\', '/')))
    .flatMap((file) =>
      readFileSync(new URL(file.replaceAll('\\', '/'), root), 'utf8')
        .split('\n')
        .filter((line) => builtIn.test(line) && !ours.test(line))
        .map((line) => `${file}: ${line.trim()}`),
    );
  expect(found).toEqual([]);
});

const ours =
  /instanceof (ShapeError|DTypeError|ValueError|StateError|MemoryError|NdgradError|NonFiniteError)\b/;

test('errors and promises of another realm', () => {
  const error = vm.runInNewContext('Object.assign(new TypeError("broken"), { code: "ENOENT" })');
  expect(error).not.toBeInstanceOf(Error);
  expect(isError(error) && error.code).toBe('ENOENT');
  expect(errorMessage(error)).toBe('broken');
  expect(errorMessage(new RangeError('here'))).toBe('here');
  expect(errorMessage('text')).toBe('text');
  expect(isError({ message: 'no error' })).toBe(false);
  const promise = vm.runInNewContext('Promise.resolve(1)');
  expect(promise).not.toBeInstanceOf(Promise);
  expect(isPromise(promise)).toBe(true);
  expect([null, undefined, 1, {}].map((x) => isPromise<unknown>(x))).toEqual([false, false, false, false]);
});

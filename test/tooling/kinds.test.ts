import { expect, test } from 'vitest';
import * as ndgrad from '../../src/index.ts';

// Minifiers rename classes, so files and messages use `kind`.

type Class = { readonly prototype: object; readonly kind?: string };

const isClass = (value: unknown): value is Class =>
  typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));

const isMetric = ({ prototype }: Class): boolean => 'reset' in prototype && 'result' in prototype;

const exported: [string, unknown][] = Object.entries(ndgrad);
const classes = exported.filter(
  (entry): entry is [string, Class] =>
    isClass(entry[1]) &&
    (entry[1] === ndgrad.Network ||
      entry[1] === ndgrad.Optimizer ||
      entry[1].prototype instanceof ndgrad.Network ||
      entry[1].prototype instanceof ndgrad.Optimizer ||
      isMetric(entry[1])),
);

test('every layer, optimizer and metric class has a kind of its own, its name', () => {
  expect(classes.length).toBeGreaterThan(35);
  const kinds = classes.map(([name, value]) => [name, Object.hasOwn(value, 'kind') ? value.kind : undefined]);
  expect(kinds).toEqual(classes.map(([name]) => [name, name]));
});

test.each([
  ['earlyStopping', ndgrad.earlyStopping()],
  ['learningRateLogger', ndgrad.learningRateLogger()],
  ['stopOnNaN', ndgrad.stopOnNaN()],
])('the callback %s has its name as its kind', (name, callback) => {
  expect(callback.kind).toBe(name);
});

test('a layer without a kind of its own is called by the name of its class', () => {
  class Twice extends ndgrad.Dense {}
  class Renamed extends ndgrad.Dense {
    static override readonly kind: string = 'Thrice';
  }
  expect([new Twice(1, 1).type, new Renamed(1, 1).type]).toEqual(['Twice', 'Thrice']);
});

test('layers keep the name of a named activation', () => {
  const { Activation, Conv1D, Dense, Residual } = ndgrad;
  const byName = { activation: 'relu' } as const;
  const layers = [
    new Dense(1, 1, byName),
    new Conv1D(1, 1, 1, byName),
    new Residual(new Dense(1, 1), byName),
    new Activation('relu'),
  ];
  for (const layer of layers) expect(layer.activationName).toBe('relu');
  expect(new Dense(1, 1, { activation: ndgrad.relu }).activationName).toBeNull();
  expect(new Dense(1, 1).activationName).toBeNull();
});

import { expect, test } from 'vitest';
import * as nd from '../../src/index.ts';

// Options of a Parameter that the layer does not have.

const weighted: [string, (options: object) => nd.Layer][] = [
  ['Dense', (options) => new nd.Dense(2, 3, options)],
  ['SimpleRNN', (options) => new nd.SimpleRNN(2, 3, options)],
  ['LSTM', (options) => new nd.LSTM(2, 3, options)],
  ['GRU', (options) => new nd.GRU(2, 3, options)],
  ['Conv1D', (options) => new nd.Conv1D(2, 3, 3, options)],
  ['Conv2D', (options) => new nd.Conv2D(2, 3, 3, options)],
  ['Conv3D', (options) => new nd.Conv3D(2, 3, 3, options)],
  ['SeparableConv1D', (options) => new nd.SeparableConv1D(2, 3, 3, options)],
  ['SeparableConv2D', (options) => new nd.SeparableConv2D(2, 3, 3, options)],
  ['Conv1DTranspose', (options) => new nd.Conv1DTranspose(2, 3, 3, options)],
  ['Conv2DTranspose', (options) => new nd.Conv2DTranspose(2, 3, 3, options)],
  ['Conv3DTranspose', (options) => new nd.Conv3DTranspose(2, 3, 3, options)],
];
const normalizations: [string, (options: object) => nd.Layer][] = [
  ['BatchNorm', (options) => new nd.BatchNorm(4, options)],
  ['LayerNorm', (options) => new nd.LayerNorm(4, options)],
  ['GroupNorm', (options) => new nd.GroupNorm(2, 4, options)],
  ['InstanceNorm', (options) => new nd.InstanceNorm(4, options)],
];
const rms = ['RMSNorm', (options: object) => new nd.RMSNorm(4, options)] as const;

test.each([
  ...weighted.flatMap(([name, make]) => [
    [name, make, 'bias', { biasInitializer: 'zeros' }] as const,
    [name, make, 'bias', { biasPenalty: { l2: 0.1 } }] as const,
  ]),
  ...normalizations.flatMap(([name, make]) => [
    [name, make, 'scale', { gammaInitializer: 'ones' }] as const,
    [name, make, 'center', { betaInitializer: 'zeros' }] as const,
  ]),
  [...rms, 'scale', { gammaInitializer: 'ones' }] as const,
])('%s with %s: false', (name, make, flag, options: object) => {
  const [option] = Object.keys(options);
  expect(() => make({ ...options, [flag]: false })).toThrow(
    new nd.ValueError(`[${name}] got ${option} with ${flag}: false, without effect. Leave one out.`),
  );
  make({ ...options, [flag]: true });
  make(options);
  make({ [flag]: false, [option!]: undefined });
});

test('every layer with such options has been asked', () => {
  const names = Object.entries(nd)
    .filter(([, value]) => typeof value === 'function' && /^class\b/.test(String(value)))
    .map(([name]) => name);
  const asked = [...weighted, ...normalizations, rms].map(([name]) => name);
  expect(names.filter((name) => /^Dense|Conv|Norm$|RNN|LSTM|GRU/.test(name)).sort()).toEqual(asked.sort());
});

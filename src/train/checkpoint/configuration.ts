import { bitsVersion } from '../../ir/bits-version.ts';
import { arithmetic } from '../../tensor/arithmetic.ts';
import { show } from '../../tensor/shape.ts';
import { givenCallbacks, namedLayers, namedParameters } from './parts.ts';
import { describeSamples } from './samples-hash.ts';
import { settingText } from './setting-text.ts';
import type { Resumable } from './types.ts';

/** What must agree between a checkpoint and the training that goes on from it: a text for each name. */
export type Configuration = Readonly<Record<string, string>>;

const kindOf = (thing: object): string => String((thing.constructor as { kind?: unknown }).kind ?? 'object');

/** The configuration at the beginning of training. */
export async function configurationOf(run: Resumable): Promise<Configuration> {
  const { data, metrics, model, optimizer, options, validation } = run;
  const {
    accumulate = 1,
    average,
    batchSize = 32,
    dropLast = false,
    initialEpoch = 0,
    reduceDType = 'float32',
    shuffle = true,
  } = options;
  const found: Record<string, string> = {
    batchSize: String(batchSize),
    shuffle: String(shuffle),
    dropLast: String(dropLast),
    initialEpoch: String(initialEpoch),
    'the samples': await describeSamples(data),
    'the samples for validation': await describeSamples(validation),
    'the arithmetic': arithmetic(),
    'the bits version': String(bitsVersion),
    'the optimizer': kindOf(optimizer),
    average: average === undefined ? 'none' : kindOf(average),
  };
  if (accumulate !== 1) found.accumulate = String(accumulate);
  if (reduceDType !== 'float32') found.reduceDType = reduceDType;
  const parameters = namedParameters(run); // gives the Parameters their names
  for (const [owner, settings] of Object.entries({
    optimizer: optimizer.options,
    average: average?.options,
  })) {
    for (const [name, value] of Object.entries(settings ?? {}))
      if (value !== undefined) found[`the ${owner}'s ${name}`] = settingText(value);
  }
  const [optimized, averaged] = [new Set(optimizer.parameters), new Set(average?.parameters)];
  for (const [name, parameter] of parameters) {
    found[`Parameter '${name}'`] = [
      `${parameter.dtype} ${show(parameter.shape)}`,
      parameter.trainable ? 'trainable' : 'not trainable',
      ...(optimized.has(parameter) ? ['in the optimizer'] : []),
      ...(averaged.has(parameter) ? ['in the average'] : []),
    ].join(', ');
  }
  for (const [path, layer] of namedLayers(model)) if (layer.frozen) found[`layer '${path}'`] = 'frozen';
  metrics.forEach((metric, i) => {
    found[`metrics[${i}]`] = `${kindOf(metric)} '${metric.name}'`;
  });
  givenCallbacks(run).forEach((callback, i) => {
    if (callback.getState !== undefined)
      found[`callbacks[${i}]`] = callback.kind ?? 'a callback with a state';
  });
  return found;
}

/** The places in which two configurations differ, as text. */
export function differencesOf(before: Configuration, now: Configuration): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .filter((name) => before[name] !== now[name])
    .map((name) => `${name} (${before[name] ?? 'none'}, now ${now[name] ?? 'none'})`);
}

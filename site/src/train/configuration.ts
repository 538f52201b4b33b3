import { SHARD } from '../digits/format.ts';
import { formatNetwork, type LayerSpec, parseNetwork } from './network/layer-spec.ts';
import { type OptimizerName, optimizers } from './optimizers.ts';

/** Everything that determines the result of a training, to the bit. */
export interface Configuration {
  /** The layers between the image and the output layer. */
  readonly network: readonly LayerSpec[];
  /** The initial values of kernels. */
  readonly initializer: InitializerChoice;
  readonly optimizer: OptimizerName;
  readonly learningRate: number;
  /** Learning rates that were set by hand during training: from which step on, counted from 0, and the rate. */
  readonly rateChanges: readonly RateChange[];
  readonly batchSize: number;
  readonly epochs: number;
  readonly seed: number;
  /** The number of shards of 5,000 training digits. Every epoch trains on all of them. */
  readonly shards: number;
  /** Whether pixels are divided by 255. */
  readonly pixels: 'scaled' | 'raw';
  /** The order of the digits: shuffled in each epoch, or sorted by class and never shuffled. */
  readonly order: 'shuffled' | 'sorted';
}

export type RateChange = readonly [step: number, rate: number];

export const initializers = {
  glorotUniform: 'Glorot uniform',
  heNormal: 'He normal',
  orthogonal: 'orthogonal',
  zeros: 'zeros',
} as const;
export type InitializerChoice = keyof typeof initializers;

/** The number of shards that have all digits. */
export const ALL_SHARDS = 12;

/** How many digits shards have, for people. */
export const digitCount = (shards: number): string => (shards * SHARD.size).toLocaleString('en');

export const pixelChoices = { scaled: 'from 0 to 1', raw: 'from 0 to 255' } as const;
export const orderChoices = { shuffled: 'shuffled', sorted: 'sorted by class' } as const;

export const defaults: Configuration = {
  network: parseNetwork('dense-128-relu_dropout-0.2_dense-128-relu')!,
  initializer: 'glorotUniform',
  optimizer: 'adam',
  learningRate: 0.002,
  rateChanges: [],
  batchSize: 256,
  epochs: 6,
  seed: 1,
  shards: ALL_SHARDS,
  pixels: 'scaled',
  order: 'shuffled',
};

/** The text of each setting for the address, and the value of a text; null for a text that is none. */
const formats: {
  readonly [K in keyof Configuration]: {
    readonly name: string;
    format(value: Configuration[K]): string;
    parse(text: string): Configuration[K] | null;
  };
} = {
  network: { name: 'net', format: formatNetwork, parse: parseNetwork },
  initializer: oneOf('init', initializers),
  optimizer: oneOf('optimizer', optimizers),
  learningRate: number('rate', (rate) => rate > 0),
  rateChanges: { name: 'rates', format: formatChanges, parse: parseChanges },
  batchSize: number('batch', isWhole(1, 10_000)),
  epochs: number('epochs', isWhole(1, 1000)),
  seed: number('seed', isWhole(0, Number.MAX_SAFE_INTEGER)),
  shards: number('shards', isWhole(1, ALL_SHARDS)),
  pixels: oneOf('pixels', pixelChoices),
  order: oneOf('order', orderChoices),
};

/** What the address need not say. Phones have another number of shards by default, so that is always there. */
const implied: Configuration = { ...defaults, shards: 0 };

/** The names and texts of all settings that differ from others; null for the rest. */
export function toTexts(configuration: Configuration, base = implied): Record<string, string | null> {
  const texts: Record<string, string | null> = {};
  for (const key of Object.keys(formats) as (keyof Configuration)[]) {
    const text = textOf(configuration, key);
    texts[formats[key].name] = text === textOf(base, key) ? null : text;
  }
  return texts;
}

/** The configuration of texts; defaults where there is none, or a wrong one. */
export function fromTexts(read: (name: string) => string | null, base = defaults): Configuration {
  const found: Record<string, unknown> = {};
  for (const [key, { name, parse }] of Object.entries(formats)) {
    const text = read(name);
    const value = text === null ? null : parse(text);
    if (value !== null) found[key] = value;
  }
  return { ...base, ...found };
}

const textOf = <K extends keyof Configuration>(configuration: Configuration, key: K): string =>
  formats[key].format(configuration[key]);

function number(name: string, isValid: (value: number) => boolean) {
  const parse = (text: string): number | null => {
    const value = Number(text);
    return text.trim() !== '' && Number.isFinite(value) && isValid(value) ? value : null;
  };
  return { name, format: String, parse };
}

function isWhole(least: number, most: number) {
  return (value: number): boolean => Number.isSafeInteger(value) && value >= least && value <= most;
}

function oneOf<T extends string>(name: string, choices: Readonly<Record<T, unknown>>) {
  return {
    name,
    format: (value: T): string => value,
    parse: (text: string): T | null => (Object.hasOwn(choices, text) ? (text as T) : null),
  };
}

function formatChanges(changes: readonly RateChange[]): string {
  return changes.map(([step, rate]) => `${step}-${rate}`).join('_');
}

function parseChanges(text: string): RateChange[] | null {
  if (text === '') return [];
  // The minus of 1e-4 belongs to the rate.
  const changes = text.split('_').map((part): RateChange => {
    const at = part.indexOf('-');
    return [Number(part.slice(0, at)), Number(part.slice(at + 1))];
  });
  const isValid = changes.every(
    ([step, rate]) => Number.isSafeInteger(step) && step >= 0 && rate >= 0 && rate < 1e6,
  );
  return isValid ? changes : null;
}

/** The learning rate for an optimizer: a number, or a function of the number of updates where it was changed by hand. */
export function rateOf({ learningRate, rateChanges }: Configuration): number | ((step: number) => number) {
  if (rateChanges.length === 0) return learningRate;
  return (step) => rateChanges.findLast(([from]) => from <= step)?.[1] ?? learningRate;
}

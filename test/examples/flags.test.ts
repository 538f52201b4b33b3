import { describe, expect, it } from 'vitest';
import { parseFlags, UsageError, usage } from '../../examples/mnist/flags.ts';

const choices = {
  small: { about: 'a small one' },
  large: { about: 'a large one' },
  medium: { about: 'one between' },
};
const ids = (args: string[]) => {
  const flags = parseFlags(args, choices);
  return flags === 'help' ? [] : flags.models.map(([id]) => id);
};

describe('parseFlags', () => {
  it('has a default for everything', () => {
    expect(parseFlags([], choices)).toEqual({
      models: [
        ['small', choices.small],
        ['large', choices.large],
        ['medium', choices.medium],
      ],
      epochs: 10,
      batchSize: 512,
      seed: 1,
      backend: undefined,
      threads: undefined,
      data: undefined,
      limit: 60_000,
      out: 'mnist-results',
    });
  });

  it('reads every flag, with a space or with =', () => {
    const args =
      '--models large --epochs 3 --batch-size=64 --seed 0 --backend js --threads 3 --data d/e --limit=100 --out o';
    expect(parseFlags(args.split(' '), choices)).toEqual({
      models: [['large', choices.large]],
      epochs: 3,
      batchSize: 64,
      seed: 0,
      backend: 'js',
      threads: 3,
      data: 'd/e',
      limit: 100,
      out: 'o',
    });
  });

  it('takes models once and in the order of the list', () => {
    expect(ids(['--models', 'medium, large,small,medium'])).toEqual(['small', 'large', 'medium']);
  });

  it.each([['--help'], ['-h']])('gives help for %s', (flag) => {
    expect(parseFlags([flag], choices)).toBe('help');
  });

  it.each([
    [['--models', 'small,tiny'], "--models: got 'tiny', wanted some of small, large, medium"],
    [['--models', ''], "--models: got '', wanted some of small, large, medium"],
    [['--models', 'toString'], "--models: got 'toString', wanted some of small, large, medium"],
    [['--epochs', '0'], "--epochs: got '0', wanted a whole number from 1 to 10000"],
    [['--epochs', '1.5'], "--epochs: got '1.5', wanted a whole number from 1 to 10000"],
    [['--epochs', 'ten'], "--epochs: got 'ten', wanted a whole number from 1 to 10000"],
    [['--epochs='], "--epochs: got '', wanted a whole number from 1 to 10000"],
    [['--batch-size=-5'], "--batch-size: got '-5', wanted a whole number from 1 to 60000"],
    [['--seed', '4294967296'], "--seed: got '4294967296', wanted a whole number from 0 to 4294967295"],
    [['--seed', '0x10'], "--seed: got '0x10', wanted a whole number from 0 to 4294967295"],
    [['--backend', 'gpu'], "--backend: got 'gpu', wanted wasm or js"],
    [['--threads', '0'], "--threads: got '0', wanted a whole number from 1 to 255"],
    [['--limit', '60001'], "--limit: got '60001', wanted a whole number from 1 to 60000"],
    [['--data', ''], '--data: got nothing, wanted a directory'],
    [['--out='], '--out: got nothing, wanted a directory'],
    [['--epoch', '3'], "Unknown option '--epoch'"],
    [['--epochs'], "Option '--epochs <value>' argument missing"],
    [['--epochs', '-3'], "Option '--epochs' argument is ambiguous"],
    [['--epochs', '--seed', '3'], "Option '--epochs' argument is ambiguous"],
    [['3'], "Unexpected argument '3'"],
  ])('refuses %j in one line', (args, message) => {
    const error = thrown(() => parseFlags(args, choices));
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).message).toBe(message);
  });
});

describe('usage', () => {
  it('names every flag and every model', () => {
    const text = usage(choices);
    for (const flag of [
      'models',
      'epochs',
      'batch-size',
      'seed',
      'backend',
      'threads',
      'data',
      'limit',
      'out',
    ]) {
      expect(text).toContain(`  --${flag} `);
    }
    expect(text).toContain('  small   a small one\n  large   a large one\n  medium  one between');
  });
});

function thrown(f: () => unknown): unknown {
  try {
    f();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

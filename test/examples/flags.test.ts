import { describe, expect, it } from 'vitest';
import { parseFlags, UsageError, usage } from '../../examples/mnist/flags.ts';

const list = {
  small: { about: 'a small one' },
  large: { about: 'a large one' },
  medium: { about: 'a medium one' },
  slow: { about: 'a slow one', onlyNamed: true },
};
const ids = (args: string[]) => {
  const flags = parseFlags(args, list);
  return flags === 'help' ? [] : flags.models.map(([id]) => id);
};

describe('parseFlags', () => {
  it('has a default for everything', () => {
    expect(parseFlags([], list)).toEqual({
      models: [
        ['small', list.small],
        ['large', list.large],
        ['medium', list.medium],
      ],
      mode: 'standard',
      epochs: undefined,
      batchSize: undefined,
      validation: undefined,
      seed: 1,
      backend: undefined,
      allowSoftware: false,
      threads: undefined,
      shards: 1,
      dataset: 'mnist',
      data: undefined,
      limit: 60_000,
      resume: false,
      out: 'mnist-results',
    });
  });

  it.each([
    ['--quick', { mode: 'quick', limit: 10_000, resume: false }],
    ['--quick --limit 500 --resume', { mode: 'quick', limit: 500, resume: true }],
    ['--full', { mode: 'full', limit: 60_000, resume: true }],
    ['--resume', { mode: 'standard', limit: 60_000, resume: true }],
    ['--validation 0', { validation: 0 }],
    ['--dataset fashion --data d', { dataset: 'fashion', data: 'd' }],
    ['--backend gpu', { backend: 'gpu', allowSoftware: false }],
    ['--backend gpu --allow-software', { backend: 'gpu', allowSoftware: true }],
    ['--dataset mnist', { dataset: 'mnist', data: undefined }],
  ])('takes %s', (args, wanted) => {
    expect(parseFlags(args.split(' '), list)).toMatchObject(wanted);
  });

  it('reads every flag, with a space or with =', () => {
    const args =
      '--models large --epochs 3 --batch-size=64 --validation 7 --seed 0 --backend js --threads 3 --shards 8 ' +
      '--dataset=fashion --data d/e --limit=100 --resume --full --out o';
    expect(parseFlags(args.split(' '), list)).toEqual({
      models: [['large', list.large]],
      mode: 'full',
      epochs: 3,
      batchSize: 64,
      validation: 7,
      seed: 0,
      backend: 'js',
      allowSoftware: false,
      threads: 3,
      shards: 8,
      dataset: 'fashion',
      data: 'd/e',
      limit: 100,
      resume: true,
      out: 'o',
    });
  });

  it('takes models once and in the order of the list', () => {
    expect(ids(['--models', 'medium, large,small,medium'])).toEqual(['small', 'large', 'medium']);
  });

  it('trains some models only if they are named', () => {
    expect(ids([])).toEqual(['small', 'large', 'medium']);
    expect(ids(['--models', 'slow,small'])).toEqual(['small', 'slow']);
  });

  it.each([['--help'], ['-h']])('gives help for %s', (flag) => {
    expect(parseFlags([flag], list)).toBe('help');
  });

  it.each([
    [['--models', 'small,tiny'], "--models: got 'tiny', wanted some of small, large, medium, slow"],
    [['--models', ''], "--models: got '', wanted some of small, large, medium, slow"],
    [['--models', 'toString'], "--models: got 'toString', wanted some of small, large, medium, slow"],
    [['--epochs', '0'], "--epochs: got '0', wanted a whole number from 1 to 10000"],
    [['--epochs', '1.5'], "--epochs: got '1.5', wanted a whole number from 1 to 10000"],
    [['--epochs', 'ten'], "--epochs: got 'ten', wanted a whole number from 1 to 10000"],
    [['--epochs='], "--epochs: got '', wanted a whole number from 1 to 10000"],
    [['--batch-size=-5'], "--batch-size: got '-5', wanted a whole number from 1 to 60000"],
    [['--seed', '4294967296'], "--seed: got '4294967296', wanted a whole number from 0 to 4294967295"],
    [['--seed', '0x10'], "--seed: got '0x10', wanted a whole number from 0 to 4294967295"],
    [['--backend', 'cuda'], "--backend: got 'cuda', wanted wasm, js or gpu"],
    [['--allow-software'], '--allow-software: got it without --backend gpu, wanted both or neither'],
    [
      ['--allow-software', '--backend', 'wasm'],
      '--allow-software: got it without --backend gpu, wanted both or neither',
    ],
    [['--shards', '6'], "--shards: got '6', wanted a power of two: 1, 2, 4, ..."],
    [['--threads', '0'], "--threads: got '0', wanted a whole number from 1 to 255"],
    [['--limit', '60001'], "--limit: got '60001', wanted a whole number from 1 to 60000"],
    [['--validation', '60000'], "--validation: got '60000', wanted a whole number from 0 to 59999"],
    [['--dataset', 'kmnist'], "--dataset: got 'kmnist', wanted mnist or fashion"],
    [
      ['--dataset', 'fashion'],
      '--dataset: got fashion without --data, wanted the directory of its four files; ' +
        'they are in data/fashion of https://github.com/zalandoresearch/fashion-mnist',
    ],
    [['--quick', '--full'], '--quick, --full: got both, wanted one of them at most'],
    [['--quick=yes'], "Option '--quick' does not take an argument"],
    [['--data', ''], '--data: got nothing, wanted a directory'],
    [['--out='], '--out: got nothing, wanted a directory'],
    [['--epoch', '3'], "Unknown option '--epoch'"],
    [['--epochs'], "Option '--epochs <value>' argument missing"],
    [['--epochs', '-3'], "Option '--epochs' argument is ambiguous"],
    [['--epochs', '--seed', '3'], "Option '--epochs' argument is ambiguous"],
    [['3'], "Unexpected argument '3'"],
  ])('refuses %j in one line', (args, message) => {
    const error = thrown(() => parseFlags(args, list));
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).message).toBe(message);
  });
});

describe('usage', () => {
  it('names every flag and every model', () => {
    const text = usage(list);
    for (const flag of [
      'quick',
      'full',
      'resume',
      'models',
      'epochs',
      'batch-size',
      'validation',
      'seed',
      'backend',
      'allow-software',
      'threads',
      'shards',
      'dataset',
      'data',
      'limit',
      'out',
    ]) {
      expect(text).toContain(`  --${flag} `);
    }
    expect(text).toContain('  small   a small one\n  large   a large one\n  medium  a medium one');
  });
});

function thrown(f: () => unknown): unknown {
  try {
    f();
  } catch (error) {
    return error;
  }
  throw new Error('got no error, wanted one');
}

import { expect, test } from 'vitest';
import type { Callback } from '../../src/train/index.ts';
import { line, type ProgressReport, type Terminal, terminalProgress } from '../../src/train/progress.ts';
import { train } from './support.ts';

const report: ProgressReport = {
  epoch: 3,
  epochs: 10,
  batch: 59,
  batches: 118,
  results: { loss: 0.12345, accuracy: 0.96, tiny: 0.00001234, large: 123456 },
  seconds: 4.5,
  done: false,
};

test('a line for a report', () => {
  expect(line(report)).toBe(
    'epoch  3/10  [============>           ]   59/118  loss 0.1235  accuracy 0.9600  tiny 0.00001234  large 1.235e+5  4.50 s  ' +
      '13.1/s  5 s left',
  );
  expect(line({ ...report, batch: 118, results: {} })).toBe(
    'epoch  3/10  [========================]  118/118  4.50 s  26.2/s  0 s left',
  );
  expect(line({ ...report, batches: undefined, results: { loss: Number.NaN } })).toBe(
    'epoch  3/10  59  loss NaN  4.50 s  13.1/s',
  );
  expect(line({ ...report, batch: 1, results: {}, seconds: 1.5 })).toMatch(
    / 1.50 s {2}0.667\/s {2}3 min left$/,
  );
  expect(line({ ...report, batch: 1, results: {}, seconds: 0.004 })).toMatch(
    / 0.00 s {2}250\/s {2}1 s left$/,
  );
  expect(line({ ...report, done: true, results: { loss: 0 }, seconds: 61.23 })).toBe(
    'epoch  3/10  loss 0.0000  61.2 s',
  );
});

test('a function is told of each batch and each epoch', async () => {
  const reports: ProgressReport[] = [];
  await train({ epochs: 2, batchSize: 25, progress: (r) => reports.push(r), validationSplit: 0.1 });
  expect(
    reports.map(({ epoch, epochs, batch, batches, done }) => [epoch, epochs, batch, batches, done]),
  ).toEqual([
    [1, 2, 1, 2, false],
    [1, 2, 2, 2, false],
    [1, 2, 2, 2, true],
    [2, 2, 1, 2, false],
    [2, 2, 2, 2, false],
    [2, 2, 2, 2, true],
  ]);
  expect(Object.keys(reports[2]!.results)).toEqual(['loss', 'val_loss']);
});

/** A terminal that remembers what was written. */
class Screen implements Terminal {
  text = '';
  readonly isTTY: boolean;
  readonly columns = 40;

  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }

  write(part: string): void {
    this.text += part;
  }
}

const erase = '\r\u001b[K';

test('a terminal shows a bar and then a line for each epoch', async () => {
  const screen = new Screen(true);
  await train({ epochs: 2, callbacks: [terminalProgress(screen)] });
  const [first, ...lines] = screen.text.replaceAll(erase, '\n').split('\n').filter(Boolean);
  expect(screen.text.startsWith(erase)).toBe(true);
  expect(first).toMatch(/^epoch 1\/2 {2}\[=*> *\]/);
  expect(first!.length).toBeLessThan(40);
  expect(lines.filter((text) => /^epoch [12]\/2 {2}loss \d\.\d{4} {2}\d\.\d\d s$/.test(text))).toHaveLength(
    2,
  );
});

test('what is no terminal gets lines only', async () => {
  const screen = new Screen(false);
  await train({ epochs: 2, callbacks: [terminalProgress(screen)] });
  expect(screen.text).toMatch(/^(epoch [12]\/2 {2}loss \d\.\d{4} {2}\d\.\d\d s\n){2}$/);
});

test('what is no terminal gets a line every 30 seconds during an epoch', async () => {
  const screen = new Screen(false);
  let time = 0;
  const reporter = terminalProgress(screen, () => time);
  const clock: Callback = {
    onBatchEnd() {
      time += 12_000;
    },
  };
  await train({ epochs: 2, batchSize: 10, callbacks: [clock, reporter] });
  const lines = screen.text.trim().split('\n');
  expect(lines.map((text) => text.replace(/ {2}loss.*/, ''))).toEqual([
    'epoch 1/2  [==============>         ]  3/5',
    'epoch 1/2',
    'epoch 2/2  [==============>         ]  3/5',
    'epoch 2/2',
  ]);
});

test('a bar that is left open ends its line', async () => {
  const screen = new Screen(true);
  const stop: Callback = { onBatchEnd: (_, training) => training.stop('enough') };
  const { history } = await train({ callbacks: [terminalProgress(screen), stop] });
  expect(history.epochs).toEqual([]);
  expect(screen.text).toMatch(/epoch 1\/3 [^\n]*\n$/);
});

test('quiet where the standard output is no terminal, lines where asked for', async () => {
  const { write, isTTY } = process.stdout;
  let text = '';
  process.stdout.write = (part: string | Uint8Array) => {
    text += part;
    return true;
  };
  try {
    process.stdout.isTTY = false;
    await train({});
    expect(text).toBe('');
    await train({ progress: true, epochs: 1 });
    expect(text).toMatch(/^epoch 1\/1 {2}loss/);
    text = '';
    process.stdout.isTTY = true;
    await train({ progress: false });
    expect(text).toBe('');
    await train({ epochs: 1 });
    expect(text).toContain(erase);
  } finally {
    process.stdout.write = write;
    process.stdout.isTTY = isTTY;
  }
});

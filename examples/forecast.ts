/**
 * Tomorrow's highest temperature from the weather of the last 15 days: LSTM, GRU and dilated causal convolutions against the
 * naive forecast, which is today's temperature, and the linear one.
 *
 *     npx tsx examples/forecast.ts
 *
 * Writes the forecasts of the last 90 days of Seattle to forecast.html.
 *
 * Data: daily weather of Seattle and New York, 2012 to 2015 (NOAA), in the npm package @observablehq/sample-datasets.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import * as nd from 'ndgrad';

const DAYS = 15;
const BATCH = 32;

/** Each day of a city: highest and lowest temperature, rain, wind, and the season on a circle. */
function readDays(city: string): number[][] {
  const path = createRequire(import.meta.url).resolve('@observablehq/sample-datasets/weather.csv');
  const rows = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(city));
  return rows.map((row, day) => {
    const [rain, high, low, wind] = row.split(',').slice(2, 6).map(Number) as [
      number,
      number,
      number,
      number,
    ];
    const angle = (day / 365.25) * 2 * Math.PI;
    return [high, low, Math.log1p(rain), wind, Math.sin(angle), Math.cos(angle)];
  });
}

/** All windows of the cities whose next day is in the given range, and how much warmer it is than the day before it. */
function windows(cities: number[][][], from: number, to: number) {
  const all = cities.flatMap((days) =>
    Array.from({ length: to - from }, (_, i) => days.slice(from + i - DAYS, from + i + 1)),
  );
  const change = (days: number[][]) => [days[DAYS]![0]! - days[DAYS - 1]![0]!];
  return { x: nd.tensor(all.map((days) => days.slice(0, DAYS))), y: nd.tensor(all.map(change)) };
}

const conv = (inputs: number, dilation: number) =>
  new nd.Conv1D(inputs, 32, 3, { dilation, activation: 'relu' });

/** From the scaled days [N, 15, 6] to the change in degrees [N, 1]. */
const models: Record<string, () => nd.Layer> = {
  linear: () => new nd.Sequential([new nd.Flatten(), new nd.Dense(DAYS * 6, 1)]),
  // The last of the causal outputs sees all 15 days.
  convolution: () =>
    new nd.Sequential([conv(6, 1), conv(32, 2), conv(32, 4), new nd.Flatten(), new nd.Dense(32, 1)]),
  LSTM: () => new nd.Sequential([new nd.LSTM(6, 32), new nd.Dense(32, 1)]),
  GRU: () => new nd.Sequential([new nd.GRU(6, 32), new nd.Dense(32, 1)]),
};

/** Trains on 2012 to 2014. Returns the root mean squared errors in 2015, in degrees Celsius: the mean of several seeds. */
export async function forecast({ epochs = 15, seeds = 3, file = '' } = {}): Promise<Record<string, number>> {
  const cities = ['Seattle', 'New York'].map(readDays);
  const [train, test] = [windows(cities, DAYS, 1096), windows(cities, 1096, 1461)];
  const [mean, deviation] = [train.x.mean([0, 1]), nd.std(train.x, [0, 1])];
  const scaled = ({ x, y }: typeof train) => ({ x: x.sub(mean).div(deviation).detach(), y });
  const steps = epochs * Math.ceil(train.y.size / BATCH);
  const changes: Record<string, nd.Tensor> = { naive: nd.zerosLike(test.y) };
  const errorOf = (change: nd.Tensor) => change.sub(test.y).square().mean().sqrt().item();
  const errors: Record<string, number> = { naive: errorOf(changes.naive!) };
  for (const [name, build] of Object.entries(models)) {
    errors[name] = 0;
    for (let seed = 1; seed <= seeds; seed++) {
      nd.seed(seed);
      const model = build();
      const learningRate = nd.schedules.cosineDecay({ rate: name === 'linear' ? 0.05 : 0.003, steps });
      await nd.fit(model, scaled(train), {
        loss: nd.meanSquaredError,
        optimizer: new nd.Adam(model.parameters(), { learningRate }),
        epochs,
        batchSize: BATCH,
        progress: false,
      });
      changes[name] = model.call(scaled(test).x).detach();
      errors[name] += errorOf(changes[name]) / seeds;
    }
    console.log(`${name}: ${errors[name].toFixed(2)} degrees (naive ${errors.naive!.toFixed(2)})`);
  }
  const today = test.x.slice(null, -1, [0, 1]);
  const measured = today.add(test.y);
  if (file !== '') writeFileSync(file, chart({ measured, naive: today, GRU: today.add(changes.GRU!) }));
  return errors;
}

/** A page with the last 90 of the 365 days of Seattle. */
function chart(series: Record<string, nd.Tensor>): string {
  const points = Object.entries(series).flatMap(([name, values]) =>
    Array.from(values.slice([275, 365], 0).dataSync(), (degrees, day) => ({ name, day, degrees })),
  );
  const { document } = parseHTML('<html></html>');
  const lines = Plot.line(points, { x: 'day', y: 'degrees', stroke: 'name' });
  const { outerHTML } = Plot.plot({ document, width: 900, color: { legend: true }, marks: [lines] });
  return `<!doctype html><meta charset="utf-8"><title>Highest temperatures, degrees Celsius</title>${outerHTML}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await forecast({ file: 'forecast.html' });

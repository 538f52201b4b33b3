import type { ReportInput, ReportModel } from './input.ts';

/** The input, with what several sections ask of it. */
export interface ReportView {
  readonly input: ReportInput;
  /** The most accurate first. */
  readonly models: readonly ReportModel[];
  readonly best: ReportModel;
  /** Half an error: where a rate of no errors at all stands on a logarithmic axis. */
  readonly floor: number;
}

export function reportView(input: ReportInput): ReportView {
  const models = [...input.models].sort(
    (a, b) => b.accuracy.mean - a.accuracy.mean || a.parameters - b.parameters,
  );
  return { input, models, best: models[0]!, floor: 0.5 / input.dataset.testImages };
}

/** Test images that a model got wrong, the mean over its runs. */
export function errors(model: ReportModel, { input }: ReportView): number {
  const counts = model.runs.map(({ accuracy }) => Math.round((1 - accuracy) * input.dataset.testImages));
  return counts.reduce((sum, n) => sum + n, 0) / counts.length;
}

/** The interval of the error rate, lower end first. */
export function errorInterval({ interval: [low, high] }: ReportModel): readonly [number, number] {
  return [1 - high, 1 - low];
}

/** The name of a class as it stands in text and tables. */
export function className(label: number, { input }: ReportView): string {
  return input.dataset.classes[label] ?? String(label);
}

/** Whether the classes have names that want room, not digits. */
export function longNames({ input }: ReportView): boolean {
  return input.dataset.classes.some((name) => name.length > 2);
}

import type { ReportInput, ReportModel } from './input.ts';

/** The input, and values derived from it that several sections use. */
export interface ReportView {
  readonly input: ReportInput;
  /** By descending accuracy. */
  readonly models: readonly ReportModel[];
  readonly best: ReportModel;
  /** Half an error: the rate that is drawn on a logarithmic axis for no errors. */
  readonly floor: number;
}

/** Sorts the models of an input. */
export function reportView(input: ReportInput): ReportView {
  const models = [...input.models].sort(
    (a, b) => b.accuracy.mean - a.accuracy.mean || a.parameters - b.parameters,
  );
  return { input, models, best: models[0]!, floor: 0.5 / input.dataset.testImages };
}

/** The number of misclassified test images, as a mean over the runs of a model. */
export function errors(model: ReportModel, { input }: ReportView): number {
  const counts = model.runs.map(({ accuracy }) => Math.round((1 - accuracy) * input.dataset.testImages));
  return counts.reduce((sum, n) => sum + n, 0) / counts.length;
}

/** The interval of the error rate, lower end first. */
export function errorInterval({ interval: [low, high] }: ReportModel): readonly [number, number] {
  return [1 - high, 1 - low];
}

/** The name of a class in text and tables. */
export function className(label: number, { input }: ReportView): string {
  return input.dataset.classes[label] ?? String(label);
}

/** Whether the classes have long names, not digits. */
export function longNames({ input }: ReportView): boolean {
  return input.dataset.classes.some((name) => name.length > 2);
}

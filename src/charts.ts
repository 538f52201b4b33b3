/** The entry point `ndgrad/charts`: charts for pages, drawn during training and afterwards. */

// Callbacks

export { lossChart, metricsChart, type ResultChartOptions } from './charts/results.ts';
export { type WeightsChartOptions, weightsChart } from './charts/weights.ts';

// Results

export { type ConfusionChartOptions, confusionChart } from './charts/confusion.ts';
export { type ImageArray, type ImageChartOptions, imageChart } from './charts/images.ts';
export { type RocChartOptions, type RocLike, rocChart } from './charts/roc.ts';
export type { PageElement } from './util/host-types.ts';

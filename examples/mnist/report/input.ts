/**
 * All that the report shows. Rates (accuracy, F1, precision, recall, probabilities) go from 0 to 1, times are
 * in seconds, classes are numbers from 0 that index `dataset.classes`.
 */
export interface ReportInput {
  readonly dataset: ReportDataset;
  /** Which set of models and epochs was run. */
  readonly mode: 'quick' | 'default' | 'full';
  /** The command that gives these results again, as one would type it. */
  readonly command: string;
  /** The seeds of the runs; every model was trained once with each, or with the first only. */
  readonly seeds: readonly number[];
  readonly versions: ReportVersions;
  /** Training of all networks, each counted once, also those that are members of an ensemble. */
  readonly trainingSeconds: number;
  /** At least one, in any order: the report puts the most accurate first. Ids are unique. */
  readonly models: readonly ReportModel[];
  /** Results of others for comparison; they stand apart from the models. */
  readonly published?: readonly PublishedResult[] | undefined;
  /**
   * p-values of McNemar's test between the predictions of the models' first runs: `mcnemar[i][j]` between
   * `models[i]` and `models[j]`, symmetric; the diagonal is not read. Absent where there is one model.
   */
  readonly mcnemar?: readonly (readonly number[])[] | undefined;
  readonly misclassified?: Misclassified | undefined;
  /** In the order in which they are shown. */
  readonly firstLayers?: readonly FirstLayer[] | undefined;
}

export interface ReportDataset {
  /** As the title says it: `MNIST`, `Fashion-MNIST`. */
  readonly name: string;
  /** Names of the classes: `'0'` to `'9'`, or `'T-shirt/top'`, ... */
  readonly classes: readonly string[];
  /** How many images the models were trained on, chosen by, and tested with. */
  readonly trainingImages: number;
  readonly validationImages?: number | undefined;
  readonly testImages: number;
}

export interface ReportVersions {
  readonly ndgrad: string;
  /** With its `v`, as `process.version` gives it. */
  readonly node: string;
  /** `wasm`, `js`, `webgpu` or `webgl2`. */
  readonly backend: string;
  readonly threads: number;
  /** The GPU, where one computed. */
  readonly adapter?: string | undefined;
  /** The processor's own name: `os.cpus()[0].model`. */
  readonly cpu: string;
  /** When the last model was done, ISO 8601: `2025-11-02T14:03:00Z`. The report shows the day. */
  readonly date: string;
}

/** A mean over the runs, one per seed. */
export interface Estimate {
  readonly mean: number;
  /** Sample standard deviation; absent where there is one run. */
  readonly deviation?: number | undefined;
}

export interface ReportModel {
  /** As on the command line. */
  readonly id: string;
  /** What it is, in a few words that follow a colon. */
  readonly about: string;
  /** How many numbers are trained; for an ensemble, in all its members. */
  readonly parameters: number;
  readonly epochs: number;
  /** Of one run, the mean over the seeds; for an ensemble, of all its members. */
  readonly trainingSeconds: number;
  readonly secondsPerEpoch: number;
  /**
   * Training time until the validation accuracy first was 0.99; absent where it never was, or not looked at.
   */
  readonly secondsTo99?: number | undefined;
  /** At least one. History, confusion and classes are those of the first. */
  readonly runs: readonly ReportRun[];
  /** On the test images, as are all below. */
  readonly accuracy: Estimate;
  /** Wilson's 95 % interval of the accuracy, with the number of test images for its number of trials. */
  readonly interval: readonly [low: number, high: number];
  readonly macroF1: Estimate;
  readonly loss: Estimate;
  /**
   * One number per epoch, by name: `loss`, `accuracy`, `val_loss`, `val_accuracy`. Others are not shown, any
   * may be missing; NaN is a gap. Empty for what has no epochs of its own, an ensemble.
   */
  readonly history: Readonly<Record<string, readonly number[]>>;
  /** Counts of the first run. Row: the class that it is. Column: the class that was predicted. */
  readonly confusion: readonly (readonly number[])[];
  /** One per class. */
  readonly classes: readonly ClassScores[];
}

export interface ReportRun {
  readonly seed: number;
  readonly accuracy: number;
  readonly macroF1: number;
  readonly loss: number;
  /** SHA-256 of the trained parameters, 64 hexadecimal digits; see `parametersHash` in `results.ts`. */
  readonly parametersHash: string;
}

export interface ClassScores {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** A result of others on the same test images. */
export interface PublishedResult {
  readonly name: string;
  readonly about: string;
  readonly accuracy: number;
  /** Sample standard deviation over runs. */
  readonly deviation?: number | undefined;
  readonly parameters?: number | undefined;
  /** Where it stands in print. */
  readonly source: string;
  /** Its address, https. */
  readonly url?: string | undefined;
}

/** Test images that the first run of one model got wrong. */
export interface Misclassified {
  /** Id of the model. */
  readonly model: string;
  /** Some or all; the report shows the 60 that the model was surest of, those first. */
  readonly images: readonly MisclassifiedImage[];
}

export interface MisclassifiedImage {
  /** 28 x 28 bytes, row-major, 0 the background and 255 full ink. */
  readonly pixels: Uint8Array;
  /** Place in the test set, from 0. */
  readonly index: number;
  readonly label: number;
  readonly predicted: number;
  /** What the model gave the class that it predicted, and the one that it is. */
  readonly predictedProbability: number;
  readonly labelProbability: number;
}

/** Weights of a model's first layer, of its first run. */
export interface FirstLayer {
  /** Id of the model. */
  readonly model: string;
  /** A dense layer's `[784, units]`, or a convolution's `[height, width, 1, filters]`. */
  readonly shape: readonly [784, number] | readonly [height: number, width: number, channels: 1, number];
  /** Row-major. */
  readonly values: Float32Array;
  /** What each unit stands for, if anything: the classes, in softmax regression. */
  readonly names?: readonly string[] | undefined;
}

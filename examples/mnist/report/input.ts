/**
 * The input of the report. Rates (accuracy, F1, precision, recall, probabilities) are from 0 to 1, times are in seconds, and
 * classes are indices into `dataset.classes`.
 */
export interface ReportInput {
  readonly dataset: ReportDataset;
  /** The mode of the run, which sets models and epochs. */
  readonly mode: 'quick' | 'default' | 'full';
  /** The command that reproduces these results. */
  readonly command: string;
  /** The seeds of the runs. Every model was trained once with each seed, or with the first ones. */
  readonly seeds: readonly number[];
  readonly versions: ReportVersions;
  /** Training time of all networks, including the members of ensembles, each counted once. */
  readonly trainingSeconds: number;
  /** At least one, in any order. The report sorts them by accuracy. Ids are unique. */
  readonly models: readonly ReportModel[];
  /** Published results for comparison, shown separately. */
  readonly published?: readonly PublishedResult[] | undefined;
  /**
   * p-values of McNemar's test between the predictions of the models' first runs: `mcnemar[i][j]` between
   * `models[i]` and `models[j]`, symmetric; the diagonal is not read. Absent for a single model.
   */
  readonly mcnemar?: readonly (readonly number[])[] | undefined;
  readonly misclassified?: Misclassified | undefined;
  /** The address of a page in which one draws digits for the best network. */
  readonly drawingPage?: string | undefined;
  /** In display order. */
  readonly firstLayers?: readonly FirstLayer[] | undefined;
}

export interface ReportDataset {
  /** Name for the title: `MNIST`, `Fashion-MNIST`. */
  readonly name: string;
  /** Names of the classes: `'0'` to `'9'`, or `'T-shirt/top'`, ... */
  readonly classes: readonly string[];
  /** Numbers of images for training, validation and testing. */
  readonly trainingImages: number;
  readonly validationImages?: number | undefined;
  readonly testImages: number;
}

export interface ReportVersions {
  readonly ndgrad: string;
  /** As in `process.version`, with the leading `v`. */
  readonly node: string;
  /** `wasm`, `js`, `webgpu` or `webgl2`. */
  readonly backend: string;
  readonly threads: number;
  /** The name of the GPU, if one was used. */
  readonly adapter?: string | undefined;
  /** The name of the processor: `os.cpus()[0].model`. */
  readonly cpu: string;
  /** When the last training ended, ISO 8601: `2025-11-02T14:03:00Z`. The report shows the date. */
  readonly date: string;
}

/** A mean over the runs, one per seed. */
export interface Estimate {
  readonly mean: number;
  /** Sample standard deviation; absent for one run. */
  readonly deviation?: number | undefined;
}

export interface ReportModel {
  /** The id on the command line. */
  readonly id: string;
  /** A short description, which follows a colon. */
  readonly about: string;
  /** Number of trained values, for an ensemble in all its members. */
  readonly parameters: number;
  readonly epochs: number;
  /** Seconds of one run, the mean over the seeds; for an ensemble the sum over its members. */
  readonly trainingSeconds: number;
  readonly secondsPerEpoch: number;
  /** Training time until the validation accuracy first was 0.99; absent if it never was, or without validation. */
  readonly secondsTo99?: number | undefined;
  /** At least one. History, confusion and classes are those of the first run. */
  readonly runs: readonly ReportRun[];
  /** On the test images, like all fields below. */
  readonly accuracy: Estimate;
  /** Wilson's 95 % interval of the accuracy, for as many trials as test images. */
  readonly interval: readonly [low: number, high: number];
  readonly macroF1: Estimate;
  readonly loss: Estimate;
  /**
   * One number per epoch, by name: `loss`, `accuracy`, `val_loss`, `val_accuracy`. Each may be missing, and others are not
   * shown. NaN is a gap. Empty for an ensemble, which has no epochs of its own.
   */
  readonly history: Readonly<Record<string, readonly number[]>>;
  /** Counts of the first run. Row: true class. Column: predicted class. */
  readonly confusion: readonly (readonly number[])[];
  /** One per class. */
  readonly classes: readonly ClassScores[];
}

export interface ReportRun {
  /** One, or for an ensemble those of its members. */
  readonly seeds: readonly number[];
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

/** A published result on the same test images. */
export interface PublishedResult {
  readonly name: string;
  readonly about: string;
  readonly accuracy: number;
  /** Sample standard deviation over runs. */
  readonly deviation?: number | undefined;
  readonly parameters?: number | undefined;
  readonly loss?: number | undefined;
  /** The publication. */
  readonly source?: string | undefined;
  /** The https address of the publication. */
  readonly url?: string | undefined;
}

/** Test images that the first run of one model misclassified. */
export interface Misclassified {
  /** Id of the model. */
  readonly model: string;
  /** All of them, or some. The report shows them by descending predicted probability. */
  readonly images: readonly MisclassifiedImage[];
}

export interface MisclassifiedImage {
  /** 28 x 28 bytes, row-major, 0 the background and 255 full ink. */
  readonly pixels: Uint8Array;
  /** Index in the test set, from 0. */
  readonly index: number;
  readonly label: number;
  readonly predicted: number;
  /** The probabilities of the predicted class and of the true class. */
  readonly predictedProbability: number;
  readonly labelProbability: number;
}

/** The weights of the first layer, from the first run of a model. */
export interface FirstLayer {
  /** Id of the model. */
  readonly model: string;
  /** `[784, units]` for a dense layer, `[height, width, 1, filters]` for a convolution. */
  readonly shape: readonly [784, number] | readonly [height: number, width: number, channels: 1, number];
  /** Row-major. */
  readonly values: Float32Array;
  /** Names of the units, if they have any: the classes in softmax regression. */
  readonly names?: readonly string[] | undefined;
}

import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { expect, test } from 'vitest';

/** Every public name, by entry point and by whether it exists at run time. Each name is in one entry only. */
const EXPORTS: Record<string, { values: string; types: string }> = {
  ndgrad: {
    values: `Accuracy Activation Adagrad Adam AdamW AveragePrecision AvgPool1D AvgPool2D BatchNorm BinaryAccuracy
      ConfusionMatrix Conv1D Conv1DTranspose Conv2D Conv2DTranspose DTypeError Dense Dropout F1 FBeta
      Flatten Generator GlobalAvgPool1D GlobalAvgPool2D GlobalMaxPool1D GlobalMaxPool2D GroupNorm Layer
      LayerNorm Lion LogLoss Lookahead MaxPool1D MaxPool2D Mean MeanAbsoluteError
      MeanAbsolutePercentageError MeanIoU MeanSquaredError MemoryError MultiOptimizer Muon NAdam
      NdgradError NonFiniteError Optimizer Parameter Precision R2Score RAdam RMSprop Recall Reshape
      Residual RocAuc RootMeanSquaredError SGD Sequential ShapeError SpatialDropout StateError Tensor
      TopKAccuracy TrainingContext ValueError WeightAverage abs activations add all any arange argmax
      argmin avgPool backendInfo bestModel binaryCrossEntropy binaryFocalCrossEntropy bitsVersion
      broadcastTo cast categoricalHinge ceil celu checkpoint clip concat contrastive conv convTranspose
      cos cosineDistance csvLog defaultGenerator detach diagnostics dice div earlyStopping elu equal erf
      evaluate exp expandDims explain explainAssignments expm1 eye findLearningRate fit flatten flip floor
      full gelu glu gradients greater greaterEqual hardSigmoid hardSwish hardTanh hinge huber inference
      initializers isFinite isNaN jsonLinesLog klDivergence leakyRelu learningRateLogger less lessEqual
      linspace loadModel loadWeights log log1p logCosh logSigmoid logSoftmax logSumExp logicalAnd
      logicalNot logicalOr logicalXor matmul max maxPool maximum mean meanAbsoluteError
      meanAbsolutePercentageError meanSquaredError meanSquaredLogarithmicError min minimum mish mod mul
      neg notEqual oneHot ones pad poissonLoss pow predict prod realize reciprocal reduceOnPlateau relu
      relu6 reshape round rsqrt runStep saveModel saveWeights scalar scatterAdd schedules seed selu
      setBackend setThreads sigmoid sign silu sin slice slidingWindows softmax softmaxCrossEntropy
      softmaxFocalCrossEntropy softmin softplus softsign split sqrt square squaredHinge squeeze stack
      standardize stopOnNaN sub sum take tanh tensor timeLimit training transpose tripletMargin tversky
      variance where zeros`,
    types: `ActivationFunction ActivationName ActivationOptions AdagradOptions AdamOptions AveragePoolOptions
      Backend BackendInfo BackendName BatchLogs BatchNormOptions BestModelOptions BinaryAccuracyOptions
      BinaryCrossEntropyOptions BinaryFocalCrossEntropyOptions ByteSource Callback Checkpoint
      CheckpointOptions ClassScoreOptions ClipOptions ConfusionMatrixOptions Context ConvOptions
      ConvTransposeOptions ConvolutionOptions DType DenseOptions Described DiagnosticsOptions DiceOptions
      DropoutOptions EarlyStoppingOptions EpochLogs EvaluateOptions FBetaOptions FindLearningRateOptions
      FitOptions FlattenOptions FloatFormat GeluOptions GeneratorState GlobalPoolingOptions
      GroupNormOptions History HuberOptions Initializer InitializerName InnerState LayerClass LayerLike
      LayerNormOptions LearningRateCurve LionOptions LoadModelOptions LoadWeightsOptions LoadedModel
      LoadedWeights LogFile LogLossOptions LogOptions LogTarget LookaheadOptions LossFunction LossOptions
      Margin MarginOptions Member Metric MetricOptions MinimizeOptions Model MultiOptimizerOptions
      MuonOptions NAdamOptions NaNLoss NestedArray NumberArray OptimizerOptions OptimizerState Padding
      ParameterOptions ParameterState PartialShape Penalty PoolOptions Pooled PoolingLayerOptions
      PredictOptions ProgressReport RAdamOptions RMSpropOptions RankingMetricOptions
      ReduceOnPlateauOptions ReduceOptions Reduction ReshapeOptions ResidualOptions SGDOptions
      SaveModelOptions SaveWeightsOptions Schedule SequentialOptions Shape Signal SliceSpec Slots
      SoftmaxCrossEntropyOptions SoftmaxFocalCrossEntropyOptions StandardizeOptions State StateValue
      StepOptions SummaryOptions TensorLike TensorOptions TopKAccuracyOptions Training TrainingOptions
      Transformer TransformerClass TransformerState TransposedConvolutionOptions TverskyOptions TypedArray
      Update VarianceOptions WeightAverageOptions WeightAverageState WeightMap WeightTarget WindowOptions`,
  },
  'ndgrad/browser': {
    values: `blobSource download indexedDbStore opfsStore urlSource`,
    types: `BlobLike UrlSourceOptions`,
  },
  'ndgrad/data': {
    values: `augmentImages decodeIdx decodeMnist readIdx scalePixels`,
    types: `AugmentOptions AugmentedImages BatchFunction BatchSource ByteArray Data ElasticOptions IdxArray
      IdxOptions ImageBatch Mnist MnistFiles MnistSplit SampleArray Samples ShapedArray`,
  },
  'ndgrad/gpu': {
    values: `gpu`,
    types: `Adapter AdapterInfo AdapterLimits GpuOptions`,
  },
  'ndgrad/io': {
    values: `readNpy readNpz readSafetensors saveModelFiles saveWeightFiles shardedSource writeNpy writeNpz
      writeSafetensors writeShardedSafetensors`,
    types: `Content NamedTensors NpzFile OpenFile ReadNpyOptions ReadSafetensorsOptions SafetensorsEntry
      SafetensorsFile SaveModelFilesOptions SaveWeightFilesOptions ShardOptions Store WriteNpzOptions
      WriteSafetensorsOptions WriteShardedOptions`,
  },
  'ndgrad/keras': {
    values: `loadKeras loadTfjs`,
    types: ``,
  },
  'ndgrad/metrics': {
    values: `averagePrecision balancedAccuracy calibrationCurve classificationReport cohenKappa confusionMatrix
      expectedCalibrationError f1Score fBetaScore jaccardScore logLoss matthewsCorrelation mcnemar
      precision precisionRecallCurve recall rocAuc rocCurve summarizeRuns wilsonInterval`,
    types: `AgreementOptions Average BalancedAccuracyOptions CalibrationCurve CalibrationOptions
      CohenKappaOptions ConfusionOptions CurveOptions FBetaScoreOptions Interval IntervalOptions
      McNemarOptions McNemarResult MetricInput PrecisionRecallCurve ProbabilityOptions RankingOptions
      ReportOptions RocCurve RunSummary ScoreOptions StridedArray SyncMetricInput`,
  },
  'ndgrad/node': {
    values: 'fileJournal fileSource folderStore inWorkers loadMnist saveFile textFile',
    types: `LoadMnistOptions LoadedMnist TrialWorkerOptions Url`,
  },
  'ndgrad/search': {
    values: `choice gridSearch integer logUniform randomSearch search successiveHalving uniform`,
    types: `Dimension GridSearchOptions IntegerOptions Journal Json Objective ParametersOf RandomSearchOptions
      RangeOptions Rung SearchOptions SearchPoint SearchReport SearchResults Space Strategy
      SuccessiveHalvingOptions TableOptions TrialContext TrialFunction TrialMetrics TrialOutcome TrialRun
      TrialRunner TrialSession TrialTask`,
  },
  'ndgrad/testing': {
    values: `allClose assertClose gradcheck`,
    types: `CloseOptions Comparable DifferentiableFunction GradcheckOptions GradcheckReport`,
  },
};

const moduleOf = (entry: string): string => (entry === 'ndgrad' ? 'index' : entry.slice('ndgrad/'.length));
const fileOf = (entry: string): string => `src/${moduleOf(entry)}.ts`;
const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

interface Names {
  values: string[];
  types: string[];
}

/** Values are what a module has at run time; all other exports that the compiler knows are types. */
async function actualExports(): Promise<Record<string, Names>> {
  const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, '.');
  // Names need no types of the platform, which take seconds to parse.
  const program = ts.createProgram(Object.keys(EXPORTS).map(fileOf), { ...options, noLib: true, types: [] });
  const checker = program.getTypeChecker();
  const namesOf = async (entry: string): Promise<[entry: string, names: Names]> => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(fileOf(entry))!)!;
    const all = checker.getExportsOfModule(module).map(({ name }) => name);
    const values = Object.keys(await import(`../../src/${moduleOf(entry)}.ts`));
    return [entry, { values: values.sort(), types: all.filter((name) => !values.includes(name)).sort() }];
  };
  return Object.fromEntries(await Promise.all(Object.keys(EXPORTS).map(namesOf)));
}

test('every entry point exports the names of the table and no others', async () => {
  const expected = Object.entries(EXPORTS).map(([entry, { values, types }]) => [
    entry,
    { values: words(values), types: words(types) },
  ]);
  expect(await actualExports()).toEqual(Object.fromEntries(expected));
});

test('each name is exported by one entry point', () => {
  const home = new Map<string, string>();
  const twice: string[] = [];
  for (const [entry, { values, types }] of Object.entries(EXPORTS)) {
    for (const name of words(`${values} ${types}`)) {
      if (home.has(name)) twice.push(`${name}: ${home.get(name)} and ${entry}`);
      home.set(name, entry);
    }
  }
  expect(twice).toEqual([]);
});

test('the single file exports what four entry points export', async () => {
  const entries = ['ndgrad', 'ndgrad/data', 'ndgrad/metrics', 'ndgrad/search'];
  const values = entries.flatMap((entry) => words(EXPORTS[entry]!.values));
  expect(Object.keys(await import('../../src/single-file.ts')).sort()).toEqual(values.sort());
});

test('every file directly in src/ is the file of an entry point and only re-exports', () => {
  const files = readdirSync('src').filter((name) => name.endsWith('.ts'));
  const entries = Object.keys(EXPORTS).map(fileOf);
  expect(files.map((name) => `src/${name}`).sort()).toEqual([...entries, 'src/single-file.ts'].sort());
  for (const file of files) {
    const source = ts.createSourceFile(file, readFileSync(`src/${file}`, 'utf8'), ts.ScriptTarget.Latest);
    const others = source.statements.filter(
      (s) => !ts.isExportDeclaration(s) || s.moduleSpecifier === undefined,
    );
    expect(others.length, file).toBe(0);
  }
});

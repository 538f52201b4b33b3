import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { expect, test } from 'vitest';

/** Every public name, by entry point and by whether it exists at run time. Each name is in one entry only. */
const EXPORTS: Record<string, { values: string; types: string }> = {
  ndgrad: {
    values: `Accuracy Activation Adagrad Adam AdamW AveragePrecision AvgPool1D AvgPool2D AvgPool3D BatchNorm
      Bidirectional BinaryAccuracy ConfusionMatrix Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D
      Conv3DTranspose Cropping1D Cropping2D Cropping3D DTypeError Dense Dropout EditDistance Embedding F1
      FBeta Flatten GRU Generator GlobalAvgPool1D GlobalAvgPool2D GlobalAvgPool3D GlobalMaxPool1D
      GlobalMaxPool2D GlobalMaxPool3D GroupNorm InstanceNorm LSTM Layer LayerNorm Lion LogLoss Lookahead
      MaxPool1D MaxPool2D MaxPool3D Mean MeanAbsoluteError MeanAbsolutePercentageError MeanIoU
      MeanSquaredError MemoryError MultiHeadAttention MultiOptimizer Muon NAdam NdgradError Network
      NonFiniteError Optimizer PReLU Parameter Perplexity PositionEmbedding Precision R2Score RAdam
      RMSNorm RMSprop Recall Reshape Residual RocAuc RootMeanSquaredError SGD SeparableConv1D
      SeparableConv2D SequenceAccuracy Sequential ShapeError SimpleRNN SinusoidalPositions SpatialDropout
      StateError Tensor TopKAccuracy TrainingContext TransformerBlock UpSampling1D UpSampling2D
      UpSampling3D ValueError WeightAverage ZeroPadding1D ZeroPadding2D ZeroPadding3D abs acos acosh
      activations add all any arange argmax argmin argsort asin asinh atan atan2 atanh avgPool backendInfo
      bestModel binaryCrossEntropy binaryFocalCrossEntropy bincount bitsVersion booleanMask broadcastTo
      cast categorical categoricalHinge ceil celu checkpoint clip concat contrastive conv convTranspose
      cos cosh cosineDistance csvLog ctcGreedyDecode ctcLoss cummax cummin cumprod cumsum customGradient
      defaultGenerator depthToSpace detach diag diagnostics dice diff div earlyStopping einsum elu equal
      erf erfinv evaluate exp expandDims explain explainAssignments expm1 eye findLearningRate fit flatten
      flip floor floorDiv full fullLike gatherND gelu generate glu gradients greater greaterEqual
      hardSigmoid hardSwish hardTanh hinge huber inference initializers isFinite isInf isNaN jsonLinesLog
      klDivergence leakyRelu learningRateLogger less lessEqual linspace loadModel loadWeights
      localResponseNorm log log1p logCosh logSigmoid logSoftmax logSumExp logicalAnd logicalNot logicalOr
      logicalXor matmul max maxPool maxPoolWithArgmax maximum mean meanAbsoluteError
      meanAbsolutePercentageError meanSquaredError meanSquaredLogarithmicError median meshgrid min minimum
      mish mod mul multinomial nanToNum neg norm notEqual oneHot ones onesLike outer pad poissonLoss pow
      predict prelu prod profile putAlongAxis quantile realize reciprocal reduceOnPlateau relu relu6 remat repeat
      reshape resize roll round rsqrt runStep saveModel saveWeights scalar scaledDotProductAttention scan
      scatterAdd scatterND schedules searchSorted seed selu setBackend setThreads shuffle sigmoid sign
      silu sin sinh slice slidingWindows softmax softmaxCrossEntropy softmaxFocalCrossEntropy softmin
      softplus softsign sort spaceToDepth split sqrt square squaredDifference squaredHinge squeeze stack
      standardize std stopGradient stopOnNaN sub sum take takeAlongAxis tan tanh tensor tensordot tile
      timeLimit topK trace training transpose tril tripletMargin triu truncatedNormal tversky unique
      unstack variance where zeros zerosLike`,
    types: `ActivationFunction ActivationName ActivationOptions AdagradOptions AdamOptions AttentionOptions
      AveragePoolOptions Backend BackendInfo BackendName BatchLogs BatchNormOptions BestModelOptions
      BidirectionalOptions BinaryAccuracyOptions BinaryCrossEntropyOptions BinaryFocalCrossEntropyOptions
      ByteSource Callback CategoricalOptions Checkpoint CheckpointOptions ClassMetricOptions
      ClassScoreOptions ClipOptions ConfusionMatrixOptions Context ConvOptions ConvTransposeOptions
      ConvolutionOptions CtcDecodeOptions CtcLossOptions CumulativeOptions CustomGradient DType Decoding
      DenseOptions Described DiagnosticsOptions DiceOptions DropoutOptions EarlyStoppingOptions
      EditDistanceOptions EmbeddingOptions EpochLogs EvaluateOptions FBetaOptions FindLearningRateOptions
      FitOptions FlattenOptions FloatFormat GRUOptions GeluOptions GenerateOptions GeneratorState
      GlobalPoolingOptions GroupNormOptions History HuberOptions Initializer InitializerName InnerState
      InstanceNormOptions KernelTimes LSTMOptions LayerClass LayerLike LayerNormOptions LearningRateCurve LionOptions
      LoadModelOptions LoadWeightsOptions LoadedModel LoadedWeights LocalResponseNormOptions LogFile
      LogLossOptions LogOptions LogTarget LookaheadOptions Loss LossFunction LossOptions Margin
      MarginLayerOptions MarginOptions MaskOptions Member MeshgridOptions Metric MetricOptions Metrics
      MinimizeOptions Model MultiHeadAttentionOptions MultiOptimizerOptions MultinomialOptions MuonOptions
      NAdamOptions NaNLoss NanToNumOptions NestedArray NetworkMember NumberArray OptimizerOptions
      OptimizerState OutputAndState PReLUOptions PadMode Padding ParameterOptions ParameterState
      PartialShape Penalty PlanProfile PoolOptions Pooled PoolingLayerOptions PositionEmbeddingOptions PredictOptions
      Predictions ProgressReport QuantileMethod QuantileOptions RAdamOptions RMSNormOptions RMSpropOptions
      RankingMetricOptions Recurrent RecurrentOptions ReduceOnPlateauOptions ReduceOptions Reduction
      ReshapeOptions ResidualOptions ResizeOptions ReverseOptions SGDOptions SaveModelOptions
      SaveWeightsOptions ScanOptions ScatterMode ScatterOptions Schedule SearchSortedOptions
      SeparableConvolutionOptions SequentialOptions Shape ShuffleOptions Signal SinusoidalPositionsOptions
      SliceSpec Slots SoftmaxCrossEntropyOptions SoftmaxFocalCrossEntropyOptions SortOptions
      StandardizeOptions State StateOptions StateValue StepOptions SummaryOptions TensorLike TensorOptions
      Tensors TokenModel TopKAccuracyOptions TopKOptions Training TrainingOptions Transformer
      TransformerBlockOptions TransformerClass TransformerState TransposedConvolutionOptions
      TruncatedNormalOptions TverskyOptions TypedArray Unique UpSamplingOptions Update VarianceOptions
      WeightAverageOptions WeightAverageState WeightMap WeightTarget WeightedLoss WindowOptions World`,
  },
  'ndgrad/browser': {
    values: `blobSource download indexedDbStore opfsStore serveTraining trainInWorker urlSource`,
    types: `BlobLike RemoteTraining SetUpTraining TrainInWorkerOptions TrainingSetup UrlSourceOptions WorkerLike`,
  },
  'ndgrad/bullmq': { values: `bullmq`, types: `BullmqOptions RedisConnection TrialLimits` },
  'ndgrad/charts': {
    values: `confusionChart imageChart lossChart metricsChart rocChart weightsChart`,
    types: `ConfusionChartOptions ImageArray ImageChartOptions PageElement ResultChartOptions RocChartOptions
      RocLike WeightsChartOptions`,
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
    values: `kerasLayers loadKeras loadTfjs`,
    types: ``,
  },
  'ndgrad/metrics': {
    values: `averagePrecision balancedAccuracy calibrationCurve classificationReport cohenKappa confusionMatrix
      editDistance errorRate expectedCalibrationError f1Score fBetaScore jaccardScore logLoss
      matthewsCorrelation mcnemar precision precisionRecallCurve recall rocAuc rocCurve summarizeRuns
      wilsonInterval`,
    types: `AgreementOptions Average BalancedAccuracyOptions CalibrationCurve CalibrationOptions
      CohenKappaOptions ConfusionOptions CurveOptions FBetaScoreOptions Interval IntervalOptions
      McNemarOptions McNemarResult MetricInput PrecisionRecallCurve ProbabilityOptions RankingOptions
      ReportOptions RocCurve RunSummary ScoreOptions StridedArray SyncMetricInput TokenSequence`,
  },
  'ndgrad/mpi': {
    values: `mpi`,
    types: `MpiOptions`,
  },
  'ndgrad/node': {
    values:
      'fileJournal fileSource folderStore inWorkers loadMnist saveFile serveTraining textFile trainInWorker',
    types: `LoadMnistOptions LoadedMnist RemoteTraining SetUpTraining TrainInWorkerOptions TrainingSetup
      TrialWorkerOptions Url WorkerThread`,
  },
  'ndgrad/search': {
    values: `choice gridSearch integer logUniform randomSearch search successiveHalving uniform`,
    types: `Dimension GridSearchOptions IntegerOptions Journal Json Objective ParametersOf RandomSearchOptions
      RangeOptions Rung SearchOptions SearchPoint SearchReport SearchResults Space Strategy
      SuccessiveHalvingOptions TableOptions TrialContext TrialFunction TrialMetrics TrialOutcome TrialRun
      TrialRunner TrialSession TrialTask`,
  },
  'ndgrad/testing': {
    values: `allClose arbitraries assertClose gradcheck`,
    types: `Arbitraries Arbitrary ArbitraryDataOptions ArbitraryLayerOptions ArbitraryShapeOptions
      ArbitraryTensorOptions CloseOptions Comparable DifferentiableFunction FastCheck GradcheckOptions
      GradcheckReport`,
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

/** What `ndgrad/browser` and `ndgrad/node` have for their kinds of workers. */
const PER_HOST = words(
  'RemoteTraining SetUpTraining TrainInWorkerOptions TrainingSetup serveTraining trainInWorker',
);

test('each name is exported by one entry point', () => {
  const home = new Map<string, string>();
  const twice: string[] = [];
  for (const [entry, { values, types }] of Object.entries(EXPORTS)) {
    for (const name of words(`${values} ${types}`)) {
      if (PER_HOST.includes(name) && home.get(name) === 'ndgrad/browser' && entry === 'ndgrad/node') continue;
      if (home.has(name)) twice.push(`${name}: ${home.get(name)} and ${entry}`);
      home.set(name, entry);
    }
  }
  expect(twice).toEqual([]);
});

test('the single file exports what five entry points export', async () => {
  const entries = ['ndgrad', 'ndgrad/browser', 'ndgrad/data', 'ndgrad/metrics', 'ndgrad/search'];
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

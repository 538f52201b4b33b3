/**
 * What the functions and classes of the entry point `ndgrad` are called elsewhere. One line for each: ours, then those of NumPy,
 * PyTorch, Keras 3 and TensorFlow.js, `-` where there is none. A line `# title` begins a section. Ours may be a member: `Tensor.data`.
 * docs/names.md is made of it by `npx tsx scripts/names.ts`.
 */
export const table = `
# Creating tensors
tensor | np.array | torch.tensor | keras.ops.convert_to_tensor | tf.tensor
scalar | np.float32 | torch.tensor | keras.ops.convert_to_tensor | tf.scalar
zeros | np.zeros | torch.zeros | keras.ops.zeros | tf.zeros
ones | np.ones | torch.ones | keras.ops.ones | tf.ones
full | np.full | torch.full | keras.ops.full | tf.fill
zerosLike | np.zeros_like | torch.zeros_like | keras.ops.zeros_like | tf.zerosLike
onesLike | np.ones_like | torch.ones_like | keras.ops.ones_like | tf.onesLike
fullLike | np.full_like | torch.full_like | keras.ops.full_like | -
arange | np.arange | torch.arange | keras.ops.arange | tf.range
linspace | np.linspace | torch.linspace | keras.ops.linspace | tf.linspace
eye | np.eye, np.identity | torch.eye | keras.ops.eye | tf.eye
oneHot | - | F.one_hot | keras.ops.one_hot | tf.oneHot
meshgrid | np.meshgrid | torch.meshgrid | keras.ops.meshgrid | tf.meshgrid
Tensor | np.ndarray | torch.Tensor | keras.KerasTensor | tf.Tensor
Parameter | - | nn.Parameter | keras.Variable | tf.variable
Parameter.assign | x[...] = | Tensor.copy_ | Variable.assign | Variable.assign

# Reading values
Tensor.data | - | - | keras.ops.convert_to_numpy | Tensor.data
Tensor.dataSync | ndarray.ravel | Tensor.numpy | keras.ops.convert_to_numpy | Tensor.dataSync
Tensor.toArray | ndarray.tolist | Tensor.tolist | - | Tensor.arraySync
Tensor.item | ndarray.item | Tensor.item | - | Tensor.dataSync
Tensor.toNdarray | - | - | - | -
Tensor.toJSON | - | - | - | -
realize | - | - | - | -
explain | - | torch.jit.trace | - | -
profile | - | torch.profiler.profile | - | tf.profile

# Shape
reshape | np.reshape | torch.reshape, Tensor.view | keras.ops.reshape | tf.reshape
flatten | np.ravel | torch.flatten | keras.ops.ravel | Tensor.flatten
transpose | np.transpose, np.moveaxis, np.swapaxes | Tensor.permute, torch.movedim | keras.ops.transpose | tf.transpose
expandDims | np.expand_dims | torch.unsqueeze | keras.ops.expand_dims | tf.expandDims
squeeze | np.squeeze | torch.squeeze | keras.ops.squeeze | tf.squeeze
broadcastTo | np.broadcast_to | Tensor.expand | keras.ops.broadcast_to | tf.broadcastTo
slice | x[a:b] | x[a:b], torch.narrow | keras.ops.slice | tf.slice, tf.stridedSlice
flip | np.flip | torch.flip | keras.ops.flip | tf.reverse
roll | np.roll | torch.roll | keras.ops.roll | -
tile | np.tile | torch.tile, Tensor.repeat | keras.ops.tile | tf.tile
repeat | np.repeat | torch.repeat_interleave | keras.ops.repeat | -
concat | np.concatenate | torch.cat | keras.ops.concatenate | tf.concat
stack | np.stack | torch.stack | keras.ops.stack | tf.stack
unstack | np.unstack | torch.unbind | keras.ops.unstack | tf.unstack
split | np.split | torch.split, torch.chunk | keras.ops.split | tf.split
pad | np.pad | F.pad | keras.ops.pad | tf.pad, tf.mirrorPad
slidingWindows | np.lib.stride_tricks.sliding_window_view | Tensor.unfold | keras.ops.extract_sequences | tf.signal.frame
tril | np.tril | torch.tril | keras.ops.tril | tf.linalg.bandPart
triu | np.triu | torch.triu | keras.ops.triu | tf.linalg.bandPart
diag | np.diag, np.diagonal | torch.diag, torch.diagonal | keras.ops.diag, keras.ops.diagonal | tf.diag
depthToSpace | - | F.pixel_shuffle | - | tf.depthToSpace
spaceToDepth | - | F.pixel_unshuffle | - | -
cast | ndarray.astype | Tensor.to | keras.ops.cast | tf.cast

# Indices
take | np.take | torch.index_select | keras.ops.take | tf.gather
scatterAdd | np.add.at | torch.index_add | keras.ops.segment_sum | tf.unsortedSegmentSum
takeAlongAxis | np.take_along_axis | torch.gather | keras.ops.take_along_axis | -
putAlongAxis | np.put_along_axis | torch.scatter, torch.scatter_add, torch.scatter_reduce | - | -
gatherND | x[tuple(i)] | x[i, j] | - | tf.gatherND
scatterND | - | Tensor.index_put | keras.ops.scatter_update, keras.ops.scatter | tf.tensorScatterUpdate, tf.scatterND
booleanMask | x[mask] | torch.masked_select | - | tf.booleanMaskAsync
where | np.where | torch.where | keras.ops.where | tf.where

# Arithmetic
add | np.add | torch.add | keras.ops.add | tf.add
sub | np.subtract | torch.sub | keras.ops.subtract | tf.sub
mul | np.multiply | torch.mul | keras.ops.multiply | tf.mul
div | np.divide | torch.div | keras.ops.divide | tf.div
floorDiv | np.floor_divide | torch.floor_divide | keras.ops.floor_divide | tf.floorDiv
mod | np.mod, np.remainder | torch.remainder | keras.ops.mod | tf.mod
squaredDifference | - | F.mse_loss(reduction='none') | - | tf.squaredDifference
pow | np.power | torch.pow | keras.ops.power | tf.pow
neg | np.negative | torch.neg | keras.ops.negative | tf.neg
maximum | np.maximum | torch.maximum | keras.ops.maximum | tf.maximum
minimum | np.minimum | torch.minimum | keras.ops.minimum | tf.minimum
clip | np.clip | torch.clamp | keras.ops.clip | tf.clipByValue
matmul | np.matmul, np.dot | torch.matmul, torch.mm, torch.bmm | keras.ops.matmul | tf.matMul, tf.dot

# Products
einsum | np.einsum | torch.einsum | keras.ops.einsum | tf.einsum
tensordot | np.tensordot | torch.tensordot | keras.ops.tensordot | -
outer | np.outer | torch.outer | keras.ops.outer | tf.outerProduct
trace | np.trace | torch.trace | keras.ops.trace | -

# Comparison and logic
equal | np.equal | torch.eq | keras.ops.equal | tf.equal
notEqual | np.not_equal | torch.ne | keras.ops.not_equal | tf.notEqual
less | np.less | torch.lt | keras.ops.less | tf.less
lessEqual | np.less_equal | torch.le | keras.ops.less_equal | tf.lessEqual
greater | np.greater | torch.gt | keras.ops.greater | tf.greater
greaterEqual | np.greater_equal | torch.ge | keras.ops.greater_equal | tf.greaterEqual
logicalAnd | np.logical_and | torch.logical_and | keras.ops.logical_and | tf.logicalAnd
logicalOr | np.logical_or | torch.logical_or | keras.ops.logical_or | tf.logicalOr
logicalXor | np.logical_xor | torch.logical_xor | keras.ops.logical_xor | tf.logicalXor
logicalNot | np.logical_not | torch.logical_not | keras.ops.logical_not | tf.logicalNot
isNaN | np.isnan | torch.isnan | keras.ops.isnan | tf.isNaN
isFinite | np.isfinite | torch.isfinite | keras.ops.isfinite | tf.isFinite
isInf | np.isinf | torch.isinf | keras.ops.isinf | tf.isInf

# Functions of each element
exp | np.exp | torch.exp | keras.ops.exp | tf.exp
expm1 | np.expm1 | torch.expm1 | keras.ops.expm1 | tf.expm1
log | np.log | torch.log | keras.ops.log | tf.log
log1p | np.log1p | torch.log1p | keras.ops.log1p | tf.log1p
sqrt | np.sqrt | torch.sqrt | keras.ops.sqrt | tf.sqrt
rsqrt | - | torch.rsqrt | keras.ops.rsqrt | tf.rsqrt
reciprocal | np.reciprocal | torch.reciprocal | keras.ops.reciprocal | tf.reciprocal
square | np.square | torch.square | keras.ops.square | tf.square
abs | np.abs | torch.abs | keras.ops.absolute | tf.abs
sign | np.sign | torch.sign | keras.ops.sign | tf.sign
floor | np.floor | torch.floor | keras.ops.floor | tf.floor
ceil | np.ceil | torch.ceil | keras.ops.ceil | tf.ceil
round | np.round, np.rint | torch.round | keras.ops.round | tf.round
sin | np.sin | torch.sin | keras.ops.sin | tf.sin
cos | np.cos | torch.cos | keras.ops.cos | tf.cos
tan | np.tan | torch.tan | keras.ops.tan | tf.tan
asin | np.arcsin | torch.asin | keras.ops.arcsin | tf.asin
acos | np.arccos | torch.acos | keras.ops.arccos | tf.acos
atan | np.arctan | torch.atan | keras.ops.arctan | tf.atan
atan2 | np.arctan2 | torch.atan2 | keras.ops.arctan2 | tf.atan2
sinh | np.sinh | torch.sinh | keras.ops.sinh | tf.sinh
cosh | np.cosh | torch.cosh | keras.ops.cosh | tf.cosh
tanh | np.tanh | torch.tanh | keras.ops.tanh | tf.tanh
asinh | np.arcsinh | torch.asinh | keras.ops.arcsinh | tf.asinh
acosh | np.arccosh | torch.acosh | keras.ops.arccosh | tf.acosh
atanh | np.arctanh | torch.atanh | keras.ops.arctanh | tf.atanh
erf | scipy.special.erf | torch.erf | keras.ops.erf | tf.erf
erfinv | scipy.special.erfinv | torch.erfinv | keras.ops.erfinv | -
nanToNum | np.nan_to_num | torch.nan_to_num | keras.ops.nan_to_num | -

# Activations
relu | - | F.relu | keras.activations.relu | tf.relu
relu6 | - | F.relu6 | keras.activations.relu6 | tf.relu6
leakyRelu | - | F.leaky_relu | keras.activations.leaky_relu | tf.leakyRelu
prelu | - | F.prelu | keras.layers.PReLU | tf.prelu
elu | - | F.elu | keras.activations.elu | tf.elu
selu | - | F.selu | keras.activations.selu | tf.selu
celu | - | F.celu | keras.activations.celu | -
gelu | - | F.gelu | keras.activations.gelu | -
silu | - | F.silu | keras.activations.silu | -
mish | - | F.mish | keras.activations.mish | -
sigmoid | scipy.special.expit | torch.sigmoid | keras.activations.sigmoid | tf.sigmoid
logSigmoid | - | F.logsigmoid | keras.activations.log_sigmoid | tf.logSigmoid
softplus | - | F.softplus | keras.activations.softplus | tf.softplus
softsign | - | F.softsign | keras.activations.softsign | -
hardSigmoid | - | F.hardsigmoid | keras.activations.hard_sigmoid | -
hardSwish | - | F.hardswish | keras.activations.hard_silu | -
hardTanh | - | F.hardtanh | keras.activations.hard_tanh | -
glu | - | F.glu | keras.activations.glu | -
softmax | scipy.special.softmax | F.softmax | keras.activations.softmax | tf.softmax
logSoftmax | scipy.special.log_softmax | F.log_softmax | keras.activations.log_softmax | tf.logSoftmax
softmin | - | F.softmin | - | -
activations | - | - | keras.activations | -

# Reductions
sum | np.sum | torch.sum | keras.ops.sum | tf.sum
mean | np.mean | torch.mean | keras.ops.mean | tf.mean
variance | np.var | torch.var | keras.ops.var | tf.moments
std | np.std | torch.std | keras.ops.std | -
prod | np.prod | torch.prod | keras.ops.prod | tf.prod
max | np.max | torch.amax | keras.ops.max | tf.max
min | np.min | torch.amin | keras.ops.min | tf.min
argmax | np.argmax | torch.argmax | keras.ops.argmax | tf.argMax
argmin | np.argmin | torch.argmin | keras.ops.argmin | tf.argMin
any | np.any | torch.any | keras.ops.any | tf.any
all | np.all | torch.all | keras.ops.all | tf.all
logSumExp | scipy.special.logsumexp | torch.logsumexp | keras.ops.logsumexp | tf.logSumExp
norm | np.linalg.norm | torch.linalg.vector_norm, torch.linalg.norm | keras.ops.norm | tf.norm
standardize | - | F.layer_norm, F.batch_norm | keras.ops.batch_normalization | tf.batchNorm

# Cumulative
cumsum | np.cumsum | torch.cumsum | keras.ops.cumsum | tf.cumsum
cumprod | np.cumprod | torch.cumprod | keras.ops.cumprod | tf.cumprod
cummax | np.maximum.accumulate | torch.cummax | - | -
cummin | np.minimum.accumulate | torch.cummin | - | -
diff | np.diff | torch.diff | keras.ops.diff | -

# Order and statistics
sort | np.sort | torch.sort | keras.ops.sort | -
argsort | np.argsort | torch.argsort | keras.ops.argsort | -
topK | np.partition | torch.topk | keras.ops.top_k | tf.topk
unique | np.unique | torch.unique | - | tf.unique
searchSorted | np.searchsorted | torch.searchsorted | keras.ops.searchsorted | tf.searchSorted
bincount | np.bincount | torch.bincount | keras.ops.bincount | tf.bincount
median | np.median | torch.median | keras.ops.median | -
quantile | np.quantile | torch.quantile | keras.ops.quantile | -

# Convolutions and images
conv | - | F.conv1d, F.conv2d, F.conv3d | keras.ops.conv, keras.ops.depthwise_conv | tf.conv1d, tf.conv2d, tf.conv3d, tf.depthwiseConv2d
convTranspose | - | F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d | keras.ops.conv_transpose | tf.conv2dTranspose, tf.conv3dTranspose
maxPool | - | F.max_pool1d, F.max_pool2d, F.max_pool3d | keras.ops.max_pool | tf.maxPool, tf.maxPool3d
maxPoolWithArgmax | - | F.max_pool2d(return_indices=True) | - | tf.maxPoolWithArgmax
avgPool | - | F.avg_pool1d, F.avg_pool2d, F.avg_pool3d | keras.ops.average_pool | tf.avgPool, tf.avgPool3d
resize | - | F.interpolate | keras.ops.image.resize | tf.image.resizeBilinear, tf.image.resizeNearestNeighbor
localResponseNorm | - | F.local_response_norm | - | tf.localResponseNormalization

# Sequences
scan | - | - | keras.ops.scan | -
generate | - | - | - | -
scaledDotProductAttention | - | F.scaled_dot_product_attention | keras.ops.dot_product_attention | -

# Gradients
gradients | - | torch.autograd.grad | - | tf.grads, tf.valueAndGrads
detach | - | Tensor.detach | keras.ops.stop_gradient | -
stopGradient | - | Tensor.detach | keras.ops.stop_gradient | -
customGradient | - | torch.autograd.Function | keras.ops.custom_gradient | tf.customGrad
remat | - | torch.utils.checkpoint.checkpoint | keras.remat | -

# Random numbers
seed | np.random.seed | torch.manual_seed | keras.utils.set_random_seed | -
Generator | np.random.Generator | torch.Generator | keras.random.SeedGenerator | -
defaultGenerator | np.random.default_rng | torch.default_generator | - | -
Generator.uniform | Generator.uniform | torch.rand | keras.random.uniform | tf.randomUniform
Generator.normal | Generator.normal | torch.randn | keras.random.normal | tf.randomNormal
Generator.bernoulli | Generator.binomial | torch.bernoulli | keras.random.binomial | -
Generator.permutation | Generator.permutation | torch.randperm | keras.random.shuffle | tf.util.createShuffledIndices
truncatedNormal | scipy.stats.truncnorm | nn.init.trunc_normal_ | keras.random.truncated_normal | tf.truncatedNormal
Generator.truncatedNormal | scipy.stats.truncnorm | nn.init.trunc_normal_ | keras.random.truncated_normal | tf.truncatedNormal
categorical | Generator.choice | torch.distributions.Categorical | keras.random.categorical | tf.multinomial
multinomial | Generator.choice | torch.multinomial | keras.random.categorical | tf.multinomial
shuffle | Generator.permutation | x[torch.randperm(n)] | keras.random.shuffle | tf.util.shuffle

# Layers
Layer | - | nn.Module | keras.layers.Layer | tf.layers.Layer
Network | - | nn.Module | keras.Model | -
Sequential | - | nn.Sequential | keras.Sequential | tf.sequential
Residual | - | - | keras.layers.Add | tf.layers.add
Dense | - | nn.Linear | keras.layers.Dense | tf.layers.dense
Conv1D | - | nn.Conv1d | keras.layers.Conv1D | tf.layers.conv1d
Conv2D | - | nn.Conv2d | keras.layers.Conv2D | tf.layers.conv2d
Conv3D | - | nn.Conv3d | keras.layers.Conv3D | tf.layers.conv3d
Conv1DTranspose | - | nn.ConvTranspose1d | keras.layers.Conv1DTranspose | -
Conv2DTranspose | - | nn.ConvTranspose2d | keras.layers.Conv2DTranspose | tf.layers.conv2dTranspose
Conv3DTranspose | - | nn.ConvTranspose3d | keras.layers.Conv3DTranspose | tf.layers.conv3dTranspose
SeparableConv1D | - | - | keras.layers.SeparableConv1D | -
SeparableConv2D | - | - | keras.layers.SeparableConv2D | tf.layers.separableConv2d
UpSampling1D | - | nn.Upsample | keras.layers.UpSampling1D | -
UpSampling2D | - | nn.Upsample | keras.layers.UpSampling2D | tf.layers.upSampling2d
UpSampling3D | - | nn.Upsample | keras.layers.UpSampling3D | -
ZeroPadding1D | - | nn.ConstantPad1d | keras.layers.ZeroPadding1D | -
ZeroPadding2D | - | nn.ZeroPad2d | keras.layers.ZeroPadding2D | tf.layers.zeroPadding2d
ZeroPadding3D | - | nn.ConstantPad3d | keras.layers.ZeroPadding3D | -
Cropping1D | - | - | keras.layers.Cropping1D | -
Cropping2D | - | - | keras.layers.Cropping2D | tf.layers.cropping2D
Cropping3D | - | - | keras.layers.Cropping3D | -
MaxPool1D | - | nn.MaxPool1d | keras.layers.MaxPooling1D | tf.layers.maxPooling1d
MaxPool2D | - | nn.MaxPool2d | keras.layers.MaxPooling2D | tf.layers.maxPooling2d
MaxPool3D | - | nn.MaxPool3d | keras.layers.MaxPooling3D | tf.layers.maxPooling3d
AvgPool1D | - | nn.AvgPool1d | keras.layers.AveragePooling1D | tf.layers.averagePooling1d
AvgPool2D | - | nn.AvgPool2d | keras.layers.AveragePooling2D | tf.layers.averagePooling2d
AvgPool3D | - | nn.AvgPool3d | keras.layers.AveragePooling3D | tf.layers.averagePooling3d
GlobalMaxPool1D | - | nn.AdaptiveMaxPool1d | keras.layers.GlobalMaxPooling1D | tf.layers.globalMaxPooling1d
GlobalMaxPool2D | - | nn.AdaptiveMaxPool2d | keras.layers.GlobalMaxPooling2D | tf.layers.globalMaxPooling2d
GlobalMaxPool3D | - | nn.AdaptiveMaxPool3d | keras.layers.GlobalMaxPooling3D | -
GlobalAvgPool1D | - | nn.AdaptiveAvgPool1d | keras.layers.GlobalAveragePooling1D | tf.layers.globalAveragePooling1d
GlobalAvgPool2D | - | nn.AdaptiveAvgPool2d | keras.layers.GlobalAveragePooling2D | tf.layers.globalAveragePooling2d
GlobalAvgPool3D | - | nn.AdaptiveAvgPool3d | keras.layers.GlobalAveragePooling3D | -
BatchNorm | - | nn.BatchNorm1d, nn.BatchNorm2d | keras.layers.BatchNormalization | tf.layers.batchNormalization
LayerNorm | - | nn.LayerNorm | keras.layers.LayerNormalization | tf.layers.layerNormalization
GroupNorm | - | nn.GroupNorm | keras.layers.GroupNormalization | -
InstanceNorm | - | nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d | - | -
RMSNorm | - | nn.RMSNorm | keras.layers.RMSNormalization | -
Dropout | - | nn.Dropout | keras.layers.Dropout | tf.layers.dropout
SpatialDropout | - | nn.Dropout1d, nn.Dropout2d | keras.layers.SpatialDropout1D, keras.layers.SpatialDropout2D, keras.layers.SpatialDropout3D | tf.layers.spatialDropout1d
Flatten | - | nn.Flatten | keras.layers.Flatten | tf.layers.flatten
Reshape | - | nn.Unflatten | keras.layers.Reshape | tf.layers.reshape
Embedding | - | nn.Embedding | keras.layers.Embedding | tf.layers.embedding
PositionEmbedding | - | - | - | -
SinusoidalPositions | - | - | - | -
MultiHeadAttention | - | nn.MultiheadAttention | keras.layers.MultiHeadAttention | -
SimpleRNN | - | nn.RNN | keras.layers.SimpleRNN | tf.layers.simpleRNN
LSTM | - | nn.LSTM | keras.layers.LSTM | tf.layers.lstm
GRU | - | nn.GRU | keras.layers.GRU | tf.layers.gru
Bidirectional | - | nn.LSTM(bidirectional=True) | keras.layers.Bidirectional | tf.layers.bidirectional
TransformerBlock | - | nn.TransformerEncoderLayer | - | -
Activation | - | nn.ReLU and others | keras.layers.Activation | tf.layers.activation
PReLU | - | nn.PReLU | keras.layers.PReLU | tf.layers.prelu
initializers | - | nn.init | keras.initializers | tf.initializers
training | - | Module.train | call(training=True) | apply(training: true)
inference | - | Module.eval | call(training=False) | predict
TrainingContext | - | - | - | -

# Losses
meanSquaredError | - | F.mse_loss | keras.losses.MeanSquaredError | tf.losses.meanSquaredError
meanAbsoluteError | - | F.l1_loss | keras.losses.MeanAbsoluteError | tf.losses.absoluteDifference
meanAbsolutePercentageError | - | - | keras.losses.MeanAbsolutePercentageError | -
meanSquaredLogarithmicError | - | - | keras.losses.MeanSquaredLogarithmicError | -
huber | - | F.huber_loss | keras.losses.Huber | tf.losses.huberLoss
logCosh | - | - | keras.losses.LogCosh | -
poissonLoss | - | F.poisson_nll_loss | keras.losses.Poisson | -
softmaxCrossEntropy | - | F.cross_entropy | keras.losses.CategoricalCrossentropy(from_logits=True), keras.losses.SparseCategoricalCrossentropy(from_logits=True) | tf.losses.softmaxCrossEntropy
softmaxFocalCrossEntropy | - | - | keras.losses.CategoricalFocalCrossentropy | -
binaryCrossEntropy | - | F.binary_cross_entropy_with_logits | keras.losses.BinaryCrossentropy(from_logits=True) | tf.losses.sigmoidCrossEntropy
binaryFocalCrossEntropy | - | - | keras.losses.BinaryFocalCrossentropy | -
ctcLoss | - | F.ctc_loss | keras.losses.CTC | -
klDivergence | - | F.kl_div | keras.losses.KLDivergence | -
cosineDistance | - | F.cosine_embedding_loss | keras.losses.CosineSimilarity | tf.losses.cosineDistance
hinge | - | F.hinge_embedding_loss | keras.losses.Hinge | tf.losses.hingeLoss
squaredHinge | - | - | keras.losses.SquaredHinge | -
categoricalHinge | - | - | keras.losses.CategoricalHinge | -
tripletMargin | - | F.triplet_margin_loss | - | -
contrastive | - | - | - | -
dice | - | - | keras.losses.Dice | -
tversky | - | - | keras.losses.Tversky | -

# Optimizers
Optimizer | - | optim.Optimizer | keras.optimizers.Optimizer | tf.Optimizer
SGD | - | optim.SGD | keras.optimizers.SGD | tf.train.sgd, tf.train.momentum
Adam | - | optim.Adam | keras.optimizers.Adam | tf.train.adam
AdamW | - | optim.AdamW | keras.optimizers.AdamW | -
NAdam | - | optim.NAdam | keras.optimizers.Nadam | -
RAdam | - | optim.RAdam | - | -
RMSprop | - | optim.RMSprop | keras.optimizers.RMSprop | tf.train.rmsprop
Adagrad | - | optim.Adagrad | keras.optimizers.Adagrad | tf.train.adagrad
Lion | - | - | keras.optimizers.Lion | -
Muon | - | optim.Muon | keras.optimizers.Muon | -
Lookahead | - | - | - | -
MultiOptimizer | - | optim.Optimizer(param_groups) | - | -
Optimizer.minimize | - | loss.backward, Optimizer.step | Optimizer.apply | Optimizer.minimize
schedules | - | optim.lr_scheduler | keras.optimizers.schedules | -
WeightAverage | - | optim.swa_utils.AveragedModel | keras.callbacks.SwapEMAWeights | -
runStep | - | Tensor.copy_ | Variable.assign | Variable.assign
explainAssignments | - | - | - | -

# Metrics
Mean | - | - | keras.metrics.Mean | -
Accuracy | - | - | keras.metrics.SparseCategoricalAccuracy, keras.metrics.CategoricalAccuracy | tf.metrics.categoricalAccuracy
BinaryAccuracy | - | - | keras.metrics.BinaryAccuracy | tf.metrics.binaryAccuracy
TopKAccuracy | - | - | keras.metrics.TopKCategoricalAccuracy | -
ConfusionMatrix | - | - | - | tf.math.confusionMatrix
MeanIoU | - | - | keras.metrics.MeanIoU | -
Precision | - | - | keras.metrics.Precision | tf.metrics.precision
Recall | - | - | keras.metrics.Recall | tf.metrics.recall
F1 | - | - | keras.metrics.F1Score | -
FBeta | - | - | keras.metrics.FBetaScore | -
AveragePrecision | - | - | keras.metrics.AUC(curve='PR') | -
RocAuc | - | - | keras.metrics.AUC | -
Perplexity | - | - | - | -
SequenceAccuracy | - | - | - | -
EditDistance | - | - | - | -
LogLoss | - | - | keras.metrics.BinaryCrossentropy, keras.metrics.CategoricalCrossentropy | -
MeanSquaredError | - | - | keras.metrics.MeanSquaredError | tf.metrics.meanSquaredError
RootMeanSquaredError | - | - | keras.metrics.RootMeanSquaredError | -
MeanAbsoluteError | - | - | keras.metrics.MeanAbsoluteError | tf.metrics.meanAbsoluteError
MeanAbsolutePercentageError | - | - | keras.metrics.MeanAbsolutePercentageError | tf.metrics.meanAbsolutePercentageError
R2Score | - | - | keras.metrics.R2Score | tf.metrics.r2Score
ctcGreedyDecode | - | - | keras.ops.ctc_decode | -

# Training and files
fit | - | - | Model.fit | Model.fit
evaluate | - | - | Model.evaluate | Model.evaluate
predict | - | - | Model.predict | Model.predict
findLearningRate | - | - | - | -
earlyStopping | - | - | keras.callbacks.EarlyStopping | tf.callbacks.earlyStopping
reduceOnPlateau | - | optim.lr_scheduler.ReduceLROnPlateau | keras.callbacks.ReduceLROnPlateau | -
checkpoint | - | - | keras.callbacks.ModelCheckpoint, keras.callbacks.BackupAndRestore | -
bestModel | - | - | keras.callbacks.ModelCheckpoint(save_best_only=True) | -
timeLimit | - | - | - | -
stopOnNaN | - | - | keras.callbacks.TerminateOnNaN | -
learningRateLogger | - | - | keras.callbacks.LearningRateScheduler(verbose=1) | -
csvLog | - | - | keras.callbacks.CSVLogger | -
jsonLinesLog | - | - | - | -
diagnostics | - | - | - | -
saveModel | - | torch.save | Model.save | Model.save
loadModel | - | torch.load | keras.models.load_model | tf.loadLayersModel
saveWeights | np.savez | torch.save(model.state_dict()) | Model.save_weights | -
loadWeights | np.load | Module.load_state_dict | Model.load_weights | Model.loadWeights

# Execution
setBackend | - | Tensor.to(device) | keras.config.set_backend | tf.setBackend
backendInfo | - | torch.backends | keras.config.backend | tf.getBackend
setThreads | - | torch.set_num_threads | - | tf.wasm.setThreadsCount
bitsVersion | - | - | - | -

# Errors
NdgradError | - | RuntimeError | ValueError | Error
ShapeError | ValueError | RuntimeError | ValueError | Error
DTypeError | TypeError | RuntimeError | TypeError | Error
ValueError | ValueError | ValueError | ValueError | Error
StateError | - | RuntimeError | RuntimeError | Error
MemoryError | MemoryError | torch.OutOfMemoryError | - | Error
NonFiniteError | FloatingPointError | - | - | -
`;

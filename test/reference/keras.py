"""Model files after Keras's documented layout, written with h5py, and predictions computed with PyTorch in double precision
for the same weights. Keras itself is not needed.

    /usr/bin/python3 -B test/reference/keras.py        writes test/keras/fixtures/*.keras, *.h5 and keras.json

Sources: Keras, saving_lib.py (`.keras`: layers/<class>_<number>/vars/<position>), legacy_h5_format.py (`.h5`: a group for each
layer, with the attribute weight_names), functional.py and serialization_lib.py (configurations).
"""

import io
import json
import os
import zipfile

import h5py
import numpy as np
import torch
import torch.nn.functional as F

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'keras', 'fixtures')
rng = np.random.default_rng(7)


def draw(*shape):
    return (rng.normal(size=shape) * 0.5).astype(np.float32)


def positive(*shape):
    return rng.uniform(0.3, 1.5, size=shape).astype(np.float32)


def t(x):
    return torch.from_numpy(np.asarray(x, np.float64))


# Layers of TensorFlow, channels last.


def margins(extent, size, stride, dilation):
    """TensorFlow's padding 'same': an odd element goes to the end."""
    reach = (size - 1) * dilation + 1
    total = max((-(-extent // stride) - 1) * stride + reach - extent, 0)
    return total // 2, total - total // 2


def first(x):
    """Channels last to channels first."""
    return x.movedim(-1, 1)


def last(x):
    return x.movedim(1, -1)


def padded(x, sizes, strides, dilations, value=0.0):
    """x with channels first."""
    pads = []
    for extent, size, stride, dilation in reversed(list(zip(x.shape[2:], sizes, strides, dilations))):
        pads += margins(extent, size, stride, dilation)
    return F.pad(x, pads, value=value)


def conv(x, kernel, bias=None, stride=1, padding='valid', dilation=1, groups=1):
    n = kernel.ndim - 2
    strides, dilations = [[v] * n if isinstance(v, int) else list(v) for v in (stride, dilation)]
    x = first(x)
    if padding == 'same':
        x = padded(x, kernel.shape[:n], strides, dilations)
    if padding == 'causal':
        x = F.pad(x, ((kernel.shape[0] - 1) * dilations[0], 0))
    weight = t(kernel).permute(n + 1, n, *range(n))
    y = (F.conv1d if n == 1 else F.conv2d)(x, weight, None if bias is None else t(bias), strides, 0, dilations, groups)
    return last(y)


def depthwise(x, kernel, bias=None, **options):
    *sizes, channels, multiplier = kernel.shape
    return conv(x, kernel.reshape(*sizes, 1, channels * multiplier), bias, groups=channels, **options)


def batch_norm(x, gamma, beta, mean, variance, epsilon):
    y = (x - t(mean)) / torch.sqrt(t(variance) + epsilon)
    y = y if gamma is None else y * t(gamma)
    return y if beta is None else y + t(beta)


def max_pool(x, size, stride, padding):
    x = first(x)
    if padding == 'same':
        x = padded(x, size, stride, (1, 1), -np.inf)
    return last(F.max_pool2d(x, size, stride))


def average_pool(x, size, stride):
    """With the padding 'same': the mean of the elements of x."""
    x = first(x)
    sums = F.avg_pool2d(padded(x, size, stride, (1, 1)), size, stride)
    counts = F.avg_pool2d(padded(torch.ones_like(x), size, stride, (1, 1)), size, stride)
    return last(sums / counts)


def dense(x, kernel, bias):
    return x @ t(kernel) + t(bias)


# Keras 3


def policy(name='float32'):
    return {'module': 'keras', 'class_name': 'DTypePolicy', 'config': {'name': name}, 'registered_name': None}


def layer3(class_name, name, config, shape=None, nodes=None, dtype=None):
    entry = {
        'module': 'keras.layers',
        'class_name': class_name,
        'config': {'name': name, 'trainable': True, 'dtype': dtype or policy(), **config},
        'registered_name': None,
    }
    if shape is not None:
        entry['build_config'] = {'input_shape': shape}
    if nodes is not None:
        entry['name'] = name
        entry['inbound_nodes'] = nodes
    return entry


def initializer(class_name):
    return {'module': 'keras.initializers', 'class_name': class_name, 'config': {}, 'registered_name': None}


def weighted(activation='linear', **config):
    return {
        'activation': activation, 'use_bias': True, 'kernel_initializer': initializer('GlorotUniform'),
        'bias_initializer': initializer('Zeros'), 'kernel_regularizer': None, 'bias_regularizer': None,
        'activity_regularizer': None, 'kernel_constraint': None, 'bias_constraint': None, **config,
    }


def conv_config(filters, size, activation='linear', **config):
    n = len(size)
    return weighted(activation, **{
        'filters': filters, 'kernel_size': size, 'strides': [1] * n, 'padding': 'valid', 'data_format': 'channels_last',
        'dilation_rate': [1] * n, 'groups': 1, **config,
    })


def norm_config(**config):
    return {'axis': -1, 'momentum': 0.99, 'epsilon': 0.001, 'center': True, 'scale': True, 'gamma_regularizer': None, **config}


def pool_config(size, stride, padding):
    return {'pool_size': size, 'strides': stride, 'padding': padding, 'data_format': 'channels_last'}


def input3(name, shape):
    config = {'batch_shape': [None, *shape], 'dtype': 'float32', 'sparse': False, 'name': name}
    return {'module': 'keras.layers', 'class_name': 'InputLayer', 'config': config, 'registered_name': None}


def tensor3(layer, node=0):
    return {'class_name': '__keras_tensor__', 'config': {'shape': [None], 'dtype': 'float32', 'keras_history': [layer, node, 0]}}


def call3(*layers, as_list=False):
    tensors = [tensor3(*layer) if isinstance(layer, tuple) else tensor3(layer) for layer in layers]
    return {'args': [tensors] if as_list else tensors, 'kwargs': {}}


def model3(class_name, config):
    return {'module': 'keras', 'class_name': class_name, 'config': {'trainable': True, **config}, 'registered_name': None}


def write_keras(name, config, weights, track_order=False, compression=zipfile.ZIP_STORED, version='3.7.0'):
    """`weights`: path of the layer -> list of arrays; a path that ends with / has no group `vars` of its own."""
    data = io.BytesIO()
    with h5py.File(data, 'w', track_order=track_order) as f:
        f.create_group('vars')
        for path, arrays in weights.items():
            group = f.require_group(path) if not track_order else f.create_group(path, track_order=True)
            group = group.create_group('vars', track_order=track_order)
            for i, array in enumerate(arrays):
                group[str(i)] = array
    with zipfile.ZipFile(os.path.join(FOLDER, name), 'w', compression) as z:
        for file, content in (
            ('metadata.json', json.dumps({'keras_version': version, 'date_saved': '2025-01-01@00:00:00'})),
            ('config.json', json.dumps(config)),
            ('model.weights.h5', data.getvalue()),
        ):
            z.writestr(zipfile.ZipInfo(file, (2025, 1, 1, 0, 0, 0)), content, compression)


def sequential_keras():
    w = {
        'conv': [draw(3, 3, 3, 6), draw(6)],
        'norm': [positive(6), draw(6), draw(6), positive(6)],
        'grouped': [draw(2, 1, 3, 4), draw(4)],
        'depth': [draw(3, 3, 4, 2), draw(8)],
        'separable': [draw(2, 2, 8, 1), draw(1, 1, 8, 5), draw(5)],
        'hidden': [draw(20, 7), draw(7)],
        'plain': [draw(7), draw(7)],
        'scores': [draw(7, 3), draw(3)],
    }
    layers = [
        input3('pixels', [11, 10, 3]),
        layer3('Conv2D', 'first', conv_config(6, [3, 3], strides=[2, 2], padding='same'), [None, 11, 10, 3]),
        layer3('BatchNormalization', 'second', norm_config(), [None, 6, 5, 6]),
        layer3('ReLU', 'third', {'max_value': 6.0, 'negative_slope': 0.1, 'threshold': 0.2}),
        layer3('Conv2D', 'fourth', conv_config(4, [2, 1], 'gelu', groups=2, dilation_rate=[2, 1])),
        layer3('DepthwiseConv2D', 'fifth', weighted('leaky_relu', **{
            'kernel_size': [3, 3], 'strides': [1, 1], 'padding': 'same', 'data_format': 'channels_last',
            'dilation_rate': [1, 1], 'depth_multiplier': 2})),
        layer3('SeparableConv2D', 'sixth', conv_config(5, [2, 2], 'hard_sigmoid', depth_multiplier=1, padding='same')),
        layer3('MaxPooling2D', 'seventh', pool_config([3, 2], [1, 1], 'same')),
        layer3('AveragePooling2D', 'eighth', pool_config([3, 3], [2, 3], 'same')),
        layer3('SpatialDropout2D', 'ninth', {'rate': 0.2, 'seed': None, 'noise_shape': None, 'data_format': 'channels_last'}),
        layer3('Flatten', 'tenth', {'data_format': 'channels_last'}),
        layer3('Dense', 'eleventh', weighted('mish', units=7, kernel_regularizer={
            'module': 'keras.regularizers', 'class_name': 'L2', 'config': {'l2': 0.01}, 'registered_name': None})),
        layer3('Dropout', 'twelfth', {'rate': 0.5, 'seed': None, 'noise_shape': None}),
        layer3('BatchNormalization', 'thirteenth', norm_config(scale=False, center=False, momentum=0.9, epsilon=0.01)),
        layer3('Dense', 'fourteenth', weighted(units=3, activation={
            'module': 'builtins', 'class_name': 'function', 'config': 'softmax', 'registered_name': 'function'})),
    ]
    config = model3('Sequential', {'name': 'sequential', 'dtype': policy(), 'layers': layers, 'build_input_shape': [None, 11, 10, 3]})
    config['compile_config'] = {'optimizer': 'adam', 'loss': 'mse', 'metrics': None}
    mean, variance = draw(7), positive(7)
    weights = {
        'layers/conv2d': w['conv'], 'layers/batch_normalization': w['norm'], 'layers/re_lu': [],
        'layers/conv2d_1': w['grouped'], 'layers/depthwise_conv2d': w['depth'], 'layers/separable_conv2d': w['separable'],
        'layers/max_pooling2d': [], 'layers/average_pooling2d': [], 'layers/spatial_dropout2d': [],
        'layers/spatial_dropout2d/seed_generator': [np.array([1, 2], np.uint32)], 'layers/flatten': [],
        'layers/dense': w['hidden'], 'layers/dropout': [], 'layers/dropout/seed_generator': [np.array([3, 4], np.uint32)],
        'layers/batch_normalization_1': [mean, variance], 'layers/dense_1': w['scores'],
        'optimizer': [np.int64(5), np.float32(0.001)],
    }
    write_keras('sequential.keras', config, weights, track_order=True)
    x = draw(2, 11, 10, 3)
    y = conv(t(x), *w['conv'], stride=2, padding='same')
    y = batch_norm(y, *w['norm'], 0.001)
    y = torch.where(y > 0.2, y.clamp(max=6), 0.1 * (y - 0.2))
    y = F.gelu(conv(y, *w['grouped'], dilation=(2, 1), groups=2))
    y = F.leaky_relu(depthwise(y, *w['depth'], padding='same'), 0.2)
    y = conv(depthwise(y, w['separable'][0], padding='same'), *w['separable'][1:])
    y = (y / 6 + 0.5).clamp(0, 1)
    y = average_pool(max_pool(y, (3, 2), (1, 1), 'same'), (3, 3), (2, 3))
    y = F.mish(dense(y.reshape(2, -1), *w['hidden']))
    y = batch_norm(y, None, None, mean, variance, 0.01)
    return x, torch.softmax(dense(y, *w['scores']), -1)


def functional_keras():
    w = {
        'embed': [draw(4, 6), draw(6)], 'causal': [draw(3, 6, 6), draw(6)], 'norm': [positive(6), draw(6)],
        'shared': [draw(6, 6), draw(6)], 'inner': [draw(3, 6, 6), draw(6)], 'deep': [draw(6, 5), draw(5)],
        'deep_norm': [positive(5), draw(5), draw(5), positive(5)], 'scores': [draw(11, 2), draw(2)],
    }
    inner = model3('Sequential', {'name': 'block.a', 'layers': [
        input3('inner_input', [9, 6]),
        layer3('Conv1D', 'inner_conv', conv_config(6, [3], 'relu', padding='same')),
    ]})
    deep = model3('Functional', {
        'name': 'head', 'trainable': False,
        'layers': [
            {**input3('head_input', [None, 6]), 'name': 'head_input', 'inbound_nodes': []},
            layer3('Dense', 'head_dense', weighted('elu', units=5), nodes=[call3('head_input')]),
            layer3('BatchNormalization', 'head_norm', norm_config(), nodes=[call3('head_dense')]),
        ],
        'input_layers': [['head_input', 0, 0]], 'output_layers': [['head_norm', 0, 0]],
    })
    layers = [
        {**input3('tokens', [9, 4]), 'name': 'tokens', 'inbound_nodes': []},
        # A Dense layer on the last of three axes.
        layer3('Dense', 'embed', weighted(units=6), nodes=[call3('tokens')]),
        layer3('Conv1D', 'causal', conv_config(6, [3], 'silu', padding='causal', dilation_rate=[2]), nodes=[call3('embed')],
               dtype=policy('mixed_float16')),
        layer3('Add', 'skip', {}, nodes=[call3('embed', 'causal', as_list=True)]),
        layer3('LayerNormalization', 'norm', {'axis': -1, 'epsilon': 0.001, 'center': True, 'scale': True}, nodes=[call3('skip')]),
        layer3('Dense', 'shared', weighted('tanh', units=6), nodes=[call3('norm'), call3('causal')]),
        {**inner, 'name': 'block.a', 'inbound_nodes': [call3('norm')]},
        layer3('Subtract', 'difference', {}, nodes=[call3(('shared', 0), ('shared', 1), as_list=True)]),
        layer3('Multiply', 'product', {}, nodes=[call3('difference', 'block.a', as_list=True)]),
        {**deep, 'name': 'head', 'inbound_nodes': [call3('product')]},
        layer3('Concatenate', 'join', {'axis': -1}, nodes=[call3(('head', 1), 'skip', as_list=True)]),
        layer3('GlobalMaxPooling1D', 'pool', {'data_format': 'channels_last', 'keepdims': False}, nodes=[call3('join')]),
        layer3('Dense', 'scores', weighted(units=2), nodes=[call3('pool')]),
    ]
    config = model3('Functional', {
        'name': 'functional', 'layers': layers, 'input_layers': ['tokens', 0, 0], 'output_layers': ['scores', 0, 0]})
    weights = {
        'layers/input_layer': [], 'layers/dense': w['embed'], 'layers/conv1d': w['causal'], 'layers/add': [],
        'layers/layer_normalization': w['norm'], 'layers/dense_1': w['shared'], 'layers/sequential': [],
        'layers/sequential/layers/conv1d': w['inner'], 'layers/subtract': [], 'layers/multiply': [],
        'layers/functional': [], 'layers/functional/layers/input_layer': [],
        'layers/functional/layers/dense': w['deep'], 'layers/functional/layers/batch_normalization': w['deep_norm'],
        'layers/concatenate': [], 'layers/global_max_pooling1d': [], 'layers/dense_2': w['scores'],
    }
    write_keras('functional.keras', config, weights, compression=zipfile.ZIP_DEFLATED)
    x = draw(3, 9, 4)
    embed = dense(t(x), *w['embed'])
    causal = F.silu(conv(embed, *w['causal'], padding='causal', dilation=2))
    skip = embed + causal
    norm = F.layer_norm(skip, (6,), t(w['norm'][0]), t(w['norm'][1]), 0.001)
    shared = [torch.tanh(dense(v, *w['shared'])) for v in (norm, causal)]
    block = F.relu(conv(norm, *w['inner'], padding='same'))
    product = (shared[0] - shared[1]) * block
    head = batch_norm(F.elu(dense(product, *w['deep'])), *w['deep_norm'], 0.001)
    pooled = torch.cat([head, skip], -1).amax(1)
    return x, dense(pooled, *w['scores'])


# Keras 2


def layer2(class_name, name, config, nodes=None):
    entry = {'class_name': class_name, 'config': {'name': name, 'trainable': True, 'dtype': 'float32', **config}}
    if nodes is not None:
        entry['name'] = name
        entry['inbound_nodes'] = nodes
    return entry


def write_h5(name, config, layers, version='2.11.0', libver='earliest', **storage):
    """`layers`: name -> list of (name of the weight, array)."""
    with h5py.File(os.path.join(FOLDER, name), 'w', libver=libver) as f:
        f.attrs['keras_version'] = version.encode('utf8')
        f.attrs['backend'] = b'tensorflow'
        f.attrs['model_config'] = json.dumps(config).encode('utf8')
        f.attrs['training_config'] = json.dumps({'loss': 'mse', 'metrics': None}).encode('utf8')
        group = f.create_group('model_weights')
        group.attrs['layer_names'] = [layer.encode('utf8') for layer in layers]
        group.attrs['backend'] = b'tensorflow'
        group.attrs['keras_version'] = version.encode('utf8')
        for layer, weights in sorted(layers.items()):
            g = group.create_group(layer)
            names = [weight.encode('utf8') for weight, _ in weights]
            # Keras divides lists that are longer than 64 kB.
            if layer == 'hidden':
                g.attrs['weight_names0'], g.attrs['weight_names1'] = names[:1], names[1:]
            else:
                g.attrs['weight_names'] = names
            for weight, array in weights:
                g.create_dataset(weight, data=array, **storage)
        group.create_group('top_level_model_weights').attrs['weight_names'] = []
        optimizer = f.create_group('optimizer_weights')
        optimizer.attrs['weight_names'] = [b'Adam/iter:0']
        optimizer.create_dataset('Adam/iter:0', data=np.int64(3))


def sequential_h5():
    w = {'conv': [draw(4, 3, 5), draw(5)], 'norm': [draw(5), draw(5), positive(5)], 'up': [draw(4, 3, 2, 5), draw(2)],
         'hidden': [draw(12, 6), draw(6)]}
    config = {'class_name': 'Sequential', 'config': {'name': 'sequential_3', 'layers': [
        layer2('InputLayer', 'conv_input', {'batch_input_shape': [None, 7, 3], 'sparse': False, 'ragged': False}),
        layer2('Conv1D', 'conv', {'batch_input_shape': [None, 7, 3], **conv_config(5, [4], 'hard_sigmoid', padding='same', strides=[2])}),
        # Keras 2 writes the axis as a list.
        layer2('BatchNormalization', 'norm', norm_config(axis=[2], scale=False)),
        layer2('LeakyReLU', 'leaky', {'alpha': 0.30000001192092896}),
        layer2('Reshape', 'image', {'target_shape': [4, 1, 5]}),
        layer2('ZeroPadding2D', 'pad', {'padding': [[1, 0], [0, 2]], 'data_format': 'channels_last'}),
        layer2('Conv2DTranspose', 'up', conv_config(2, [4, 3], 'selu', strides=[2, 2], padding='same', output_padding=None)),
        layer2('AveragePooling2D', 'mean', pool_config([3, 2], [2, 1], 'valid')),
        layer2('Cropping2D', 'crop', {'cropping': [[1, 0], [1, 0]], 'data_format': 'channels_last'}),
        layer2('Permute', 'swap', {'dims': [2, 1, 3]}),
        layer2('MaxPooling2D', 'max', pool_config([2, 1], [2, 1], 'same')),
        layer2('Flatten', 'flat', {'data_format': 'channels_last'}),
        layer2('Dense', 'hidden', weighted('exponential', units=6)),
        layer2('Activation', 'act', {'activation': 'swish'}),
        layer2('Rescaling', 'scaled', {'scale': 0.5, 'offset': -1.0}),
    ]}}
    names = {'conv': ['kernel', 'bias'], 'norm': ['beta', 'moving_mean', 'moving_variance'], 'up': ['kernel', 'bias'],
             'hidden': ['kernel', 'bias']}
    layers = {layer['config']['name']: [] for layer in config['config']['layers'][1:]}
    for layer, weights in names.items():
        layers[layer] = [(f'{layer}/{weight}:0', array) for weight, array in zip(weights, w[layer])]
    write_h5('sequential.h5', config, layers)
    x = draw(2, 7, 3)
    y = (0.2 * conv(t(x), *w['conv'], stride=2, padding='same') + 0.5).clamp(0, 1)
    y = F.leaky_relu(batch_norm(y, None, *w['norm'], 0.001), 0.30000001192092896).reshape(2, 4, 1, 5)
    y = F.pad(y, (0, 0, 0, 2, 1, 0))
    kernel = t(w['up'][0]).permute(3, 2, 0, 1)
    # Of the whole result, size - stride elements are cut off, an odd one at the end.
    whole = F.conv_transpose2d(first(y), kernel, t(w['up'][1]), stride=2)
    y = F.selu(last(whole[:, :, 1:-1, :-1]))
    y = last(F.avg_pool2d(first(y), (3, 2), (2, 1)))[:, 1:, 1:]
    y = max_pool(y.permute(0, 2, 1, 3), (2, 1), (2, 1), 'same')
    y = F.silu(torch.exp(dense(y.reshape(2, -1), *w['hidden'])))
    return x, 0.5 * y - 1


def sequences_h5():
    """A `.h5` file of Keras 3, whose weights have the path of the model."""
    w = {'depth': [draw(3, 4, 2), draw(8)], 'sep': [draw(2, 8, 1), draw(1, 8, 6), draw(6)], 'group': [positive(6), draw(6)],
         'up': [draw(3, 4, 6), draw(4)], 'wide': [draw(1, 3, 4), draw(3)], 'out': [draw(3, 4), draw(4)]}
    names = {'depth': ['kernel', 'bias'], 'sep': ['depthwise_kernel', 'pointwise_kernel', 'bias'], 'group': ['gamma', 'beta']}
    one = {'data_format': 'channels_last'}
    config = {'module': 'keras', 'class_name': 'Sequential', 'registered_name': None, 'config': {'name': 'seq', 'layers': [
        input3('x', [12, 4]),
        layer3('ZeroPadding1D', 'pad', {'padding': [1, 2], **one}),
        layer3('DepthwiseConv1D', 'depth', weighted('hard_silu', **{
            'kernel_size': [3], 'strides': [1], 'padding': 'same', 'dilation_rate': [1], 'depth_multiplier': 2, **one})),
        layer3('Cropping1D', 'crop', {'cropping': [1, 1]}),
        layer3('SeparableConv1D', 'sep', conv_config(6, [2], 'relu6', strides=[2], depth_multiplier=1)),
        layer3('GroupNormalization', 'group', {'groups': 3, 'axis': -1, 'epsilon': 0.01, 'center': True, 'scale': True}),
        layer3('UpSampling1D', 'repeat', {'size': 2}),
        layer3('Conv1DTranspose', 'up', conv_config(4, [3], 'celu', strides=[2], output_padding=None)),
        layer3('AveragePooling1D', 'mean', pool_config([4], [3], 'same')),
        # Windows that do not touch each other.
        layer3('Conv1DTranspose', 'wide', conv_config(3, [1], strides=[2], output_padding=None)),
        layer3('MaxPooling1D', 'max', pool_config([2], [2], 'valid')),
        layer3('GlobalAveragePooling1D', 'pool', {'keepdims': True, **one}),
        layer3('ELU', 'elu', {'alpha': 0.5}),
        layer3('Flatten', 'flat', one),
        layer3('Dense', 'out', weighted('log_softmax', units=4)),
    ]}}
    layers = {layer['config']['name']: [] for layer in config['config']['layers'][1:]}
    for layer, arrays in w.items():
        layers[layer] = [(f'seq/{layer}/{name}', a) for name, a in zip(names.get(layer, ['kernel', 'bias']), arrays)]
    write_h5('sequences.h5', config, layers, version='3.5.0')
    x = draw(2, 12, 4)
    y = F.hardswish(depthwise(F.pad(t(x), (0, 0, 1, 2)), *w['depth'], padding='same'))[:, 1:-1]
    y = F.relu6(conv(depthwise(y, w['sep'][0], stride=2), *w['sep'][1:]))
    y = last(F.group_norm(first(y), 3, t(w['group'][0]), t(w['group'][1]), 0.01)).repeat_interleave(2, 1)
    transposed = lambda v, k, b: last(F.conv_transpose1d(first(v), t(k).permute(2, 1, 0), t(b), stride=2))
    y = F.celu(transposed(y, *w['up']))
    rows = padded(first(y), (4,), (3,), (1,))
    ones = padded(torch.ones_like(first(y)), (4,), (3,), (1,))
    y = last(F.avg_pool1d(rows, 4, 3) / F.avg_pool1d(ones, 4, 3))
    y = torch.cat([transposed(y, *w['wide']), t(w['wide'][1]).expand(2, 1, 3)], 1)
    y = last(F.max_pool1d(first(y), 2)).mean(1)
    return x, torch.log_softmax(dense(F.elu(y, 0.5), *w['out']), -1)


def functional_h5():
    w = {'stem': [draw(5, 4), draw(4)], 'a': [draw(4, 4), draw(4)], 'b': [draw(4, 4), draw(4)],
         'norm': [positive(4), draw(4), draw(4), positive(4)], 'out': [draw(8, 2)]}
    def nested(name, layers):
        return {'name': name, 'class_name': 'Sequential', 'config': {'name': name, 'layers': layers}}
    block = nested('block', [
        layer2('InputLayer', 'a_input', {'batch_input_shape': [None, 4], 'sparse': False}),
        layer2('Dense', 'a', weighted('relu', units=4)),
        layer2('BatchNormalization', 'norm', norm_config(axis=[1])),
        layer2('Dense', 'b', weighted('tanh', units=4)),
    ])
    config = {'class_name': 'Functional', 'config': {
        'name': 'model', 'trainable': True,
        'layers': [
            layer2('InputLayer', 'x', {'batch_input_shape': [None, 5], 'sparse': False}, []),
            layer2('Dense', 'stem', weighted(units=4), [[['x', 0, 0, {}]]]),
            # The first call of a model in a model has the number 1.
            {**block, 'inbound_nodes': [[['stem', 0, 0, {}]], [['skip', 0, 0, {}]]]},
            layer2('Add', 'skip', {}, [[['stem', 0, 0, {}], ['block', 1, 0, {}]]]),
            layer2('Concatenate', 'join', {'axis': -1}, [[['skip', 0, 0, {}], ['block', 2, 0, {}]]]),
            layer2('Dense', 'out', weighted(units=2, use_bias=False), [[['join', 0, 0, {}]]]),
        ],
        'input_layers': [['x', 0, 0]], 'output_layers': [['out', 0, 0]],
    }}
    # Weights of models: those that are trained, then the others. The names have suffixes that Keras has made unique.
    inner = [('a_7/kernel:0', w['a'][0]), ('a_7/bias:0', w['a'][1]), ('norm_1/gamma:0', w['norm'][0]),
             ('norm_1/beta:0', w['norm'][1]), ('b_7/kernel:0', w['b'][0]), ('b_7/bias:0', w['b'][1]),
             ('norm_1/moving_mean:0', w['norm'][2]), ('norm_1/moving_variance:0', w['norm'][3])]
    write_h5('functional.h5', config, {
        'x': [], 'stem': [('stem/kernel:0', w['stem'][0]), ('stem/bias:0', w['stem'][1])], 'block': inner, 'skip': [], 'join': [],
        'out': [('out/kernel:0', w['out'][0])]})
    x = draw(3, 5)
    def run(v):
        return torch.tanh(dense(batch_norm(F.relu(dense(v, *w['a'])), *w['norm'], 0.001), *w['b']))
    stem = dense(t(x), *w['stem'])
    skip = stem + run(stem)
    return x, torch.cat([skip, run(skip)], -1) @ t(w['out'][0])


def small_h5(name, dtype, **options):
    """One Dense layer, in a variant of the file format."""
    kernel, bias = draw(3, 2).astype(dtype), draw(2).astype(dtype)
    config = {'class_name': 'Sequential', 'config': {'name': 'small', 'layers': [
        layer2('Dense', 'dense', {'batch_input_shape': [None, 3], **weighted('sigmoid', units=2)})]}}
    write_h5(name, config, {'dense': [('dense/kernel:0', kernel), ('dense/bias:0', bias)]}, **options)
    x = draw(2, 3)
    return x, torch.sigmoid(dense(t(x), kernel, bias))


def older_keras():
    """Keras 2.13: other names of groups, and numbers that count layers with weights twice."""
    w = [[draw(3, 4), draw(4)], [draw(4, 4), draw(4)], [draw(4, 2), draw(2)]]
    config = model3('Sequential', {'name': 'sequential', 'layers': [
        {'module': 'keras.layers', 'class_name': 'InputLayer', 'registered_name': None,
         'config': {'batch_input_shape': [None, 3], 'dtype': 'float32', 'sparse': False, 'ragged': False, 'name': 'x'}},
        layer3('Dense', 'a', weighted('hard_sigmoid', units=4), [None, 3], dtype='float32'),
        layer3('Dense', 'b', weighted('tanh', units=4), [None, 4], dtype='float32'),
        layer3('Dense', 'c', weighted(units=2), [None, 4], dtype='float32'),
    ]})
    older = '_layer_checkpoint_dependencies'
    write_keras('older.keras', config, {
        f'{older}/dense': w[0], f'{older}/dense_2': w[1], f'{older}/dense_4': w[2]}, version='2.13.1')
    x = draw(2, 3)
    y = (0.2 * dense(t(x), *w[0]) + 0.5).clamp(0, 1)
    return x, dense(torch.tanh(dense(y, *w[1])), *w[2])


# Recurrent layers, as loops over Keras's definitions.


def lstm(x, kernel, recurrent, bias=0, backwards=False, gate=torch.sigmoid, act=torch.tanh):
    h = c = torch.zeros(x.shape[0], recurrent.shape[0], dtype=x.dtype)
    outputs = []
    for step in reversed(x.unbind(1)) if backwards else x.unbind(1):
        i, f, g, o = (step @ t(kernel) + h @ t(recurrent) + t(bias)).chunk(4, 1)
        c = gate(f) * c + gate(i) * act(g)
        h = gate(o) * act(c)
        outputs.append(h)
    return torch.stack(outputs, 1)


def gru(x, kernel, recurrent, bias, reset_after=True, backwards=False):
    h = torch.zeros(x.shape[0], recurrent.shape[0], dtype=x.dtype)
    rows = bias if reset_after else np.stack([bias, 0 * bias])
    outputs = []
    for step in reversed(x.unbind(1)) if backwards else x.unbind(1):
        xz, xr, xn = (step @ t(kernel) + t(rows[0])).chunk(3, 1)
        hz, hr, hn = (h @ t(recurrent) + t(rows[1])).chunk(3, 1)
        z, r = torch.sigmoid(xz + hz), torch.sigmoid(xr + hr)
        units = h.shape[1]
        inner = r * hn if reset_after else (r * h) @ t(recurrent[:, 2 * units:])
        h = z * h + (1 - z) * torch.tanh(xn + inner)
        outputs.append(h)
    return torch.stack(outputs, 1)


def simple_rnn(x, kernel, recurrent, bias, backwards=False):
    h = torch.zeros(x.shape[0], recurrent.shape[0], dtype=x.dtype)
    outputs = []
    for step in reversed(x.unbind(1)) if backwards else x.unbind(1):
        h = torch.tanh(step @ t(kernel) + h @ t(recurrent) + t(bias))
        outputs.append(h)
    return torch.stack(outputs, 1)


def recurrent_config(units, activation='tanh', **more):
    keys = ('return_state', 'go_backwards', 'stateful', 'unroll', 'zero_output_for_mask')
    return weighted(activation, **{
        'units': units, 'return_sequences': True, **{key: False for key in keys}, 'recurrent_regularizer': None,
        'recurrent_constraint': None, 'recurrent_initializer': None, 'dropout': 0.0, 'recurrent_dropout': 0.0, 'seed': None, **more})


def recurrent_keras():
    w = {
        'words': [draw(7, 4)],
        'lstm': [draw(4, 20), draw(5, 20), draw(20)],
        'there': [draw(5, 9), draw(3, 9), draw(2, 9)],
        'back': [draw(5, 9), draw(3, 9), draw(2, 9)],
        'old': [draw(6, 12), draw(4, 12), draw(12)],
        'rnn': [draw(4, 2), draw(2, 2), draw(2)],
    }
    gates = {'recurrent_activation': 'sigmoid'}
    both = recurrent_config(3, reset_after=True, **gates)
    wrapped = {
        'merge_mode': 'concat',
        'layer': layer3('GRU', 'forward_gru', both),
        'backward_layer': layer3('GRU', 'backward_gru', {**both, 'go_backwards': True}),
    }
    layers = [
        input3('tokens', [6]),
        layer3('Embedding', 'words', {'input_dim': 7, 'output_dim': 4, 'mask_zero': False, 'embeddings_regularizer': None}),
        layer3('LSTM', 'memory', recurrent_config(5, use_bias=True, unit_forget_bias=True, recurrent_activation='hard_sigmoid')),
        layer3('Bidirectional', 'both', wrapped),
        layer3('GRU', 'old', recurrent_config(4, reset_after=False, go_backwards=True, **gates)),
        layer3('SimpleRNN', 'last', recurrent_config(2, return_sequences=False)),
    ]
    config = model3('Sequential', {'name': 'recurrent', 'layers': layers})
    empty = {'layers/lstm': [], 'layers/bidirectional': [], 'layers/bidirectional/forward_layer': []}
    write_keras('recurrent.keras', config, {
        'layers/embedding': w['words'], **empty, 'layers/lstm/cell': w['lstm'],
        'layers/bidirectional/forward_layer/cell': w['there'], 'layers/bidirectional/backward_layer/cell': w['back'],
        'layers/gru/cell': w['old'], 'layers/simple_rnn/cell': w['rnn'],
    })
    x = rng.integers(0, 7, (2, 6))
    y = lstm(t(w['words'][0])[torch.from_numpy(x)], *w['lstm'], gate=lambda v: (v / 6 + 0.5).clamp(0, 1))
    y = torch.cat([gru(y, *w['there']), gru(y, *w['back'], backwards=True).flip(1)], -1)
    y = gru(y, *w['old'], reset_after=False, backwards=True)
    return x, simple_rnn(y, *w['rnn'])[:, -1]


def recurrent_h5():
    w = {'a': [draw(3, 16), draw(4, 16)], 'there': [draw(4, 3), draw(3, 3), draw(3)], 'back': [draw(4, 3), draw(3, 3), draw(3)]}
    wrapped = {'merge_mode': 'ave', 'layer': layer2('SimpleRNN', 'rnn', recurrent_config(3, return_sequences=False))}
    config = {'class_name': 'Sequential', 'config': {'name': 'sequential_1', 'layers': [
        layer2('InputLayer', 'x', {'batch_input_shape': [None, 5, 3], 'sparse': False}),
        layer2('LSTM', 'a', recurrent_config(4, 'linear', recurrent_activation='sigmoid', use_bias=False, implementation=2, time_major=False)),
        layer2('Bidirectional', 'b', wrapped),
    ]}}
    names = ('kernel', 'recurrent_kernel', 'bias')
    cell = lambda path, arrays: [(f'{path}/{name}:0', a) for name, a in zip(names, arrays)]
    write_h5('recurrent.h5', config, {
        'a': cell('a/lstm_cell_4', w['a']),
        'b': cell('b/forward_rnn/simple_rnn_cell_6', w['there']) + cell('b/backward_rnn/simple_rnn_cell_7', w['back']),
    })
    x = draw(2, 5, 3)
    y = lstm(t(x), *w['a'], act=lambda v: v)
    return x, (simple_rnn(y, *w['there'])[:, -1] + simple_rnn(y, *w['back'], backwards=True)[:, -1]) / 2


def numbers(x):
    x = np.asarray(x)
    integers = {'dtype': 'int32'} if x.dtype.kind == 'i' else {}
    return {'shape': list(x.shape), 'data': [float(v) for v in x.ravel()], **integers}


if __name__ == '__main__':
    cases = {'sequential.keras': sequential_keras, 'functional.keras': functional_keras, 'sequential.h5': sequential_h5,
             'functional.h5': functional_h5,
             'older.keras': older_keras, 'sequences.h5': sequences_h5,
             'latest.h5': lambda: small_h5('latest.h5', np.float64, libver='latest', version='3.2.1'),
             'half.h5': lambda: small_h5('half.h5', np.float16)}
    answers = {}
    for name, make in cases.items():
        x, y = make()
        answers[name] = {'input': numbers(x), 'output': numbers(y)}
    # Keras does not write it.
    small_h5('compressed.h5', np.float32, compression='gzip')
    for name, make in {'recurrent.keras': recurrent_keras, 'recurrent.h5': recurrent_h5}.items():
        x, y = make()
        answers[name] = {'input': numbers(x), 'output': numbers(y)}
    with open(os.path.join(FOLDER, 'keras.json'), 'w') as file:
        json.dump(answers, file)
        file.write('\n')

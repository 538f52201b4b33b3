"""Writes layers.json: layers of PyTorch in double precision, their values and gradients, channels last.

`layers`: the result of a layer with the given parameters, and the gradients of sum(result * weights) with
respect to its input and its parameters; `trained`, in some cases: the parameters after three steps of gradient descent
on mean(result ** 2 * weights) with the learning rate 0.1. `batchNorm`: three steps of gradient descent on sum(result * weights),
then inference.
PyTorch keeps channels second and kernels [out, in, ...sizes]; they are turned here.
"""

import numpy as np
import torch
from torch import nn

from common import Inputs, given, wanted, widen, write

inputs = Inputs(31)
torch.set_default_dtype(torch.float64)


def channels_second(x):
    return torch.movedim(x, -1, 1) if x.dim() > 2 else x


def channels_last(x):
    return torch.movedim(x, 1, -1) if x.dim() > 2 else x


def kernel_in(kernel):
    """[...sizes, in, out] to PyTorch's [out, in, ...sizes], [...sizes, out, in] to [in, out, ...sizes]."""
    spatial = kernel.dim() - 2
    return kernel.permute(spatial + 1, spatial, *range(spatial))


cases = []


def case(layer, name, args, x, function, parameters=(), options=None, activation=None, train=False):
    """function(x, **parameters) in PyTorch's layout gives the result in PyTorch's layout."""
    leaf = torch.from_numpy(widen(x)).requires_grad_()
    leaves = {key: torch.from_numpy(widen(p)).requires_grad_() for key, p in dict(parameters).items()}

    def call():
        turned = {key: kernel_in(p) if key.split('.')[-1] == 'kernel' and p.dim() > 2 or key == 'kernel' else p for key, p in leaves.items()}
        out = channels_last(function(channels_second(leaf), **turned))
        return activation(out) if activation else out

    out = call()
    weights = inputs.uniform(-2, 2, *out.shape)
    loss = (out * torch.from_numpy(widen(weights))).sum()
    grads = torch.autograd.grad(loss, [leaf, *leaves.values()])
    cases.append(
        {
            'layer': layer,
            'name': name,
            'args': [*given(args), *([options] if options else [])],
            'x': given(x),
            'parameters': {key: given(p) for key, p in dict(parameters).items()},
            'out': wanted(out.detach().numpy()),
            'weights': given(weights),
            'gradients': {
                key: wanted(np.ascontiguousarray(g.numpy()) + 0.0) for key, g in zip(['x', *leaves], grads)
            },
        }
    )
    if train:
        optimizer = torch.optim.SGD(leaves.values(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            (call() ** 2 * torch.from_numpy(widen(weights))).mean().backward()
            optimizer.step()
        cases[-1]['trained'] = {key: wanted(p.detach().numpy() + 0.0) for key, p in leaves.items()}


def convolutions():
    def add(layer, name, channels, sizes, shape, options=None, padding=0, activation=None):
        options = options or {}
        fan_in, fan_out = channels
        groups = options.get('groups', 1)
        transposed = layer.endswith('Transpose')
        last = [fan_out // groups, fan_in] if transposed else [fan_in // groups, fan_out]
        parameters = {'kernel': inputs.normal(*sizes, *last)}
        if options.get('bias', True):
            parameters['bias'] = inputs.normal(fan_out)
        f = {
            'Conv1D': nn.functional.conv1d,
            'Conv2D': nn.functional.conv2d,
            'Conv1DTranspose': nn.functional.conv_transpose1d,
            'Conv2DTranspose': nn.functional.conv_transpose2d,
        }[layer]
        more = {key: options[key] for key in ('stride', 'dilation', 'groups') if key in options}
        if 'outputPadding' in options:
            more['output_padding'] = options['outputPadding']
        function = lambda x, kernel, bias=None: f(x, kernel, bias, padding=padding, **more)
        size = sizes[0] if len(set(sizes)) == 1 else list(sizes)
        x = inputs.normal(*shape)
        case(layer, name, [fan_in, fan_out, size], x, function, parameters, options, activation)

    add('Conv1D', 'defaults', (3, 4), (3,), (2, 7, 3))
    options = dict(stride=2, padding=1, dilation=2)
    add('Conv1D', 'stride 2, padding 1, dilation 2', (2, 3), (3,), (2, 9, 2), options, 1)
    add('Conv1D', 'same', (2, 3), (3,), (2, 6, 2), dict(padding='same'), 'same')
    add('Conv2D', 'defaults', (2, 3), (3, 3), (2, 5, 6, 2))
    add('Conv2D', 'one channel, 3 x 2, no bias', (1, 4), (3, 2), (2, 5, 5, 1), dict(bias=False))
    options = dict(padding='same', activation='relu')
    add('Conv2D', 'same, relu', (3, 4), (3, 3), (1, 4, 5, 3), options, 'same', torch.relu)
    options = dict(stride=[2, 1], padding=[1, 2])
    add('Conv2D', 'strides 2 and 1, paddings 1 and 2', (2, 3), (3, 3), (1, 6, 5, 2), options, (1, 2))
    add('Conv2D', 'dilations 2 and 1', (2, 2), (2, 3), (1, 6, 5, 2), dict(dilation=[2, 1]))
    add('Conv2D', '2 groups', (4, 6), (3, 3), (1, 5, 4, 4), dict(groups=2))
    add('Conv2D', 'depthwise, stride 2', (3, 3), (3, 3), (2, 5, 5, 3), dict(groups=3, stride=2))
    add('Conv2D', '1 x 1, stride 2', (3, 5), (1, 1), (2, 4, 4, 3), dict(stride=2))
    add('Conv1DTranspose', 'stride 2', (3, 2), (3,), (2, 4, 3), dict(stride=2))
    add('Conv2DTranspose', 'defaults', (2, 3), (3, 3), (1, 3, 4, 2))
    options = dict(stride=2, padding=1, outputPadding=1)
    add('Conv2DTranspose', 'stride 2, padding 1, outputPadding 1', (3, 2), (3, 3), (2, 3, 3, 3), options, 1)
    options = dict(stride=2, groups=2, activation='relu')
    add('Conv2DTranspose', '2 groups, relu', (4, 2), (2, 2), (1, 3, 3, 4), options, 0, torch.relu)


def pooling():
    def distinct(*shape):
        """Away from ties, where the gradient of a maximum is a choice."""
        return (inputs.rng.permutation(int(np.prod(shape))).reshape(shape) / 8 - 2).astype(np.float32)

    case('MaxPool1D', 'size 2', [2], distinct(2, 7, 3), lambda x: nn.functional.max_pool1d(x, 2))
    case('MaxPool2D', 'size 2', [2], distinct(2, 5, 4, 3), lambda x: nn.functional.max_pool2d(x, 2))
    function = lambda x: nn.functional.max_pool2d(x, 3, 2, 1)
    options = dict(stride=2, padding=1)
    case('MaxPool2D', 'size 3, stride 2, padding 1', [3], distinct(1, 5, 6, 2), function, (), options)
    function = lambda x: nn.functional.avg_pool1d(x, 3, 1)
    case('AvgPool1D', 'size 3, stride 1', [3], inputs.normal(2, 6, 2), function, (), dict(stride=1))
    function = lambda x: nn.functional.avg_pool2d(x, (2, 3))
    case('AvgPool2D', 'size 2 x 3', [[2, 3]], inputs.normal(2, 4, 7, 2), function)
    function = lambda x: nn.functional.avg_pool2d(x, 3, 2, 1, count_include_pad=False)
    case('AvgPool2D', 'size 3, stride 2, padding 1', [3], inputs.normal(1, 5, 6, 2), function, (), options)
    case('GlobalAvgPool1D', 'sequences', [], inputs.normal(2, 5, 3), lambda x: x.mean(2))
    case('GlobalAvgPool2D', 'images', [], inputs.normal(2, 3, 4, 3), lambda x: x.mean((2, 3)))
    case('GlobalMaxPool1D', 'sequences', [], distinct(2, 5, 3), lambda x: x.amax(2))
    case('GlobalMaxPool2D', 'images', [], distinct(2, 3, 4, 3), lambda x: x.amax((2, 3)))


def layer_norm():
    def add(name, shape, options=None, scale=True, center=True, epsilon=1e-5):
        features = shape[-1]
        parameters = {}
        if scale:
            parameters['gamma'] = inputs.normal(features, mean=1)
        if center:
            parameters['beta'] = inputs.normal(features)

        def function(x, gamma=None, beta=None):
            y = nn.functional.layer_norm(channels_last(x), (features,), gamma, beta, epsilon)
            return channels_second(y)

        case('LayerNorm', name, [features], inputs.normal(*shape, mean=2), function, parameters, options)

    add('rows', (3, 5))
    add('images, epsilon 0.1', (2, 2, 3, 4), dict(epsilon=0.1), epsilon=0.1)
    add('without gamma', (4, 3), dict(scale=False), scale=False)
    add('without gamma and beta', (4, 6), dict(scale=False, center=False), False, False)


def group_norm():
    def add(name, groups, shape, options=None, epsilon=1e-5):
        parameters = {'gamma': inputs.normal(shape[-1], mean=1), 'beta': inputs.normal(shape[-1])}
        function = lambda x, gamma, beta: nn.functional.group_norm(x, groups, gamma, beta, epsilon)
        case('GroupNorm', name, [groups, shape[-1]], inputs.normal(*shape, mean=2), function, parameters, options)

    add('rows', 2, (3, 6))
    add('sequences, one group', 1, (2, 4, 3))
    add('images, epsilon 0.1', 3, (2, 2, 3, 6), dict(epsilon=0.1), epsilon=0.1)
    add('as many groups as channels', 4, (2, 3, 3, 4))


def batch_norm(name, shape, options, momentum=0.1, epsilon=1e-5):
    """options are ndgrad's; PyTorch's momentum is 1 - ndgrad's."""
    features, rate = shape[-1], 0.05
    kind = {2: nn.BatchNorm1d, 3: nn.BatchNorm1d, 4: nn.BatchNorm2d}[len(shape)]
    layer = kind(features, momentum=momentum, eps=epsilon)
    gamma, beta = inputs.normal(features, mean=1), inputs.normal(features)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(widen(gamma)))
        layer.bias.copy_(torch.from_numpy(widen(beta)))
    read = lambda t: wanted(t.detach().numpy().copy())
    steps = []
    for step in range(3):
        x = inputs.normal(*shape, scale=1 + step, mean=3)
        leaf = torch.from_numpy(widen(x)).requires_grad_()
        out = channels_last(layer(channels_second(leaf)))
        weights = inputs.uniform(-2, 2, *shape)
        loss = (out * torch.from_numpy(widen(weights))).sum()
        grads = torch.autograd.grad(loss, [leaf, layer.weight, layer.bias])
        with torch.no_grad():
            layer.weight -= rate * grads[1]
            layer.bias -= rate * grads[2]
        steps.append(
            {
                'x': given(x),
                'weights': given(weights),
                'out': read(out),
                'gradients': {key: read(g) for key, g in zip(('x', 'gamma', 'beta'), grads)},
                'gamma': read(layer.weight),
                'beta': read(layer.bias),
                'runningMean': read(layer.running_mean),
                'runningVariance': read(layer.running_var),
            }
        )
    layer.eval()
    x = inputs.normal(*shape, mean=3)
    leaf = torch.from_numpy(widen(x)).requires_grad_()
    out = channels_last(layer(channels_second(leaf)))
    weights = inputs.uniform(-2, 2, *shape)
    (grad,) = torch.autograd.grad((out * torch.from_numpy(widen(weights))).sum(), [leaf])
    return {
        'name': name,
        'features': features,
        'options': options,
        'learningRate': rate,
        'gamma': given(gamma),
        'beta': given(beta),
        'steps': steps,
        'inference': {'x': given(x), 'weights': given(weights), 'out': read(out), 'gradient': read(grad)},
    }


def sequences():
    """Layers of sequences [N, T, features]: nothing is moved."""

    def add(layer, name, args, x, function, parameters, options=None):
        turned = lambda x, **p: channels_second(function(channels_last(x), **p))
        case(layer, name, args, x, turned, parameters, options)

    def normal(**shapes):
        return {key.replace('_', '.'): inputs.normal(*shape, scale=0.5) for key, shape in shapes.items()}

    linear = lambda x, p, name: x @ p[f'{name}.kernel'] + p.get(f'{name}.bias', 0)
    parameters = {'kernel': inputs.normal(3, 2), 'bias': inputs.normal(2)}
    # `case` turns kernels, which Dense does not need.
    add('Dense', 'sequences', [3, 2], inputs.normal(2, 4, 3), lambda x, kernel, bias: x @ kernel.T + bias, parameters)
    rms = lambda x, gamma: x * torch.rsqrt((x * x).mean(-1, keepdim=True) + 1e-6) * gamma
    add('RMSNorm', 'sequences', [4], inputs.normal(2, 3, 4), rms, {'gamma': inputs.normal(4, mean=1)})
    add('PositionEmbedding', 'defaults', [5, 2], inputs.normal(2, 3, 2), lambda x, kernel: x + kernel.T[:3], {'kernel': inputs.normal(5, 2)})

    def positions(x):
        t = torch.arange(x.shape[1])[:, None]
        w = 10000.0 ** (-2 * torch.arange(x.shape[2] // 2) / x.shape[2])
        return x + torch.cat([torch.sin(t * w), torch.cos(t * w)], -1)

    add('SinusoidalPositions', 'defaults', [6], inputs.normal(2, 4, 6), positions, {})

    def multi_head(x, p, heads, causal=False, rotary=False, shared=1):
        split = lambda t, n: t.reshape(t.shape[0], t.shape[1], n, -1).transpose(1, 2)
        q = split(linear(x, p, 'query'), heads)
        k, v = [split(linear(x, p, name), heads // shared) for name in ('key', 'value')]
        if rotary:
            q, k = rotate(q), rotate(k)
        k, v = [t.repeat_interleave(shared, 1) for t in (k, v)]
        scores = q @ k.transpose(2, 3) / q.shape[3] ** 0.5
        if causal:
            later = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
            scores = scores.masked_fill(later, -torch.inf)
        y = (torch.softmax(scores, -1) @ v).transpose(1, 2).flatten(2)
        return linear(y, p, 'output')

    def rotate(x):
        t = torch.arange(x.shape[2])[:, None]
        half = x.shape[3] // 2
        w = 10000.0 ** (-torch.arange(half) / half)
        turn = torch.polar(torch.ones(1), t * w) * torch.complex(x[..., :half], x[..., half:])
        return torch.cat([turn.real, turn.imag], -1)

    def heads(features, inner, key=None, bias=True, prefix=''):
        sizes = {'query': (features, inner), 'key': (features, key or inner), 'value': (features, key or inner), 'output': (inner, features)}
        result = {}
        for name, size in sizes.items():
            result[f'{prefix}{name}.kernel'] = inputs.normal(*size, scale=0.5)
            if bias:
                result[f'{prefix}{name}.bias'] = inputs.normal(size[1])
        return result

    def attention(name, features, count, options=None, length=4, **more):
        options = options or {}
        inner = options.get('headFeatures', features // count) * count
        key = inner * options.get('keyValueHeads', count) // count
        parameters = heads(features, inner, key, options.get('bias', True))
        x = inputs.normal(2, length, features)
        check = nn.MultiheadAttention(features, count, batch_first=True)
        if not options:
            # Torch's own layer gives the same.
            with torch.no_grad():
                p = {key: torch.from_numpy(widen(value)) for key, value in parameters.items()}
                names = ('query', 'key', 'value')
                check.in_proj_weight.copy_(torch.cat([p[f'{n}.kernel'].T for n in names]))
                check.in_proj_bias.copy_(torch.cat([p[f'{n}.bias'] for n in names]))
                check.out_proj.weight.copy_(p['output.kernel'].T)
                check.out_proj.bias.copy_(p['output.bias'])
                t = torch.from_numpy(widen(x))
                assert torch.allclose(check(t, t, t)[0], multi_head(t, p, count))
        add('MultiHeadAttention', name, [features, count], x, lambda x, **p: multi_head(x, p, count, **more), parameters, options)

    attention('defaults', 4, 2)
    attention('causal', 4, 2, dict(causal=True), causal=True)
    attention('rotary, causal, no bias', 8, 2, dict(causal=True, rotary=True, bias=False), causal=True, rotary=True)
    attention('groups of queries', 4, 4, dict(keyValueHeads=2, headFeatures=3), shared=2)

    def block(name, order, activation, options):
        features, hidden = 4, 6
        parameters = {'norm1.gamma': inputs.normal(4, mean=1), 'norm1.beta': inputs.normal(4)}
        parameters |= heads(features, features, prefix='attention.')
        parameters |= {'norm2.gamma': inputs.normal(4, mean=1), 'norm2.beta': inputs.normal(4)}
        parameters |= {'up.kernel': inputs.normal(features, hidden), 'up.bias': inputs.normal(hidden)}
        parameters |= {'down.kernel': inputs.normal(hidden, features), 'down.bias': inputs.normal(features)}
        norm = lambda x, p, n: nn.functional.layer_norm(x, (features,), p[f'norm{n}.gamma'], p[f'norm{n}.beta'])

        def function(x, **p):
            inner = {key[10:]: value for key, value in p.items() if key.startswith('attention.')}
            attend = lambda x: multi_head(x, inner, 2, options.get('causal', False))
            dense = lambda x: linear(activation(linear(x, p, 'up')), p, 'down')
            if order == 'pre':
                x = x + attend(norm(x, p, 1))
                return x + dense(norm(x, p, 2))
            x = norm(x + attend(x), p, 1)
            return norm(x + dense(x), p, 2)

        add('TransformerBlock', name, [features, 2], inputs.normal(2, 3, features), function, parameters, {'hiddenFeatures': hidden, **options})

    block('pre, causal', 'pre', nn.functional.gelu, dict(causal=True))
    block('post, relu', 'post', torch.relu, dict(order='post', activation='relu'))


def spatial():
    """The later layers of spatial axes."""

    def add(layer, name, channels, sizes, shape, options=None, padding=0, activation=None):
        options = options or {}
        transposed = layer.endswith('Transpose')
        f = {
            'Conv1D': nn.functional.conv1d,
            'Conv3D': nn.functional.conv3d,
            'Conv3DTranspose': nn.functional.conv_transpose3d,
        }[layer]
        fan_in, fan_out = channels
        groups = options.get('groups', 1)
        last = [fan_out // groups, fan_in] if transposed else [fan_in // groups, fan_out]
        parameters = {'kernel': inputs.normal(*sizes, *last, scale=0.5), 'bias': inputs.normal(fan_out)}
        more = {key: options[key] for key in ('stride', 'dilation', 'groups') if key in options}
        if options.get('padding') == 'causal':
            reach = options.get('dilation', 1) * (sizes[0] - 1)
            function = lambda x, kernel, bias: f(nn.functional.pad(x, (reach, 0)), kernel, bias, **more)
        else:
            function = lambda x, kernel, bias: f(x, kernel, bias, padding=padding, **more)
        size = sizes[0] if len(set(sizes)) == 1 else list(sizes)
        case(layer, name, [fan_in, fan_out, size], inputs.normal(*shape), function, parameters, options, activation, True)

    add('Conv1D', 'causal', (2, 3), (3,), (2, 5, 2), dict(padding='causal'))
    options = dict(padding='causal', dilation=2, stride=2, activation='tanh')
    add('Conv1D', 'causal, dilation 2, stride 2', (2, 2), (3,), (2, 7, 2), options, 0, torch.tanh)
    add('Conv3D', 'defaults', (2, 3), (2, 2, 2), (2, 3, 4, 3, 2))
    options = dict(stride=[2, 1, 1], padding=[1, 0, 2], dilation=[1, 2, 1], activation='tanh')
    add('Conv3D', 'strides, paddings, dilations', (2, 2), (3, 2, 3), (1, 4, 5, 3, 2), options, (1, 0, 2), torch.tanh)
    add('Conv3D', 'same, 2 groups', (4, 2), (3, 3, 3), (1, 3, 2, 3, 4), dict(padding='same', groups=2), 'same')
    add('Conv3D', 'depthwise', (2, 4), (2, 2, 2), (1, 3, 2, 3, 2), dict(groups=2))
    add('Conv3DTranspose', 'stride 2', (2, 3), (2, 3, 2), (1, 2, 2, 3, 2), dict(stride=2))

    def distinct(*shape):
        return (inputs.rng.permutation(int(np.prod(shape))).reshape(shape) / 8 - 2).astype(np.float32)

    case('MaxPool3D', 'size 2', [2], distinct(2, 4, 3, 4, 2), lambda x: nn.functional.max_pool3d(x, 2))
    options = dict(stride=2, padding=1)
    function = lambda x: nn.functional.max_pool3d(x, 3, 2, 1)
    case('MaxPool3D', 'size 3, stride 2, padding 1', [3], distinct(1, 3, 4, 5, 2), function, (), options)
    function = lambda x: nn.functional.avg_pool3d(x, (1, 2, 3))
    case('AvgPool3D', 'size 1 x 2 x 3', [[1, 2, 3]], inputs.normal(1, 2, 4, 6, 2), function)
    case('GlobalAvgPool3D', 'volumes', [], inputs.normal(2, 2, 3, 2, 3), lambda x: x.mean((2, 3, 4)))
    case('GlobalMaxPool3D', 'volumes', [], distinct(2, 2, 3, 2, 3), lambda x: x.amax((2, 3, 4)))

    for spatial, shape in ((1, (2, 3, 2)), (2, (1, 2, 3, 2)), (3, (1, 2, 2, 3, 2))):
        layer, linear = f'UpSampling{spatial}D', ('linear', 'bilinear', 'trilinear')[spatial - 1]
        x = inputs.normal(*shape)
        case(layer, 'nearest', [2], x, lambda x: nn.functional.interpolate(x, scale_factor=2))
        factors = [3, 2, 1][:spatial]
        function = lambda x: nn.functional.interpolate(x, scale_factor=tuple(map(float, factors)), mode=linear, align_corners=False)
        case(layer, 'bilinear', [factors], x, function, (), dict(method='bilinear'))
        margins = [[1, 2], [0, 1], [2, 0]][:spatial]
        flat = [n for pair in reversed(margins) for n in pair]
        case(f'ZeroPadding{spatial}D', 'a margin', [1], x, lambda x: nn.functional.pad(x, [1, 1] * spatial))
        case(f'ZeroPadding{spatial}D', 'pairs', [margins], x, lambda x: nn.functional.pad(x, flat))
        x = inputs.normal(2, *[5, 4, 3][:spatial], 2)
        case(f'Cropping{spatial}D', 'a margin', [1], x, lambda x: nn.functional.pad(x, [-1, -1] * spatial))
        case(f'Cropping{spatial}D', 'pairs', [margins], x, lambda x: nn.functional.pad(x, [-n for n in flat]))

    def separable(spatial, name, channels, size, shape, options=None, padding=0, activation=None):
        options = options or {}
        f = (nn.functional.conv1d, nn.functional.conv2d)[spatial - 1]
        fan_in, fan_out = channels
        between = fan_in * options.get('depthMultiplier', 1)
        parameters = {
            'depthwise.kernel': inputs.normal(*[size] * spatial, 1, between),
            'pointwise.kernel': inputs.normal(*[1] * spatial, between, fan_out),
            'pointwise.bias': inputs.normal(fan_out),
        }
        more = {key: options[key] for key in ('stride', 'dilation') if key in options}

        def function(x, **p):
            if padding == 'causal':
                x = nn.functional.pad(x, (size - 1, 0))
            x = f(x, p['depthwise.kernel'], None, padding=0 if padding == 'causal' else padding, groups=fan_in, **more)
            return f(x, p['pointwise.kernel'], p['pointwise.bias'])

        args = [fan_in, fan_out, size]
        case(f'SeparableConv{spatial}D', name, args, inputs.normal(*shape), function, parameters, options, activation, True)

    separable(1, 'defaults', (2, 3), 3, (2, 5, 2))
    separable(1, 'causal, depthMultiplier 2', (2, 3), 2, (2, 4, 2), dict(padding='causal', depthMultiplier=2), 'causal')
    options = dict(stride=2, padding=1, depthMultiplier=2, activation='tanh')
    separable(2, 'stride 2, padding 1, depthMultiplier 2', (2, 3), 3, (2, 4, 5, 2), options, 1, torch.tanh)
    separable(2, 'same, dilation 2', (3, 2), 2, (1, 4, 3, 3), dict(padding='same', dilation=2), 'same')

    def instance_norm(name, shape, options=None, epsilon=1e-5, affine=True):
        features = shape[-1]
        parameters = {'gamma': inputs.normal(features, mean=1), 'beta': inputs.normal(features)} if affine else {}
        function = lambda x, gamma=None, beta=None: nn.functional.instance_norm(x, weight=gamma, bias=beta, eps=epsilon)
        case('InstanceNorm', name, [features], inputs.normal(*shape, mean=2), function, parameters, options, None, affine)

    instance_norm('sequences', (2, 5, 3))
    instance_norm('images, epsilon 0.1', (2, 3, 4, 2), dict(epsilon=0.1), 0.1)
    instance_norm('volumes, without gamma and beta', (1, 2, 3, 2, 2), dict(scale=False, center=False), affine=False)

    for name, shape in (('rows', (4, 3)), ('images', (2, 3, 2, 3))):
        parameters = {'alpha': inputs.uniform(0, 1, 3)}
        case('PReLU', name, [3], inputs.normal(*shape), lambda x, alpha: nn.functional.prelu(x, alpha), parameters, None, None, True)


for part in (convolutions, pooling, layer_norm):
    part()
norms = [
    batch_norm('rows', (5, 3), {}),
    batch_norm('sequences, epsilon 0.01', (3, 4, 2), {'epsilon': 0.01}, epsilon=0.01),
    batch_norm('images, momentum 0.75', (2, 3, 2, 4), {'momentum': 0.75}, momentum=0.25),
]
group_norm()
sequences()
spatial()
write('layers', {'layers': cases, 'batchNorm': norms}, depth=3)

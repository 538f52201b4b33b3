"""Writes gradients.json: gradients of sum(op(args) * weights) from PyTorch's autograd in double precision.

At a kink libraries differ, so those are written by hand: 0 for relu and abs at 0, everything to the first winner
of a tie of max and min; clip passes the gradient at its bounds, as in PyTorch.
`wrt` counts the tensors among the arguments in order of appearance.
"""

import numpy as np
import torch
import torch.nn.functional as F

from common import Inputs, f32, given, i32, boolean, wanted, widen, write
from ops_convolution import conv, conv_transpose
from ops_image import resize
from ops_pooling import avg_pool, max_pool

inputs = Inputs(4)
cases = []


def tensors_in(args):
    for x in args:
        if isinstance(x, np.ndarray):
            yield x
        elif isinstance(x, list):
            yield from tensors_in(x)


def record(op, name, args, wrt, weights, grad, options):
    case = {'op': op, 'name': name, 'args': given(args)}
    if options:
        case['options'] = given(options)
    cases.append({**case, 'wrt': wrt, 'weights': given(weights), 'grad': wanted(grad + 0.0)})


def autograd(op, name, function, args, **options):
    """Records the gradient with respect to every float32 argument."""
    leaves = []

    def lift(x):
        if isinstance(x, np.ndarray):
            leaf = (
                torch.from_numpy(widen(x)).requires_grad_() if x.dtype == np.float32 else torch.from_numpy(x)
            )
            leaves.append(leaf)
            return leaf
        return [lift(v) for v in x] if isinstance(x, list) else x

    out = function(*[lift(x) for x in args], **options)
    weights = inputs.uniform(-2, 2, *out.shape)
    wrt = [i for i, leaf in enumerate(leaves) if leaf.requires_grad]
    for i, grad in zip(
        wrt, torch.autograd.grad((out * torch.from_numpy(widen(weights))).sum(), [leaves[i] for i in wrt])
    ):
        record(op, name, args, i, weights, grad.numpy(), options)


def dims(axes, x):
    return list(range(x.dim())) if axes is None else axes


def functions():
    near_zero = f32([1e-4, -1e-4, 0.5, -3])
    for op, function, lo, hi in (
        ('exp', torch.exp, -3, 3),
        ('expm1', torch.expm1, -1, 1),
        ('log', torch.log, 0.1, 5),
        ('log1p', torch.log1p, -0.9, 5),
        ('sqrt', torch.sqrt, 0.1, 5),
        ('rsqrt', torch.rsqrt, 0.1, 5),
        ('square', torch.square, -3, 3),
        ('reciprocal', torch.reciprocal, 0.5, 3),
        ('sin', torch.sin, -4, 4),
        ('cos', torch.cos, -4, 4),
        ('tanh', torch.tanh, -3, 3),
        ('erf', torch.erf, -2, 2),
        ('sigmoid', torch.sigmoid, -5, 5),
        ('softplus', F.softplus, -5, 5),
        ('silu', F.silu, -5, 5),
        ('gelu', F.gelu, -3, 3),
        ('elu', F.elu, -3, 3),
        ('leakyRelu', F.leaky_relu, -3, 3),
        ('abs', torch.abs, -3, 3),
        ('relu', torch.relu, -3, 3),
        ('neg', torch.neg, -3, 3),
    ):
        autograd(op, 'typical values', function, [inputs.uniform(lo, hi, 2, 3)])
    for op, function in (
        ('sigmoid', torch.sigmoid),
        ('tanh', torch.tanh),
        ('softplus', F.softplus),
        ('silu', F.silu),
        ('gelu', F.gelu),
        ('elu', F.elu),
    ):
        autograd(op, 'near 0 and far away', function, [np.concatenate([near_zero, f32([15, -15, 80, -80])])])
    autograd('gelu', "approximate 'tanh'", F.gelu, [inputs.normal(6, scale=2)], approximate='tanh')
    for op, function in (
        ('floor', torch.floor),
        ('ceil', torch.ceil),
        ('round', torch.round),
        ('sign', torch.sign),
    ):
        autograd(op, 'zero everywhere', function, [inputs.normal(4, scale=2)])


def pairs():
    draw = lambda *shape: inputs.uniform(0.3, 3, *shape)
    for op, function in (
        ('add', torch.add),
        ('sub', torch.sub),
        ('mul', torch.mul),
        ('div', torch.div),
        ('pow', torch.pow),
        ('mod', torch.remainder),
        ('maximum', torch.maximum),
        ('minimum', torch.minimum),
    ):
        autograd(op, '[2, 1] with [3]', function, [draw(2, 1), draw(3)])
        autograd(op, 'scalar with [2, 2]', function, [draw(), draw(2, 2)])
    for exponent in (0, 1, 2, 3, -1, 0.5):
        autograd('pow', f'exponent {exponent}', torch.pow, [draw(4), exponent])
    autograd('pow', 'negative base, integer exponent', torch.pow, [f32([-2, -0.5, 0, 3]), 3])
    autograd('pow', 'base 0', torch.pow, [f32([0, 0, 2]), f32([2, 1, 3])])
    autograd('where', 'broadcast', torch.where, [boolean([[1], [0]]), inputs.normal(3), inputs.normal(2, 3)])
    autograd('clip', 'inside and outside', torch.clamp, [f32([-3, -0.5, 0.5, 3]), -1, 1])


def reductions():
    x = inputs.normal(2, 3, 2)
    distinct = f32([[[3, 1], [2, 5], [4, 0]], [[-1, 7], [6, -2], [8, 9]]])
    for axes, keep in ((None, False), (1, False), ([0, -1], True)):
        label = f'axes {axes}{", keepDims" if keep else ""}'
        args = lambda x: [x] if axes is None else [x, axes]
        options = {'keepDims': True} if keep else {}
        for op, function in (
            ('sum', torch.sum),
            ('mean', torch.mean),
            ('logSumExp', torch.logsumexp),
            ('max', torch.amax),
            ('min', torch.amin),
        ):
            autograd(
                op,
                label,
                lambda x, axes=None, keepDims=False: function(x, dims(axes, x), keepdim=keepDims),
                args(distinct if op in ('max', 'min') else x),
                **options,
            )
        for correction in (0, 1):
            autograd(
                'variance',
                f'{label}, correction {correction}',
                lambda x, axes=None, keepDims=False, correction=0: torch.var(
                    x, dims(axes, x), correction=correction, keepdim=keepDims
                ),
                [x, axes],
                **options,
                correction=correction,
            )
    autograd('prod', 'axis 1', lambda x, axis: torch.prod(x, axis), [x, 1])
    autograd(
        'prod',
        'with one zero and with two',
        lambda x, axis: torch.prod(x, axis),
        [f32([[2, 0, 3], [0, 4, 0], [1, 2, 3]]), 1],
    )
    for op, function in (('softmax', torch.softmax), ('logSoftmax', torch.log_softmax)):
        autograd(op, 'default axis', lambda x: function(x, -1), [inputs.normal(3, 4)])
        autograd(op, 'axis 0', function, [inputs.normal(3, 2), 0])
        autograd(
            op, 'logits of 1e4', lambda x: function(x, -1), [f32([[1e4, 9999, 0], [-1e4, -9999, -9998]])]
        )


def products():
    for a, b in (
        ((2, 3), (3, 4)),
        ((3,), (3,)),
        ((3,), (3, 2)),
        ((2, 3), (3,)),
        ((2, 1, 2, 3), (3, 3, 2)),
        ((2, 3, 2), (2,)),
        ((2,), (2, 2, 3)),
    ):
        autograd('matmul', f'{list(a)} x {list(b)}', torch.matmul, [inputs.normal(*a), inputs.normal(*b)])


def movement():
    x = inputs.normal(3, 4)
    autograd('transpose', 'axes', lambda x, axes: x.permute(axes), [inputs.normal(2, 3, 2), [1, 2, 0]])
    autograd(
        'broadcastTo',
        '[2, 1] to [3, 2, 2]',
        lambda x, shape: x.expand(shape),
        [inputs.normal(2, 1), [3, 2, 2]],
    )
    autograd('slice', 'steps', lambda x, a, b: x[a[0] : a[1] : a[2], b], [x, [0, 3, 2], 1])
    autograd('flip', 'axis 1', lambda x, axis: torch.flip(x, [axis]), [x, 1])
    autograd('concat', 'axis 1', torch.cat, [[x, inputs.normal(3, 2)], 1])
    autograd('stack', 'axis -1', torch.stack, [[x, inputs.normal(3, 4)], -1])
    autograd(
        'pad',
        'value 2',
        lambda x, widths, value: F.pad(x, [*widths[1], *widths[0]], value=value),
        [inputs.normal(2, 2), [[1, 0], [2, 1]], 2],
    )
    autograd(
        'slidingWindows',
        'stride 2',
        lambda x, sizes, axes, strides: x.unfold(axes[0], sizes[0], strides[0]),
        [inputs.normal(2, 7), [3]],
        axes=[1],
        strides=[2],
    )
    autograd('take', 'repeated rows', lambda x, indices: x[indices.long()], [x, i32([1, 1, 0, 1])])
    autograd(
        'take',
        'axis 1',
        lambda x, indices, axis: torch.index_select(x, axis, indices),
        [x, i32([3, 0, 3]), 1],
    )
    autograd(
        'scatterAdd',
        'repeated rows',
        lambda x, indices, updates: x.index_add(0, indices, updates),
        [x, i32([1, 1, 2]), inputs.normal(3, 4)],
    )


def regrouping():
    x = inputs.normal(2, 1, 6)
    autograd('reshape', 'to [4, 3]', torch.reshape, [x, [4, 3]])
    autograd('flatten', 'from axis 1', torch.flatten, [x, 1])
    autograd('expandDims', 'axis -1', torch.unsqueeze, [x, -1])
    autograd('squeeze', 'axis 1', torch.squeeze, [x, 1])
    autograd('split', 'first part of [2, 4]', lambda x, *given: torch.split(x, *given)[0], [x, [2, 4], -1])
    autograd('cast', 'to itself', lambda x, dtype: x * 1, [x, 'float32'])


def kinks():
    def by_hand(op, name, args, weights, grad, wrt=0, **options):
        record(op, f'kink: {name}', args, wrt, f32(weights), f32(grad), options)

    by_hand('relu', '0', [f32([-1, 0, 2])], [3, 4, 5], [0, 0, 5])
    by_hand('abs', '0', [f32([-1, 0, 2])], [3, 4, 5], [-3, 0, 5])
    by_hand('max', 'all axes', [f32([[1, 3], [3, 2]])], 5, [[0, 5], [0, 0]])
    by_hand('max', 'axis 1', [f32([[2, 2, 2], [1, 3, 3]]), 1], [5, 7], [[5, 0, 0], [0, 7, 0]])
    by_hand('max', 'axis 0', [f32([[2, 1], [2, 3], [0, 3]]), 0], [5, 7], [[5, 0], [0, 7], [0, 0]])
    by_hand(
        'max',
        'axes [0, 2], first in row-major order',
        [f32([[[1, 4], [2, 2]], [[4, 4], [2, 0]]]), [0, 2]],
        [5, 7],
        [[[0, 5], [7, 0]], [[0, 0], [0, 0]]],
    )
    by_hand('min', 'axis 1', [f32([[2, 2, 2], [3, 1, 1]]), 1], [5, 7], [[5, 0, 0], [0, 7, 0]])
    by_hand('min', 'all axes, keepDims', [f32([0, -1, -1]), None], [5], [0, 5, 0], keepDims=True)
    a, b = f32([1, 2, 3]), f32([1, 3, 2])
    for op, first, second in (('maximum', [3, 0, 5], [0, 4, 0]), ('minimum', [3, 4, 0], [0, 0, 5])):
        by_hand(op, 'tie goes to the first operand', [a, b], [3, 4, 5], first)
        by_hand(op, 'tie goes to the first operand', [a, b], [3, 4, 5], second, wrt=1)
    by_hand(
        'clip',
        'at a bound x passes its gradient',
        [f32([-2, -1, 0, 1, 2]), -1, 1],
        [3, 4, 5, 6, 7],
        [0, 4, 5, 6, 0],
    )


def convolutions():
    draw = inputs.normal

    def of_conv(name, x, kernel, **options):
        autograd('conv', name, conv, [x, kernel], **options)

    of_conv('one axis', draw(2, 5, 2), draw(3, 2, 2))
    of_conv('two axes, stride 2, padding 1', draw(1, 5, 4, 2), draw(3, 3, 2, 2), stride=2, padding=1)
    of_conv('three axes', draw(1, 3, 2, 3, 2), draw(2, 2, 2, 2, 2))
    of_conv('dilation 2, same', draw(1, 4, 5, 1), draw(3, 2, 1, 2), dilation=2, padding='same')
    of_conv('same, stride 2', draw(1, 5, 4, 1), draw(3, 3, 1, 2), stride=2, padding='same')
    of_conv('rows that no window reaches', draw(1, 6, 5, 1), draw(2, 1, 1, 2), stride=[4, 3])
    of_conv('padding wider than the kernel', draw(1, 3, 3, 1), draw(2, 1, 1, 2), padding=[[2, 1], [1, 3]])
    of_conv('groups', draw(2, 3, 3, 4), draw(2, 2, 2, 4), groups=2, stride=2, padding=1)
    of_conv('depthwise', draw(2, 4, 3, 3), draw(3, 2, 1, 3), groups=3, padding='same')
    of_conv('depthwise, two results for each', draw(1, 4, 4, 2), draw(2, 2, 1, 4), groups=2, stride=2, padding=1)

    def of_transposed(name, x, kernel, **options):
        autograd('convTranspose', name, conv_transpose, [x, kernel], **options)

    of_transposed('one axis', draw(2, 4, 2), draw(3, 2, 2))
    of_transposed(
        'stride 2, padding and outputPadding',
        draw(1, 3, 2, 2),
        draw(3, 3, 2, 2),
        stride=2,
        padding=1,
        outputPadding=1,
    )
    of_transposed('same, stride 2', draw(1, 2, 3, 1), draw(3, 4, 2, 1), stride=2, padding='same')
    of_transposed('padding before and after', draw(1, 4, 4, 1), draw(2, 1, 1, 1), padding=[[0, 3], [1, 0]])
    of_transposed('groups', draw(1, 3, 2, 4), draw(2, 2, 2, 4), groups=2, dilation=2)
    of_transposed('depthwise', draw(1, 3, 2, 3), draw(3, 2, 1, 3), groups=3, stride=2)
    of_transposed('depthwise, two channels for each', draw(1, 3, 2, 4), draw(2, 2, 1, 4), groups=2, padding=1)


def standardization():
    def standardize(x, axes, scale=None, shift=None, epsilon=1e-5):
        mean = x.mean(dims(axes, x), keepdim=True)
        variance = x.var(dims(axes, x), unbiased=False, keepdim=True)
        y = (x - mean) / torch.sqrt(variance + epsilon)
        return y * (1 if scale is None else scale) + (0 if shift is None else shift)

    draw = inputs.normal
    add = lambda name, args, **options: autograd('standardize', name, standardize, args, **options)
    add('all axes', [draw(2, 3), None])
    add('axis 1, epsilon 0.1', [draw(3, 4), 1, None, None], epsilon=0.1)
    add('axes [0, 1], scale and shift of each channel', [draw(3, 2, 2), [0, 1], draw(2), draw(2)])
    add('axis -1, scale and shift along it', [draw(2, 4), -1, draw(4), draw(4)])
    add('axis 0, scalar scale', [draw(4, 2), 0, draw()])


def poolings():
    for op, function in (('maxPool', max_pool), ('avgPool', avg_pool)):

        def add(name, x, size, **options):
            autograd(op, name, function, [x, size], **options)

        draw = inputs.normal
        add('2 x 2', draw(2, 4, 4, 2), 2)
        add('one axis, rows that no window reaches', draw(2, 5, 2), 2)
        add('three axes', draw(1, 4, 2, 2, 2), 2)
        add('3 x 3, stride 2', draw(1, 5, 7, 1), 3, stride=2)
        add('stride 1, same', draw(1, 4, 3, 2), [2, 3], stride=1, padding='same')
        add('same, stride 2', draw(1, 6, 5, 1), 3, stride=2, padding='same')
        add('dilation 2, padding 1', draw(1, 5, 4, 2), 2, stride=1, dilation=2, padding=1)
        add('stride wider than the window', draw(1, 5, 6, 1), [1, 2], stride=[2, 3])
        add('5 x 5, stride 1', draw(1, 6, 6, 1), 5, stride=1)
        add('5 x 5, stride 2, padding 2', draw(1, 6, 7, 1), 5, stride=2, padding=2)
    autograd('avgPool', 'counting padding', avg_pool, [draw(1, 5, 4, 1), 3], stride=2, padding=1, countPadding=True)


def pooling_kinks():
    def by_hand(name, x, size, weights, grad, **options):
        args = [f32(x).reshape(1, -1, 1) if np.ndim(x) == 1 else f32(x).reshape(1, *np.shape(x), 1), size]
        weights, grad = (
            f32(t).reshape(1, -1, 1) if np.ndim(t) == 1 else f32(t).reshape(1, *np.shape(t), 1)
            for t in (weights, grad)
        )
        record('maxPool', f'kink: {name}', args, 0, weights, grad, options)

    by_hand('one axis', [2, 2, 1, 1, 0, 3], 2, [5, 7, 9], [5, 0, 7, 0, 0, 9])
    by_hand('first in row-major order', [[0, 4], [4, 0]], 2, [[5]], [[0, 5], [0, 0]])
    by_hand('overlapping', [1, 2, 2, 2, 1], 3, [5, 7, 9], [0, 12, 9, 0, 0], stride=1)
    by_hand('-Infinity beside padding', [-np.inf, -np.inf, 1], 2, [5, 7, 9, 3], [12, 0, 12], stride=1, padding=1)
    by_hand('NaN is the first winner', [1, np.nan, np.nan, 2], 4, [5], [0, 5, 0, 0])
    by_hand('0 and -0', [-0.0, 0, 0, -0.0], 2, [5, 7], [5, 0, 7, 0])
    by_hand('large windows', [2] * 20, 18, [5, 7, 9], [5, 7, 9] + [0] * 17, stride=1)


def more_activations():
    for op, function in (
        ('relu6', F.relu6),
        ('hardTanh', F.hardtanh),
        # F.hardsigmoid has 1 / 6 in float32.
        ('hardSigmoid', lambda x: torch.clamp(x + 3, 0, 6) / 6),
        ('hardSwish', F.hardswish),
        ('logSigmoid', F.logsigmoid),
        ('mish', F.mish),
        ('selu', F.selu),
        ('celu', F.celu),
    ):
        autograd(op, 'typical values', function, [inputs.uniform(-8, 8, 3, 4)])
    for op, function in (('logSigmoid', F.logsigmoid), ('mish', F.mish), ('selu', F.selu), ('celu', F.celu)):
        autograd(op, 'near 0 and far away', function, [f32([1e-4, -1e-4, 0.5, -3, 15, -15, 80, -80])])
    autograd('celu', 'alpha 0.5', F.celu, [inputs.normal(6, scale=2), 0.5])
    autograd('softmin', 'axis 0', lambda x, axis: F.softmin(x, axis), [inputs.normal(3, 4), 0])
    autograd('glu', 'axis -1', lambda x: F.glu(x), [inputs.normal(3, 4)])
    autograd('glu', 'axis 0', F.glu, [inputs.normal(4, 3), 0])


def orders():
    global inputs
    inputs = Inputs(31)
    draw = inputs.normal

    def cumulative(op, function):
        def call(x, axis, exclusive=False, reverse=False):
            y = function(torch.flip(x, [axis]) if reverse else x, axis)
            if exclusive:
                start = torch.full_like(y.narrow(axis, 0, 1), 1 if op == 'cumprod' else 0)
                y = torch.cat([start, y.narrow(axis, 0, y.shape[axis] - 1)], axis)
            return torch.flip(y, [axis]) if reverse else y

        autograd(op, 'axis 1', call, [draw(2, 5), 1])
        autograd(op, 'axis 0', call, [draw(6, 2), 0])
        autograd(op, 'reverse', call, [draw(2, 5), 1], reverse=True)
        if op in ('cumsum', 'cumprod'):
            autograd(op, 'exclusive', call, [draw(2, 5), 1], exclusive=True)
            autograd(op, 'zeros', call, [f32([[2, 0, 3, 4], [1, 0, 3, 0], [0, 0, 0, 2]]), 1])

    cumulative('cumsum', torch.cumsum)
    cumulative('cumprod', torch.cumprod)
    cumulative('cummax', lambda x, axis: torch.cummax(x, axis).values)
    cumulative('cummin', lambda x, axis: torch.cummin(x, axis).values)
    autograd('diff', 'twice', lambda x, n: torch.diff(x, n), [draw(2, 5), 2])
    def einsum(equation, *operands):
        return torch.einsum(equation, *operands)

    for equation, *shapes in (
        ('ij,jk->ki', (2, 3), (3, 4)),
        ('bij,bjk->ibk', (2, 2, 3), (2, 3, 2)),
        ('ii->i', (3, 3)),
        ('ij,jk,kl,i->l', (2, 3), (3, 2), (2, 3), (2,)),
        ('...i,i->...', (2, 2, 3), (3,)),
    ):
        autograd('einsum', equation, einsum, [equation, *(draw(*shape) for shape in shapes)])
    autograd('tensordot', 'lists', torch.tensordot, [draw(2, 3, 4), draw(4, 5, 2), [[2, 0], [0, 2]]])
    autograd('outer', 'vectors', torch.outer, [draw(3), draw(2)])
    autograd('trace', 'square', torch.trace, [draw(3, 3)])
    autograd(
        'takeAlongAxis',
        'repeated',
        lambda x, indices, axis: torch.gather(x, axis, indices.long()),
        [draw(3, 4), i32([[0, 3, 0], [1, 1, 2], [2, 0, 2]]), 1],
    )
    torch_modes = {'add': 'sum', 'max': 'amax', 'min': 'amin'}
    for mode in torch_modes:
        autograd(
            'putAlongAxis',
            mode,
            lambda x, indices, values, axis, mode: x.scatter_reduce(axis, indices.long(), values, torch_modes[mode]),
            [draw(3, 4), i32([[0, 3, 0], [1, 1, 2], [2, 0, 2]]), draw(3, 3), 1],
            mode=mode,
        )
    autograd(
        'putAlongAxis',
        'set',
        lambda x, indices, values, axis: x.scatter(axis, indices.long(), values),
        [draw(3, 4), i32([[0, 3], [1, 0], [2, 0]]), draw(3, 2), 1],
    )
    autograd(
        'gatherND',
        'repeated',
        lambda x, points: x[points[:, 0].long(), points[:, 1].long()],
        [draw(3, 4, 2), i32([[0, 1], [2, 3], [0, 1]])],
    )
    autograd(
        'scatterND',
        'set',
        lambda x, points, values: x.index_put((points[:, 0].long(), points[:, 1].long()), values),
        [draw(3, 4, 2), i32([[0, 1], [2, 3]]), draw(2, 2)],
    )
    autograd(
        'booleanMask',
        'elements',
        lambda x, mask, size: F.pad(x[mask], [0, size - int(mask.sum())]),
        [draw(2, 3), boolean([[1, 0, 1], [0, 1, 0]])],
        size=5,
    )
    autograd('sort', 'axis 1', lambda x, axis: torch.sort(x, axis).values, [draw(2, 5), 1])
    autograd('topK', 'smallest', lambda x, k, axis, largest: torch.topk(x, k, axis, largest).values, [draw(5, 2), 2], axis=0, largest=False)
    autograd('median', 'an odd number', lambda x, axis: torch.median(x, axis).values, [draw(3, 5), 1])
    autograd('quantile', 'linear', lambda x, q, axis: torch.quantile(x, q, axis), [draw(3, 4), 0.3, 1])
    autograd('bincount', 'weights', lambda x, size, w: torch.zeros(size, dtype=w.dtype).index_add(0, x, w), [i32([1, 3, 1, 0]), 4, draw(4)])
    autograd('std', 'axis 1', lambda x, axis: torch.std(x, axis, unbiased=False), [draw(3, 4), 1])
    for order in (2, 1, 3):
        autograd('norm', f'order {order}', lambda x, order, axis: torch.linalg.vector_norm(x, order, axis), [draw(3, 4), order, 1])
    record('norm', 'kink: 0', [f32([[0, 0], [3, 4]]), 2, 1], 0, f32([5, 10]), f32([[0, 0], [6, 8]]), {})
    record('std', 'kink: equal elements', [f32([[2, 2], [0, 2]]), 1], 0, f32([5, 10]), f32([[0, 0], [-5, 5]]), {})
    autograd('squaredDifference', 'broadcast', lambda a, b: (a - b) ** 2, [draw(2, 3), draw(3)])
    autograd('nanToNum', 'special values', torch.nan_to_num, [f32([1, np.nan, np.inf, -np.inf, 2])])
    autograd('diff', 'axis 0', lambda x, n, axis: torch.diff(x, n, axis), [draw(4, 3), 1, 0])
def rearrangements():
    x = inputs.normal(3, 4)
    autograd('tile', '[2, 3]', lambda x, r: torch.tile(x, r), [x, [2, 3]])
    autograd('repeat', 'axis 1', lambda x, n, axis: torch.repeat_interleave(x, n, axis), [x, 2, 1])
    autograd(
        'repeat',
        'one for each row',
        lambda x, n, axis: torch.repeat_interleave(x, torch.tensor(n), axis),
        [x, [2, 0, 3], 0],
    )
    autograd('roll', 'axis 1', lambda x, n, axis: torch.roll(x, n, axis), [x, 3, 1])
    autograd('roll', 'as if flattened', torch.roll, [x, -5])
    autograd('tril', 'k -1', torch.tril, [x, -1])
    autograd('triu', 'k 1', torch.triu, [x, 1])
    autograd('diag', 'of a matrix, k 1', torch.diag, [x, 1])
    autograd('diag', 'of a vector, k -1', torch.diag, [inputs.normal(3), -1])
    autograd(
        'meshgrid',
        'first of two, ij',
        lambda x, indexing: (lambda a, b: a + 0 * b)(*torch.meshgrid(*x, indexing=indexing)),
        [[inputs.normal(2), inputs.normal(3)]],
        indexing='ij',
    )
    autograd('unstack', 'first row', lambda x: torch.unbind(x)[0], [x])
    # PyTorch pads the last two axes of images.
    image = inputs.normal(1, 4, 5)
    for mode, theirs in (('reflect', 'reflect'), ('edge', 'replicate')):
        autograd(
            'pad',
            mode,
            lambda x, widths, _: F.pad(x, [n for pair in widths[:0:-1] for n in pair], mode=theirs),
            [image, [[0, 0], [2, 1], [0, 3]], mode],
        )
    # Its pixel_shuffle has channels first; with one channel of the result the orders agree.
    autograd(
        'depthToSpace',
        '2',
        lambda x, b: F.pixel_shuffle(x.permute(0, 3, 1, 2), b).permute(0, 2, 3, 1),
        [inputs.normal(1, 2, 2, 4), 2],
    )
    autograd(
        'spaceToDepth',
        '2',
        lambda x, b: F.pixel_unshuffle(x.permute(0, 3, 1, 2), b).permute(0, 2, 3, 1),
        [inputs.normal(1, 4, 2, 1), 2],
    )


def more_functions():
    for op, function, lo, hi in (
        ('tan', torch.tan, -1.3, 1.3),
        ('asin', torch.asin, -0.9, 0.9),
        ('acos', torch.acos, -0.9, 0.9),
        ('atan', torch.atan, -4, 4),
        ('sinh', torch.sinh, -3, 3),
        ('cosh', torch.cosh, -3, 3),
        ('asinh', torch.asinh, -4, 4),
        ('acosh', torch.acosh, 1.2, 5),
        ('atanh', torch.atanh, -0.9, 0.9),
        ('erfinv', torch.erfinv, -0.9, 0.9),
    ):
        autograd(op, 'typical values', function, [inputs.uniform(lo, hi, 2, 3)])
    autograd('atan2', '[2, 1] with [3]', torch.atan2, [inputs.normal(2, 1), inputs.normal(3)])
    autograd(
        'prelu',
        'a slope for each channel',
        lambda x, alpha: F.prelu(x, alpha),
        [inputs.normal(4, 3), inputs.normal(3)],
    )


def images():
    draw = inputs.normal
    autograd('resize', 'larger', resize, [draw(1, 2, 3, 2), [5, 4]])
    autograd('resize', 'smaller, corners', resize, [draw(1, 5, 4, 1), [2, 3]], alignment='corners')
    autograd('resize', 'nearest', resize, [draw(1, 3, 3, 1), [2, 5]], method='nearest')
    autograd('resize', 'antialias', resize, [draw(1, 6, 5, 2), [2, 3]], antialias=True)
    autograd('maxPoolWithArgmax', '2 x 2', max_pool, [draw(1, 4, 4, 2), 2])
    autograd(
        'localResponseNorm',
        'size 3',
        lambda x, size, **options: F.local_response_norm(x.permute(0, 2, 1), size, **options).permute(0, 2, 1),
        [draw(2, 2, 5), 3],
        alpha=0.5,
    )


for part in (
    functions,
    pairs,
    reductions,
    products,
    movement,
    kinks,
    regrouping,
    convolutions,
    standardization,
    poolings,
    pooling_kinks,
    more_activations,
    orders,
    rearrangements,
    more_functions,
    images,
):
    part()
write('gradients', cases, depth=1)

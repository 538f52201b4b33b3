"""Max and average pooling, channels last."""

import numpy as np
import torch
import torch.nn.functional as F

from common import INF, NAN, boolean, f32, operations
from ops_convolution import channels_first, channels_last, each, flat, pairs, same


def laid_out(x, size, stride, padding, dilation):
    axes = x.dim() - 2
    size, dilation = each(size, axes), each(dilation, axes)
    stride = size if stride is None else each(stride, axes)
    margins = same(x.shape[1:-1], size, stride, dilation) if padding == 'same' else pairs(padding, axes)
    # As PyTorch has it, where it has it.
    known = isinstance(padding, int) and all(2 * padding <= k for k in size)
    return axes, size, stride, dilation, margins, known


def max_pool(x, size, stride=None, padding='valid', dilation=1):
    axes, size, stride, dilation, margins, known = laid_out(x, size, stride, padding, dilation)
    function = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[axes - 1]
    padded = F.pad(channels_first(x), flat(margins), value=-INF)
    y = channels_last(function(padded, size, stride, dilation=dilation))
    if known:
        by_torch = channels_last(function(channels_first(x), size, stride, padding, dilation))
        assert torch.allclose(y, by_torch, rtol=0, atol=0, equal_nan=True)
    return y


def avg_pool(x, size, stride=None, padding='valid', dilation=1, countPadding=False):
    axes, size, stride, dilation, margins, known = laid_out(x, size, stride, padding, dilation)

    def sums(t):
        for axis, (k, s, d) in enumerate(zip(size, stride, dilation), 2):
            t = t.unfold(axis, (k - 1) * d + 1, s)[..., ::d].sum(-1)
        return t

    first = channels_first(x)
    padded = F.pad(first, flat(margins))
    ones = torch.ones_like(padded) if countPadding else F.pad(torch.ones_like(first), flat(margins))
    y = channels_last(sums(padded) / sums(ones))
    if known and set(dilation) == {1}:
        function = (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)[axes - 1]
        by_torch = function(first, size, stride, padding, count_include_pad=countPadding)
        assert torch.allclose(y, channels_last(by_torch), rtol=1e-12, atol=1e-12, equal_nan=True)
    return y


def adder(cases, function):
    def add(name, x, size, **options):
        # PyTorch 1.13 fails without samples.
        some = x if len(x) > 0 else np.zeros((1, *x.shape[1:]))
        out = function(torch.from_numpy(np.asarray(some, np.float64)), size, **options).numpy()[: len(x)]
        dtype = np.float64 if cases.operation == 'avgPool' or x.dtype == np.float32 else x.dtype
        cases.add(name, [x, size], out.astype(dtype), options or None)

    return add


def any_pool(cases, add):
    draw = cases.inputs.normal
    add('2 x 2', draw(2, 4, 6, 3), 2)
    add('one axis', draw(2, 6, 3), 3)
    add('three axes', draw(1, 4, 3, 2, 2), [2, 3, 2])
    add('rows that no window reaches', draw(1, 5, 7, 2), 2)
    add('channels in fours and more', draw(1, 4, 4, 19), 2)
    add('overlapping', draw(1, 5, 7, 2), 3, stride=2)
    add('stride 1', draw(1, 4, 5, 2), [2, 3], stride=1)
    add('stride wider than the window', draw(1, 7, 8, 2), 2, stride=3)
    add('a stride for each axis', draw(1, 5, 6, 1), 2, stride=[1, 3])
    add('same', draw(1, 5, 4, 2), 2, padding='same')
    add('same, stride 1', draw(1, 4, 3, 2), 3, stride=1, padding='same')
    add('same, 3 x 3, stride 2', draw(1, 6, 5, 2), 3, stride=2, padding='same')
    add('padding 1', draw(1, 5, 4, 2), 3, stride=2, padding=1)
    add('padding before and after', draw(1, 4, 5, 1), 3, padding=[[1, 0], [0, 2]])
    add('dilation 2', draw(1, 5, 6, 2), 2, dilation=2)
    add('dilation and padding', draw(1, 5, 6, 2), [2, 3], stride=[2, 1], dilation=[3, 2], padding=[1, 2])
    add('1 x 1, stride 2', draw(1, 5, 4, 2), 1, stride=2)
    add('the whole image', draw(2, 5, 6, 3), [5, 6])
    add('5 x 5, stride 1', draw(1, 6, 7, 2), 5, stride=1)
    add('5 x 5, same', draw(1, 7, 6, 2), 5, stride=2, padding='same')
    add('no samples', draw(0, 4, 4, 2), 2)
    add('int32', cases.inputs.integers(-9, 9, 1, 5, 4, 2), 2, stride=1, padding=1)
    add('uint8', cases.inputs.integers(0, 256, 1, 4, 4, 2, dtype=np.uint8), 2)
    add('bool', boolean([[[1], [0], [0], [0], [1]]]), 2, stride=1)
    x = f32([[1, NAN, 2, 3, INF, -INF, -INF, -INF, -INF, 4]]).reshape(1, 10, 1)
    add('special values', x, 2)
    add('special values, overlapping', x, 3, stride=1, padding='same')


@operations('maxPool')
def max_pools(cases):
    any_pool(cases, adder(cases, max_pool))


@operations('avgPool')
def avg_pools(cases):
    add = adder(cases, avg_pool)
    any_pool(cases, add)
    draw = cases.inputs.normal
    add('counting padding', draw(1, 5, 4, 2), 3, stride=2, padding=1, countPadding=True)
    add('counting padding, same', draw(1, 5, 4, 2), 2, padding='same', countPadding=True)
    add('counting padding, 5 x 5', draw(1, 6, 6, 1), 5, stride=1, padding=2, countPadding=True)

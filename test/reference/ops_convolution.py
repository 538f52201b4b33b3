"""Convolutions and transposed convolutions, channels last."""

import warnings

import numpy as np
import torch
import torch.nn.functional as F

from common import INF, NAN, f32, operations, widen


def each(given, axes):
    return [given] * axes if isinstance(given, int) else given


def channels_first(x):
    return x.movedim(-1, 1).contiguous()


def channels_last(y):
    return y.movedim(1, -1)


def weight(kernel):
    """[...sizes, I, O] as PyTorch has it, [O, I, ...sizes]; [...sizes, O, I] of a transposed one as [I, O, ...sizes]."""
    return kernel.movedim((-1, -2), (0, 1))


def same(sizes, kernel, stride, dilation):
    """TensorFlow's rule: one window for each `stride` elements, an odd zero at the end."""
    margins = []
    for n, k, s, d in zip(sizes, kernel, stride, dilation):
        total = max(((n + s - 1) // s - 1) * s + (k - 1) * d + 1 - n, 0)
        margins.append((total // 2, total - total // 2))
    return margins


def pairs(padding, axes):
    return [(0, 0)] * axes if padding == 'valid' else [(m, m) if isinstance(m, int) else m for m in each(padding, axes)]


def flat(margins):
    """As F.pad wants them, the last axis first."""
    return [width for pair in reversed(margins) for width in pair]


def conv(x, kernel, stride=1, padding='valid', dilation=1, groups=1):
    axes = x.dim() - 2
    stride, dilation = each(stride, axes), each(dilation, axes)
    sizes = kernel.shape[:axes]
    margins = same(x.shape[1:-1], sizes, stride, dilation) if padding == 'same' else pairs(padding, axes)
    function = (F.conv1d, F.conv2d, F.conv3d)[axes - 1]
    padded = F.pad(channels_first(x), flat(margins))
    y = channels_last(function(padded, weight(kernel), stride=stride, dilation=dilation, groups=groups))
    if padding == 'same' and set(stride) == {1}:
        with warnings.catch_warnings():
            # That an even kernel costs it a copy.
            warnings.simplefilter('ignore', UserWarning)
            by_torch = function(channels_first(x), weight(kernel), padding='same', dilation=dilation, groups=groups)
        assert torch.equal(y, channels_last(by_torch))
    return y


def conv_transpose(x, kernel, stride=1, padding='valid', dilation=1, groups=1, outputPadding=0):
    axes = x.dim() - 2
    stride, dilation, extra = each(stride, axes), each(dilation, axes), each(outputPadding, axes)
    function = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[axes - 1]
    options = {'stride': stride, 'dilation': dilation, 'groups': groups}
    if isinstance(padding, int):
        options = {**options, 'padding': padding, 'output_padding': extra}
        return channels_last(function(channels_first(x), weight(kernel), **options))
    y = function(channels_first(x), weight(kernel), **options)
    if padding == 'same':
        # The convolution of an image of these sizes has x's.
        wanted = [n * s for n, s in zip(x.shape[1:-1], stride)]
        margins = same(wanted, kernel.shape[:axes], stride, dilation)
        crop = [(-before, n - size + before) for (before, _), n, size in zip(margins, wanted, y.shape[2:])]
    else:
        crop = [(-before, more - after) for (before, after), more in zip(pairs(padding, axes), extra)]
    return channels_last(F.pad(y, flat(crop)))


def adder(cases, function):
    def add(name, x, kernel, **options):
        # PyTorch 1.13 fails without samples.
        some = x if len(x) > 0 else np.zeros((1, *x.shape[1:]))
        out = function(torch.from_numpy(widen(some)), torch.from_numpy(widen(kernel)), **options)
        cases.add(name, [x, kernel], out.numpy()[: len(x)] + 0.0, options or None)

    return add


@operations('conv')
def convolutions(cases):
    add = adder(cases, conv)
    draw = cases.inputs.normal
    add('one axis', draw(2, 5, 3), draw(3, 3, 2))
    add('one axis, stride 2, padding 1', draw(2, 6, 2), draw(3, 2, 3), stride=2, padding=1)
    add('one axis, dilation 2, same', draw(1, 6, 2), draw(3, 2, 2), dilation=2, padding='same')
    add('two axes', draw(2, 4, 5, 2), draw(2, 3, 2, 3))
    add('three axes, stride 2, padding 1', draw(1, 3, 4, 3, 2), draw(2, 3, 2, 2, 2), stride=2, padding=1)
    add('kernel 1 x 1', draw(1, 3, 2, 3), draw(1, 1, 3, 4))
    add('kernel 1 x 1, stride 2', draw(1, 5, 4, 3), draw(1, 1, 3, 2), stride=2)
    add('same', draw(1, 4, 3, 2), draw(3, 3, 2, 2), padding='same')
    add('same, even kernel', draw(1, 4, 3, 2), draw(2, 4, 2, 2), padding='same')
    add('same, stride 2', draw(1, 5, 6, 2), draw(3, 3, 2, 2), stride=2, padding='same')
    add('same, stride wider than the kernel', draw(1, 7, 8, 1), draw(2, 2, 1, 2), stride=3, padding='same')
    add('a stride for each axis', draw(1, 5, 6, 1), draw(2, 2, 1, 2), stride=[1, 3])
    add('padding for each axis', draw(1, 3, 4, 1), draw(2, 3, 1, 2), padding=[0, 2])
    add('padding before and after', draw(1, 3, 4, 1), draw(2, 3, 1, 2), padding=[[1, 0], [0, 2]])
    add('padding wider than the kernel', draw(1, 3, 2, 2), draw(2, 1, 2, 2), padding=[2, [1, 3]], stride=2)
    add('a dilation for each axis', draw(1, 5, 4, 2), draw(3, 2, 2, 2), dilation=[2, 3])
    add('rows that no window reaches', draw(1, 6, 7, 1), draw(2, 3, 1, 2), stride=3)
    add('groups', draw(2, 4, 3, 4), draw(2, 2, 2, 6), groups=2)
    add('groups, stride 2, same', draw(1, 5, 4, 6), draw(3, 3, 2, 3), groups=3, stride=2, padding='same')
    add('depthwise', draw(2, 4, 4, 3), draw(3, 3, 1, 3), groups=3, padding=1)
    add('depthwise, two results for each', draw(1, 5, 4, 3), draw(3, 2, 1, 6), groups=3, padding=1, stride=2)
    add('depthwise, dilation 2', draw(1, 6, 5, 2), draw(2, 3, 1, 4), groups=2, dilation=2, padding='same')
    add('one filter', draw(2, 4, 4, 2), draw(3, 3, 2, 1), padding=1)
    add('one place', draw(1, 2, 3, 2), draw(2, 3, 2, 3))
    add('280 products', draw(2, 5, 70, scale=0.3), draw(4, 70, 2))
    add('no samples', draw(0, 4, 4, 2), draw(3, 3, 2, 3), padding='same')
    x = f32([[[1], [NAN], [2], [3], [INF], [1], [-1], [-INF], [4]]])
    add('special values', x, f32([[[1, -1]], [[2, 0.5]]]))
    add('special values, depthwise', np.concatenate([x, x[:, ::-1]], 2), f32([[[1, -1]], [[2, 0]]]), groups=2)


@operations('convTranspose')
def transposed(cases):
    add = adder(cases, conv_transpose)
    draw = cases.inputs.normal
    add('one axis', draw(2, 4, 3), draw(3, 2, 3))
    add('two axes', draw(1, 2, 3, 2), draw(2, 3, 3, 2))
    add('three axes, stride 2, padding 1', draw(1, 2, 3, 2, 2), draw(3, 2, 3, 2, 2), stride=2, padding=1)
    add('stride 2', draw(1, 3, 2, 2), draw(3, 2, 2, 2), stride=2)
    add('padding and outputPadding', draw(1, 3, 3, 2), draw(3, 3, 2, 2), stride=2, padding=1, outputPadding=1)
    add('outputPadding for each axis', draw(1, 2, 3, 1), draw(2, 2, 2, 1), stride=[3, 1], outputPadding=[2, 0])
    add('outputPadding below the dilation', draw(1, 3, 2, 1), draw(2, 3, 2, 1), dilation=3, outputPadding=2)
    add('same', draw(1, 3, 4, 2), draw(3, 2, 2, 2), padding='same')
    add('same, stride 2', draw(1, 3, 2, 2), draw(3, 4, 2, 2), stride=2, padding='same')
    add('same, stride wider than the kernel', draw(1, 2, 3, 1), draw(2, 1, 2, 1), stride=3, padding='same')
    add('stride wider than the kernel', draw(1, 2, 3, 2), draw(1, 2, 2, 2), stride=3)
    add('padding before and after', draw(1, 3, 3, 1), draw(3, 3, 2, 1), stride=2, padding=[[0, 2], [1, 0]])
    add('padding wider than the kernel', draw(1, 4, 5, 1), draw(1, 2, 2, 1), padding=[1, 2])
    add('dilation 2', draw(1, 3, 2, 2), draw(2, 3, 2, 2), dilation=2, padding=1)
    add('kernel 1 x 1', draw(1, 3, 2, 3), draw(1, 1, 2, 3))
    add('groups', draw(1, 3, 3, 4), draw(2, 2, 2, 4), groups=2, stride=2, padding=1)
    add('depthwise', draw(1, 3, 3, 3), draw(3, 3, 1, 3), groups=3, stride=2, padding=1, outputPadding=1)
    add('depthwise, two channels for each', draw(1, 3, 2, 6), draw(2, 3, 1, 6), groups=3, stride=2)
    add('one channel of each', draw(1, 3, 3, 1), draw(2, 2, 1, 1))
    add('280 channels', draw(1, 2, 280, scale=0.3), draw(2, 2, 280))
    add('no samples', draw(0, 3, 3, 2), draw(3, 3, 3, 2), stride=2)
    x = f32([[[1], [NAN], [2], [3], [INF], [-1], [-INF]]])
    add('special values', x, f32([[[1], [-1]], [[2], [0.5]]]), stride=2)

"""Resizing, max pooling with indices, and normalization over channels; channels last."""

import numpy as np
import torch
import torch.nn.functional as F

from common import NAN, f32, i32, operations, u8
from ops_convolution import channels_first, channels_last

MODES = ('linear', 'bilinear', 'trilinear')


def resize(x, size, method='bilinear', alignment='halfPixel', antialias=False):
    axes = x.dim() - 2
    sizes = [size] * axes if isinstance(size, int) else size
    if method == 'nearest' and alignment == 'corners':
        for axis, n in enumerate(sizes, 1):
            m = x.shape[axis]
            # Halves up.
            at = [(2 * i * (m - 1) + max(n - 1, 1)) // (2 * max(n - 1, 1)) for i in range(n)]
            x = x.index_select(axis, torch.tensor(at))
        return x
    if method == 'nearest':
        mode = 'nearest' if alignment == 'asymmetric' else 'nearest-exact'
        return channels_last(F.interpolate(channels_first(x), sizes, mode=mode))
    if alignment == 'asymmetric':
        for axis, n in enumerate(sizes, 1):
            m = x.shape[axis]
            at = torch.arange(n, dtype=torch.float64) * m / n
            low = at.floor().long()
            part = (at - low).reshape([-1 if i == axis else 1 for i in range(x.dim())])
            high = (low + 1).clamp(max=m - 1)
            x = x.index_select(axis, low) * (1 - part) + x.index_select(axis, high) * part
        return x
    corners = alignment == 'corners'
    y = F.interpolate(channels_first(x), sizes, mode=MODES[axes - 1], align_corners=corners, antialias=antialias)
    return channels_last(y)


@operations('resize')
def resizes(cases):
    def add(name, x, size, **options):
        out = resize(torch.from_numpy(np.asarray(x, np.float64)), size, **options).numpy()
        dtype = x.dtype if options.get('method') == 'nearest' and x.dtype != np.float32 else np.float64
        cases.add(name, [x, size], out.astype(dtype), options or None)

    draw = cases.inputs.normal
    image = draw(1, 3, 4, 2)
    for name, size in (
        ('twice as large', [6, 8]),
        ('larger', [5, 7]),
        ('smaller', [2, 3]),
        ('one element', [1, 1]),
        ('the same size', [3, 4]),
        ('larger and smaller', [4, 2]),
    ):
        for alignment in ('halfPixel', 'corners', 'asymmetric'):
            for method in ('bilinear', 'nearest'):
                add(f'{name}, {method}, {alignment}', image, size, method=method, alignment=alignment)
    add('default options', image, [5, 2])
    add('a number', image, 3)
    add('one axis', draw(2, 5, 1), [7])
    add('three axes', draw(1, 2, 3, 2, 1), [3, 2, 4])
    add('antialias, half as large', draw(1, 6, 8, 1), [3, 4], antialias=True)
    add('antialias, smaller', draw(2, 7, 9, 2), [3, 4], antialias=True)
    add('antialias, larger and smaller', draw(1, 3, 8, 1), [5, 3], antialias=True)
    add('antialias, one element', draw(1, 4, 5, 1), [1, 1], antialias=True)
    add('uint8, nearest', u8(np.arange(12).reshape(1, 3, 4, 1)), [2, 6], method='nearest')
    add('int32', i32(np.arange(12).reshape(1, 3, 4, 1)), [2, 6])


@operations('maxPoolWithArgmax')
def max_pool_with_argmax(cases):
    def add(name, x, size, **options):
        axes = x.ndim - 2
        function = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[axes - 1]
        values, indices = (
            channels_last(t).numpy()
            for t in function(
                channels_first(torch.from_numpy(np.asarray(x, np.float64))), size, return_indices=True, **options
            )
        )
        channels = x.shape[-1]
        numbers = (indices * channels + np.arange(channels)).astype(np.int32)
        dtype = np.float64 if x.dtype == np.float32 else x.dtype
        cases.add(name, [x, size], [values.astype(dtype), numbers], options or None)

    draw = cases.inputs.normal
    add('2 x 2', draw(2, 4, 4, 3), 2)
    add('one axis', draw(2, 7, 2), 2)
    add('three axes', draw(1, 4, 2, 3, 2), 2)
    add('3 x 3, stride 2', draw(1, 7, 5, 1), 3, stride=2)
    add('stride 1, padding 1', draw(1, 4, 5, 2), 3, stride=1, padding=1)
    add('dilation 2', draw(1, 6, 6, 1), 2, stride=1, dilation=2)
    add('5 x 5', draw(1, 7, 8, 2), 5, stride=1)
    add('ties go to the first', f32(np.ones((1, 4, 4, 1))), 2)
    add('NaN wins', f32([[[1], [NAN], [3], [2]]]), 2)
    add('int32', i32([[[3], [5], [5], [-1]]]), 2)


@operations('localResponseNorm')
def local_response_norm(cases):
    def add(name, x, size, **options):
        t = torch.from_numpy(np.asarray(x, np.float64))
        t = t.reshape(1, -1, t.shape[-1]) if t.dim() < 3 else t
        out = channels_last(F.local_response_norm(channels_first(t), size, **options)).numpy()
        cases.add(name, [x, size], out.reshape(x.shape), options or None)

    draw = cases.inputs.normal
    add('size 3', draw(2, 2, 2, 5), 3, alpha=0.5)
    add('size 2', draw(2, 3, 4), 2, alpha=0.5, beta=1.5, k=2)
    add('size 5, default options', draw(1, 2, 6, scale=20), 5)
    add('more than channels', draw(2, 2, 3), 7, alpha=1)
    add('size 1', draw(2, 4), 1, alpha=2, beta=0.5)
    add('a vector', draw(6), 4, alpha=1)
    add('int32', i32([[[1, -2, 3]]]), 3)

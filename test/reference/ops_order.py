"""Cumulative operations, einsum, indexing along axes, sorting."""

import numpy as np

from common import INF, NAN, boolean, f32, i32, operations, u8, widen


def wide(x):
    return widen(x) if x.dtype == np.float32 else x


@operations('cumsum', 'cumprod', 'cummax', 'cummin')
def cumulative(cases):
    ufunc = {'cumsum': np.add, 'cumprod': np.multiply, 'cummax': np.maximum, 'cummin': np.minimum}[
        cases.operation
    ]
    sums = cases.operation in ('cumsum', 'cumprod')

    def add(name, x, *axis, exclusive=False, reverse=False):
        given = [x, *axis]
        a = axis[0] if axis else 0
        x = wide(x if axis else x.ravel())
        dtype = np.float64 if x.dtype == np.float64 else np.int32 if sums else x.dtype
        y = np.flip(x, a) if reverse else x
        y = ufunc.accumulate(y, a, dtype)
        if exclusive:
            start = np.full_like(np.take(y, [0], a), ufunc.identity)
            y = np.concatenate([start, np.take(y, range(y.shape[a] - 1), a)], a)
        options = {k: True for k, given_ in (('exclusive', exclusive), ('reverse', reverse)) if given_} or None
        cases.add(name, given, np.flip(y, a) if reverse else y, options)

    x = cases.inputs.normal(2, 3, 5)
    add('all elements', x)
    for axis in (0, 1, -1):
        add(f'axis {axis}', x, axis)
        add(f'axis {axis}, reverse', x, axis, reverse=True)
        if sums:
            add(f'axis {axis}, exclusive', x, axis, exclusive=True)
            add(f'axis {axis}, exclusive and reverse', x, axis, exclusive=True, reverse=True)
    add('no elements', f32([]), 0)
    add('no rows', f32([]).reshape(0, 3), 1)
    add('zeros', f32([[2, 0, 3, 0, 4], [0, 1, 2, 3, 4]]), 1)
    add('special values', f32([[1, NAN, 2], [INF, 1, 2], [INF, -INF, 1], [-INF, 2, 3]]), 1)
    add('int32', i32([[3, -1, 2], [5, 7, 2]]), 1)
    add('uint8', u8([200, 100, 3, 250]), 0)
    add('bool', boolean([[1, 0, 1, 1], [0, 0, 1, 0]]), 1)


@operations('diff')
def diff(cases):
    def add(name, x, *args):
        cases.add(name, [x, *args], np.diff(wide(x), *args))

    x = cases.inputs.normal(3, 4)
    add('last axis', x)
    add('axis 0', x, 1, 0)
    add('twice', x, 2)
    add('three times, axis 0', x, 3, 0)
    add('more than the axis has', x, 7)
    add('0 times', x, 0)
    add('int32', i32([1, 4, 9, 16]), 2)
    add('uint8 wraps', u8([5, 3, 255]))
    add('bool', boolean([1, 1, 0, 1]))

"""Reductions, softmax and its family, matrix multiplication."""

import numpy as np
from scipy import special

from common import INF, NAN, Inputs, boolean, f32, i32, operations, promote, u8, widen


def axes_of(axes):
    return tuple(axes) if isinstance(axes, list) else axes


def reducer(cases, reference):
    """add(name, x, axes, keepDims) with reference(x, axis=, keepdims=); no axes means all."""

    def add(name, x, axes=None, keep=False, **extra):
        options = {**({'keepDims': True} if keep else {}), **extra}
        args = [x] if axes is None and not options else [x, axes]
        cases.add(name, args, reference(x, axis=axes_of(axes), keepdims=keep, **extra), options or None)

    return add


def axes_and_shapes(add, x, empty=True):
    """x has rank 3."""
    add('all axes', x)
    add('axis 0', x, 0)
    add('axis -1, keepDims', x, -1, True)
    add('axes [0, 2]', x, [0, 2])
    add('axes [-1, 1], keepDims', x, [-1, 1], True)
    add('all axes, keepDims', x, None, True)
    add('scalar', np.asarray(x[0, 0, 0]))
    add('size 1', x[:1, :1, :1], 1)
    add('empty result, [0, 3] over axis 1', x.ravel()[:0].reshape(0, 3), 1)
    if empty:
        add('no elements, all axes', x.ravel()[:0].reshape(0, 3))
        add('no elements, [2, 0] over axis 1', x.ravel()[:0].reshape(2, 0), 1)


def in_double(reduce):
    return lambda x, **options: reduce(widen(x), **options)


@operations('sum', 'prod')
def sums(cases):
    reduce = {'sum': np.sum, 'prod': np.prod}[cases.operation]

    def exact(x, **options):
        if x.dtype == np.float32:
            return reduce(widen(x), **options)
        return reduce(x, dtype=np.int64, **options).astype(np.int32)

    add = reducer(cases, exact)
    axes_and_shapes(add, cases.inputs.normal(2, 3, 4))
    add('special values', f32([[NAN, 1, 2], [INF, 1, 2], [INF, -INF, 1], [-INF, 2, 3]]), 1)
    add('bool gives int32', boolean([[1, 1, 0], [1, 1, 1]]), 1)
    add('uint8 gives int32', u8([[200, 100, 3], [255, 255, 1]]), 1)
    if cases.operation == 'prod':
        add('int32, the smallest number', i32([65536, -2, 1, 16384]))
        add('int32, a 0 among large numbers', i32([2147483647, 65536, 0, -2147483648]))
    if cases.operation == 'sum':
        add('int32, partial sums that wrap', i32([2147483647, 2, 65536, -65538]))
        # After the inputs of prod, with which sum shares a stream.
        inputs = Inputs(2, 48)
        add('1000 elements, [20, 50] over axis 1', inputs.normal(20, 50, scale=10, mean=3), 1)
        add('1000 elements, [50, 20] over axis 0', inputs.normal(50, 20, scale=10, mean=3), 0)
        add('10000 elements', f32([i * 7919 % 1000 / 10 for i in range(10000)]))


@operations('mean')
def mean(cases):
    add = reducer(cases, in_double(np.mean))
    axes_and_shapes(add, cases.inputs.normal(2, 3, 4))
    add('special values', f32([[NAN, 1], [INF, 1], [INF, -INF]]), 1)
    for name, x in (('int32', i32([1, 2, 4])), ('uint8', u8([255, 255, 1])), ('bool', boolean([1, 0, 1]))):
        add(f'{name} gives float32', x)


@operations('variance')
def variance(cases):
    def reference(x, axis, keepdims, correction=0):
        return np.var(widen(x), axis=axis, keepdims=keepdims, ddof=correction)

    add = reducer(cases, reference)
    x = cases.inputs.normal(2, 3, 4)
    axes_and_shapes(add, x)
    add('correction 1', x, 1, correction=1)
    add('correction 1, axes [0, -1], keepDims', x, [0, -1], True, correction=1)
    add('correction 1, one element', f32([3]), correction=1)
    add('far from 0', f32([[10000.125, 10000.25, 10000.375], [-4096.5, -4096.5, -4096.5]]), 1)
    add('special values', f32([[NAN, 1], [INF, 1]]), 1)
    add('int32 gives float32', i32([1, 2, 3, 4]))
    add('bool gives float32', boolean([1, 0, 1, 1]))


@operations('max', 'min')
def extreme(cases):
    add = reducer(cases, {'max': np.max, 'min': np.min}[cases.operation])
    axes_and_shapes(add, cases.inputs.normal(2, 3, 4), empty=False)
    add(
        'special values',
        f32([[NAN, 1, 2], [1, 2, NAN], [INF, -INF, 1], [-INF, -INF, -INF], [INF, INF, INF]]),
        1,
    )
    add('int32', i32([[-2147483648, 2147483647], [-3, -2]]), 1)
    add('uint8 stays uint8', u8([[200, 100], [255, 0]]), 1)
    add('bool stays bool', boolean([[0, 1], [0, 0], [1, 1]]), 1)


@operations('argmax', 'argmin')
def extreme_index(cases):
    function = {'argmax': np.argmax, 'argmin': np.argmin}[cases.operation]

    def index(x, axis, keepdims):
        return np.asarray(function(x, axis=axis, keepdims=keepdims)).astype(np.int32)

    add = reducer(cases, index)
    x = cases.inputs.normal(2, 3, 4)
    add('no axis: over the flattened array', x)
    add('axis 0', x, 0)
    add('axis 1', x, 1)
    add('axis -1, keepDims', x, -1, True)
    add('no axis, keepDims', x, None, True)
    add('ties: the first', f32([[1, 3, 3, 1], [2, 2, 2, 2], [0, -1, 0, -1]]), 1)
    add('the first NaN', f32([[1, NAN, 3, NAN], [INF, 2, NAN, -INF], [NAN, 1, 2, 3]]), 1)
    add('infinities', f32([[-INF, -INF, 1], [INF, 1, INF]]), 1)
    add('int32 ties', i32([[5, -2, 5], [-2, 5, -2]]), 0)
    add('uint8', u8([3, 255, 255, 0, 0]))
    add('bool', boolean([[0, 1, 1], [1, 0, 0]]), 1)
    add('scalar', f32(3))
    add('empty result', f32([]).reshape(0, 3), 1)


@operations('any', 'all')
def truth(cases):
    add = reducer(cases, {'any': np.any, 'all': np.all}[cases.operation])
    axes_and_shapes(add, boolean(cases.inputs.integers(0, 5, 2, 3, 4) > (3 if cases.operation == 'any' else 0)))
    add('float32, NaN is true', f32([[NAN, NAN], [0, -0.0], [0.5, 0], [1, -1]]), 1)
    add('int32', i32([[0, 256], [0, 0], [1, -1]]), 1)
    add('uint8', u8([[0, 255], [0, 0], [1, 1]]), 1)


@operations('logSumExp')
def log_sum_exp(cases):
    def reference(x, axis, keepdims):
        x = widen(x)
        # SciPy finds no maximum of nothing.
        if x.size == 0:
            return np.log(np.exp(x).sum(axis=axis, keepdims=keepdims))
        return special.logsumexp(x, axis=axis, keepdims=keepdims)

    add = reducer(cases, reference)
    axes_and_shapes(add, cases.inputs.normal(2, 3, 4))
    add('logits of 1e4', f32([[1e4, 9999, 0], [-1e4, -9999, -1e4], [1e4, -1e4, 0]]), 1)
    add('special values', f32([[NAN, 1], [INF, 1], [-INF, 1], [-INF, -INF], [INF, INF], [1e-40, 0]]), 1)
    add('int32 gives float32', i32([1, 2, 3]))


@operations('softmax', 'logSoftmax', 'softmin')
def softmax(cases):
    import torch

    reference = {
        'softmax': torch.softmax,
        'logSoftmax': torch.log_softmax,
        'softmin': torch.nn.functional.softmin,
    }[cases.operation]
    inputs = cases.inputs

    def add(name, x, axis=None):
        args = [x] if axis is None else [x, axis]
        out = reference(torch.from_numpy(widen(x)), -1 if axis is None else axis).numpy()
        cases.add(name, args, out)

    add('default axis [3, 4]', inputs.normal(3, 4, scale=2))
    add('axis 0', inputs.normal(3, 4), 0)
    add('axis 1 of rank 3', inputs.normal(2, 3, 4), 1)
    add('axis -2', inputs.normal(2, 3, 2), -2)
    add('rank 1', inputs.normal(5))
    add('logits of 1e4', f32([[1e4, 9999, 0], [-1e4, -9999, -1e4], [1e4, -1e4, 0], [1e4, 1e4, 1e4]]))
    add('far apart', f32([[0, -80, 20], [0, -30, -60], [3e38, -3e38, 0]]))
    add('special values', f32([[NAN, 1, 2], [-INF, 1, 2], [-INF, -INF, -INF], [-INF, -INF, 0]]))
    add('one class', f32([[3], [-1e4]]))
    add('int32 gives float32', i32([1, 2, 3]))
    add('empty [0, 3]', f32([]).reshape(0, 3))
    add('empty [3, 0]', f32([]).reshape(3, 0))


@operations('glu')
def glu(cases):
    def add(name, x, *axis):
        a, b = np.split(widen(x), 2, axis[0] if axis else -1)
        cases.add(name, [x, *axis], a * special.expit(b))

    inputs = cases.inputs
    add('default axis [3, 4]', inputs.normal(3, 4, scale=2))
    add('axis 0', inputs.normal(4, 3), 0)
    add('axis -2 of rank 3', inputs.normal(2, 2, 3), -2)
    add('special values', f32([[INF, -INF, NAN, 2, 1, 1, 1, NAN], [3, 3, 3, 3, INF, -INF, 80, -80]]))
    add('int32 gives float32', i32([1, 2, 3, 4]))
    add('empty [0, 2]', f32([]).reshape(0, 2))
    add('empty [2, 0]', f32([]).reshape(2, 0))


@operations('matmul')
def matmul(cases):
    def add(name, a, b):
        dtype = promote(a, b)
        cases.add(name, [a, b], np.matmul(widen(a, dtype), widen(b, dtype)))

    draw = cases.inputs.normal
    add('[2, 3] x [3, 4]', draw(2, 3), draw(3, 4))
    add('[5, 7] x [7, 9]', draw(5, 7), draw(7, 9))
    add('[3] x [3]', draw(3), draw(3))
    add('[3] x [3, 2]', draw(3), draw(3, 2))
    add('[2, 3] x [3]', draw(2, 3), draw(3))
    add('[3] x [2, 3, 4]', draw(3), draw(2, 3, 4))
    add('[2, 4, 3] x [3]', draw(2, 4, 3), draw(3))
    add('[1, 1] x [1, 1]', draw(1, 1), draw(1, 1))
    add('[1, 5] x [5, 1]', draw(1, 5), draw(5, 1))
    add('[5, 1] x [1, 5]', draw(5, 1), draw(1, 5))
    add('[2, 2, 3] x [2, 3, 2]', draw(2, 2, 3), draw(2, 3, 2))
    add('[2, 2, 3] x [3, 2]', draw(2, 2, 3), draw(3, 2))
    add('[2, 3] x [2, 3, 2]', draw(2, 3), draw(2, 3, 2))
    add('[2, 1, 2, 3] x [3, 3, 2]', draw(2, 1, 2, 3), draw(3, 3, 2))
    add('K = 0: [2, 0] x [0, 3]', draw(2, 0), draw(0, 3))
    add('K = 0: [0] x [0]', draw(0), draw(0))
    add('M = 0: [0, 3] x [3, 2]', draw(0, 3), draw(3, 2))
    add('N = 0: [2, 3] x [3, 0]', draw(2, 3), draw(3, 0))
    add('no batches: [0, 2, 3] x [3, 2]', draw(0, 2, 3), draw(3, 2))
    add('K = 256: [2, 256] x [256, 1]', draw(2, 256), draw(256, 1))
    add('K = 257: [1, 257] x [257, 2]', draw(1, 257), draw(257, 2))
    add('K = 300: [2, 300] x [300, 3]', draw(2, 300), draw(300, 3))
    add(
        'special values',
        f32([[INF, 0, 1], [NAN, 1, 1], [1e30, 1, 0], [-INF, INF, 1]]),
        f32([[0, 1], [1, 1], [2, 1e-30]]),
    )
    add('int32 wraps', i32([[65536, 3], [-7, 2147483647]]), i32([[65536, 2], [5, 3]]))
    add('int32 with float32', i32([[1, 2], [3, 4]]), f32([[0.5, 1], [0.25, -1]]))

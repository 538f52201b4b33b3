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


@operations('einsum')
def einsum(cases):
    def add(name, equation, *operands):
        y = np.einsum(equation, *map(wide, operands))
        cases.add(name, [equation, *operands], y)

    draw = cases.inputs.normal
    a, b, c = draw(2, 3), draw(3, 4), draw(4, 2)
    square, batches, more = draw(3, 3), draw(5, 2, 3), draw(5, 3, 4)
    add('transposition', 'ij->ji', a)
    add('implicit, alphabetical', 'ba', a)
    add('implicit sum', 'ij,ij', a, a)
    add('sum of all', 'ij->', a)
    add('sum of rows', 'ij->j', a)
    add('diagonal', 'ii->i', square)
    add('trace', 'ii', square)
    add('inner diagonals', 'iji->ij', draw(2, 3, 2))
    add('three equal subscripts', 'iii->i', draw(3, 3, 3))
    add('matrix product', 'ij,jk->ik', a, b)
    add('matrix product, implicit', 'ij,jk', a, b)
    add('transposed product', 'ij,jk->ki', a, b)
    add('batches', 'bij,bjk->bik', batches, more)
    add('batches inside', 'bij,bjk->ibk', batches, more)
    add('outer product', 'i,j', a[0], b[0])
    add('outer product, transposed', 'i,j->ji', a[0], b[0])
    add('elementwise', 'ij,ij->ij', a, a)
    add('elementwise and rows', 'ij,i->ij', a, c[0])
    add('bilinear form', 'i,ij,j', a[0], square, a[1])
    add('three matrices', 'ij,jk,kl->il', a, b, c)
    add('four operands', 'ij,jk,k,il->jl', a, b, b[0], c[:2])
    add('ellipsis', '...ij,...jk->...ik', draw(2, 1, 2, 3), draw(5, 3, 4))
    add('ellipsis, implicit', '...ij,jk', batches, b)
    add('ellipsis moved', 'i...->...i', batches)
    add('ellipsis without axes', 'i...,i...->i', a[0], a[0])
    add('size 1 broadcasts', 'ij,ij->ij', draw(1, 3), draw(2, 3))
    add('attention', 'bqhd,bkhd->bhqk', draw(2, 3, 2, 4), draw(2, 5, 2, 4))
    add('spaces', ' i j , j k -> i k ', a, b)
    add('capital subscripts', 'Ab,bA', a, draw(3, 2))
    add('scalar operand', ',ij->ij', f32(2), a)
    add('no elements', 'ij,jk->ik', f32([]).reshape(2, 0), f32([]).reshape(0, 3))
    add('int32', 'ij,jk', i32([[1, 2], [3, 4]]), i32([[5, 6], [7, 8]]))


@operations('tensordot')
def tensordot(cases):
    def add(name, a, b, *axes):
        cases.add(name, [a, b, *axes], np.tensordot(wide(a), wide(b), *axes))

    draw = cases.inputs.normal
    add('two axes', draw(2, 3, 4), draw(3, 4, 2))
    add('one axis', draw(2, 3), draw(3, 4), 1)
    add('no axes', draw(2), draw(3, 2), 0)
    add('lists', draw(2, 3, 4), draw(4, 5, 2), [[2, 0], [0, -1]])
    add('numbers', draw(2, 3), draw(5, 2), [0, 1])
    add('scalars', f32(2), f32(3), 0)
    add('int32', i32([1, 2, 3]), i32([4, 5, 6]), 1)


@operations('outer')
def outer(cases):
    def add(name, a, b):
        cases.add(name, [a, b], np.outer(wide(a), wide(b)))

    add('vectors', cases.inputs.normal(3), cases.inputs.normal(2))
    add('matrices are flattened', cases.inputs.normal(2, 2), cases.inputs.normal(3))
    add('int32', i32([1, 2]), i32([3, 4]))
    add('empty', f32([]), f32([1]))
    add('scalars', f32(2), f32(3))


@operations('trace')
def trace(cases):
    def add(name, x, *args):
        y = np.trace(wide(x), *args)
        cases.add(name, [x, *args], y if x.dtype == np.float32 else np.asarray(y, np.int32))

    x = cases.inputs.normal(3, 4)
    add('wide matrix', x)
    add('tall matrix', x.T.copy())
    for offset in (1, 3, 4, -1, -2, -5):
        add(f'offset {offset}', x, offset)
    add('last axes', cases.inputs.normal(2, 3, 3), 0, 1, -1)
    add('exchanged axes, offset 1', cases.inputs.normal(3, 2, 3), 1, 2, 0)
    add('int32', i32([[1, 2], [3, 4]]))
    add('empty', f32([]).reshape(0, 0))

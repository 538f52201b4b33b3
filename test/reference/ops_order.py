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


@operations('takeAlongAxis')
def take_along_axis(cases):
    def add(name, x, indices, axis):
        cases.add(name, [x, indices, axis], np.take_along_axis(wide(x), indices.astype(np.int64), axis))

    x = cases.inputs.normal(3, 4)
    add('axis 1', x, i32([[0, 3], [1, 1], [2, 0]]), 1)
    add('axis 0', x, i32([[2, 0, 1, 0]]), 0)
    add('negative indices', x, i32([[-1], [-4], [2]]), -1)
    add('rank 3', cases.inputs.normal(2, 3, 2), cases.inputs.integers(0, 3, 2, 4, 2), 1)
    add('broadcast', x, i32([[1, 3, 0]]), 1)
    add('uint8 indices', x, u8([[1], [2], [3]]), 1)
    add('no indices', x, i32([]).reshape(3, 0), 1)
    add('int32', i32([1, 2, 3]), i32([2, 0]), 0)
    add('bool', boolean([1, 0]), i32([0, 0, 1]), 0)


REDUCE = {'add': np.add, 'max': np.maximum, 'min': np.minimum}


def scatter(x, index, updates, mode):
    y = wide(x).copy()
    if mode == 'set':
        for i, point in enumerate(zip(*(part.ravel() for part in index))):
            y[point] = wide(updates).reshape(len(index[0].ravel()), *y[point].shape)[i]
    else:
        REDUCE[mode].at(y, index, wide(updates))
    return y


@operations('putAlongAxis')
def put_along_axis(cases):
    def add(name, x, indices, updates, axis, mode=None):
        shape = list(x.shape)
        shape[axis] = indices.shape[axis]
        at = np.broadcast_to(indices.astype(np.int64), shape)
        index = [np.broadcast_to(i, shape).ravel() for i in np.ogrid[tuple(slice(n) for n in shape)]]
        index[axis] = at.ravel()
        out = scatter(x, tuple(index), np.broadcast_to(updates, shape).ravel(), mode or 'set')
        cases.add(name, [x, indices, updates, axis], out, mode and {'mode': mode})

    x = cases.inputs.normal(3, 4)
    indices = i32([[0, 3, 0], [1, 1, -1], [2, 0, 2]])
    add('set', x, indices, cases.inputs.normal(3, 3), 1)
    for mode in ('set', 'add', 'max', 'min'):
        add(f'{mode}, axis 1', x, indices, cases.inputs.normal(3, 3), 1, mode)
        add(f'{mode}, axis 0', x, i32([[2, 0, 1, 0]]), cases.inputs.normal(1, 4), 0, mode)
        add(f'{mode}, one value', x, indices, f32([[0.25]]), 1, mode)
        add(f'{mode}, int32', i32([5, 1, 3]), i32([0, 0, 2]), i32([7, 2, -1]), 0, mode)
        add(f'{mode}, special values', f32([1, NAN, 3]), i32([0, 0, 2]), f32([NAN, 2, INF]), 0, mode)
    add('no values', x, i32([]).reshape(3, 0), f32([]).reshape(3, 0), 1)
    add('uint8', u8([1, 2, 3]), i32([1]), u8([9]), 0)


@operations('gatherND')
def gather_nd(cases):
    def add(name, x, indices):
        y = wide(x)[tuple(np.moveaxis(indices.astype(np.int64), -1, 0))] if indices.shape[-1] else np.broadcast_to(
            wide(x), indices.shape[:-1] + x.shape
        )
        cases.add(name, [x, indices], y)

    x = cases.inputs.normal(3, 4, 2)
    add('elements', x, i32([[0, 1, 1], [2, 3, 0]]))
    add('rows', x, i32([[0, 1], [2, 3], [2, -1]]))
    add('parts', x, i32([[1], [-1]]))
    add('indices [2, 2, 2]', x, i32([[[0, 1], [1, 1]], [[2, 2], [0, 0]]]))
    add('one point', x, i32([2, 1, 0]))
    add('no axes', x, i32([]).reshape(2, 0))
    add('no points', x, i32([]).reshape(0, 2))
    add('int32', i32([[1, 2], [3, 4]]), i32([[1, 0]]))


@operations('scatterND')
def scatter_nd(cases):
    def add(name, x, indices, updates, mode=None):
        index = tuple(np.moveaxis(indices.astype(np.int64), -1, 0))
        cases.add(name, [x, indices, updates], scatter(x, index, updates, mode or 'set'), mode and {'mode': mode})

    x = cases.inputs.normal(3, 4, 2)
    points = i32([[0, 1, 1], [2, 3, 0], [0, 1, 1], [1, 0, -1]])
    add('set', x, points, cases.inputs.normal(4))
    for mode in ('set', 'add', 'max', 'min'):
        add(f'{mode}, elements', x, points, cases.inputs.normal(4), mode)
        add(f'{mode}, rows', x, points[:, :2].copy(), cases.inputs.normal(4, 2), mode)
        add(f'{mode}, parts', x, i32([[1], [1]]), cases.inputs.normal(2, 4, 2), mode)
    add('no points', x, i32([]).reshape(0, 3), f32([]))
    add('int32', i32([1, 2, 3]), i32([[1], [1]]), i32([7, 9]), 'add')


@operations('booleanMask')
def boolean_mask(cases):
    def add(name, x, mask, **options):
        y = wide(x)[mask]
        size = options.get('size', mask.size)
        y = y[:size]
        fill = np.full((size - len(y), *y.shape[1:]), options.get('fill', 0), y.dtype)
        cases.add(name, [x, mask], np.concatenate([y, fill]), options or None)

    x = cases.inputs.normal(3, 4)
    rows = boolean([1, 0, 1])
    elements = boolean([[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 1]])
    add('rows', x, rows)
    add('elements', x, elements)
    add('as many as there are', x, rows, size=2)
    add('fewer', x, elements, size=3)
    add('more', x, elements, size=14)
    add('fill', x, elements, size=8, fill=-1.5)
    add('none', x, boolean([0, 0, 0]), size=2, fill=7)
    add('int32', i32([1, 2, 3]), boolean([0, 1, 1]))
    add('bool', boolean([1, 1, 0]), boolean([0, 1, 1]))


@operations('sort', 'argsort')
def sort(cases):
    def add(name, x, *axis, descending=False):
        a = axis[0] if axis else -1
        # NumPy sorts in ascending order; its stable sort of the reversed ranks is a stable descending one.
        keys = np.unique(x, return_inverse=True, equal_nan=True)[1].reshape(x.shape)
        order = np.argsort(-keys if descending else keys, a, kind='stable')
        if not descending:
            assert (order == np.argsort(x, a, kind='stable')).all()
        out = order.astype(np.int32)
        if cases.operation == 'sort':
            out = np.take_along_axis(wide(x), order, a)
            assert descending or np.array_equal(out, np.sort(wide(x), a), equal_nan=x.dtype == np.float32)
        args = [x, *axis] if axis or not descending else [x, -1]
        cases.add(name, args, out, {'descending': True} if descending else None)

    x = cases.inputs.normal(2, 3, 7)
    for descending in (False, True):
        label = ', descending' if descending else ''
        add(f'last axis{label}', x, descending=descending)
        add(f'axis 0{label}', x, 0, descending=descending)
        add(f'axis 1{label}', x, 1, descending=descending)
        add(f'ties{label}', f32([3, 1, 2, 1, 3, 1, 2, 2]), descending=descending)
        add(f'special values{label}', f32([[1, NAN, INF, -INF, NAN, 0, -1]]), 1, descending=descending)
        add(f'int32{label}', i32([3, -2147483648, 0, 2147483647, -1, 3]), descending=descending)
        add(f'uint8{label}', u8([200, 3, 255, 0, 3]), descending=descending)
        add(f'bool{label}', boolean([1, 0, 1, 0]), descending=descending)
        add(f'300 elements{label}', cases.inputs.normal(300), descending=descending)
    add('empty', f32([]).reshape(2, 0))
    add('one', f32([[4]]))


@operations('topK')
def top_k(cases):
    def add(name, x, k, axis=-1, largest=True):
        keys = np.unique(x, return_inverse=True, equal_nan=True)[1].reshape(x.shape)
        order = np.take(np.argsort(-keys if largest else keys, axis, kind='stable'), range(k), axis)
        options = {**({} if axis == -1 else {'axis': axis}), **({} if largest else {'largest': False})}
        cases.add(name, [x, k], [np.take_along_axis(wide(x), order, axis), order.astype(np.int32)], options or None)

    x = cases.inputs.normal(3, 8)
    add('last axis', x, 3)
    add('axis 0', x, 2, 0)
    add('smallest', x, 3, -1, False)
    add('all', x, 8)
    add('none', x, 0)
    add('ties', f32([3, 1, 2, 1, 3, 3, 2]), 4)
    add('special values', f32([1, NAN, INF, -INF, NAN, 0]), 4)
    add('int32', i32([3, -2147483648, 2147483647, -1]), 2)
    add('500 elements', cases.inputs.normal(500), 10)


@operations('median', 'quantile')
def quantiles(cases):
    q_methods = ('linear', 'lower', 'higher', 'midpoint', 'nearest')

    def add(name, x, q, axes=None, keep=False, method='linear'):
        a = tuple(axes) if isinstance(axes, list) else axes
        wide_x = widen(x)
        options = {**({'keepDims': True} if keep else {}), **({} if method == 'linear' else {'method': method})}
        if cases.operation == 'median':
            out = np.median(wide_x, a, keepdims=keep)
            cases.add(name, [x, axes] if axes is not None or options else [x], out, options or None)
        else:
            out = np.quantile(wide_x, q, a, method=method, keepdims=keep)
            cases.add(name, [x, q, axes] if axes is not None or options else [x, q], out, options or None)

    x = cases.inputs.normal(2, 3, 5)
    add('all elements', x, 0.3)
    add('axis 1', x, 0.3, 1)
    add('axis -1, keepDims', x, 0.75, -1, True)
    add('axes [0, 2]', x, 0.5, [0, 2])
    add('an even number', f32([4, 1, 3, 2]), 0.5)
    add('NaN', f32([[1, NAN, 2], [3, 1, 2]]), 0.5, 1)
    add('int32', i32([5, 1, 4]), 0.9)
    add('bool', boolean([1, 0, 1]), 0.25)
    if cases.operation == 'median':
        add('infinities', f32([[-INF, 1], [1, INF], [INF, INF], [-INF, -INF], [-INF, INF]]), 0.5, 1)
        add('large numbers', f32([[-3e38, 3e38], [-3e38, 2e38]]), 0.5, 1)
    if cases.operation == 'quantile':
        add('several', x, [0, 0.1, 0.5, 1], 2)
        for method in q_methods[1:]:
            add(method, x, [0.1, 0.37, 0.5, 0.99], 1, False, method)
            add(f'{method}, halfway', f32([1, 2, 3, 4]), [0.5, 1 / 6, 5 / 6], None, False, method)


@operations('searchSorted')
def search_sorted(cases):
    def add(name, a, v, side=None):
        out = np.searchsorted(a, v, side or 'left') if a.ndim == 1 else np.stack(
            [np.searchsorted(*pair, side or 'left') for pair in zip(a, v)]
        )
        cases.add(name, [a, v], out.astype(np.int32), side and {'side': side})

    a = f32([-1, 0, 0, 2, 5, 5, 7])
    v = f32([[-2, 0, 2], [5, 6, 9]])
    for side in ('left', 'right'):
        add(side, a, v, side)
        add(f'{side}, special values', f32([-INF, 1, INF, NAN, NAN]), f32([NAN, INF, -INF, 1]), side)
        add(f'{side}, int32', i32([1, 3, 3, 9]), i32([3, 0, 10]), side)
    add('default', a, v)
    add('a scalar', a, f32(2))
    add('rows', f32([[1, 2, 3], [4, 5, 6]]), f32([[2, 9], [4, 4.5]]))
    add('nothing sorted', f32([]), f32([1, 2]))
    add('no values', a, f32([]))
    add('int32 in float32', i32([1, 2, 3]), f32([1.5, 2]))


@operations('bincount')
def bincount(cases):
    def add(name, x, size, *weights):
        out = np.bincount(x.ravel(), *[widen(w).ravel() if w.dtype == np.float32 else w for w in weights], minlength=size)
        kind = np.int32 if not weights or weights[0].dtype != np.float32 else np.float64
        cases.add(name, [x, size, *weights], out.astype(kind))

    add('counts', i32([1, 3, 1, 0, 1]), 5)
    add('a matrix', i32([[1, 2], [2, 2]]), 3)
    add('uint8', u8([0, 4, 4]), 6)
    add('weights', i32([1, 3, 1, 0]), 4, f32([0.5, 1, 2, -1]))
    add('int32 weights', i32([1, 0, 1]), 2, i32([5, 6, 7]))
    add('nothing', i32([]), 3)


@operations('std')
def std(cases):
    def add(name, x, axes=None, keep=False, correction=0):
        options = {**({'keepDims': True} if keep else {}), **({'correction': correction} if correction else {})}
        a = tuple(axes) if isinstance(axes, list) else axes
        out = np.std(widen(x), a, keepdims=keep, ddof=correction)
        cases.add(name, [x, axes] if axes is not None or options else [x], out, options or None)

    x = cases.inputs.normal(2, 3, 4)
    add('all axes', x)
    add('axis 1', x, 1)
    add('axes [0, 2], keepDims', x, [0, 2], True)
    add('correction 1', x, -1, False, 1)
    add('equal elements', f32([[2, 2], [3, 3]]), 1)
    add('special values', f32([[NAN, 1], [INF, 1]]), 1)
    add('int32', i32([1, 2, 4]))


@operations('norm')
def norm(cases):
    def add(name, x, order=2, axes=None, keep=False):
        a = tuple(axes) if isinstance(axes, list) else axes
        wide_x = widen(x)
        if a is None or isinstance(a, tuple):
            axis = tuple(range(x.ndim)) if a is None else a
            moved = np.moveaxis(wide_x, axis, range(len(axis)))
            rest = moved.shape[len(axis) :]
            out = np.linalg.norm(moved.reshape(-1, *rest), order, 0)
            assert order != 2 or len(axis) != 2 or np.allclose(out, np.linalg.norm(wide_x, None, axis))
            out = np.expand_dims(out, axis) if keep else out
        else:
            out = np.linalg.norm(wide_x, order, a, keepdims=keep)
        args = [x] if order == 2 and axes is None and not keep else [x, order, axes]
        cases.add(name, args, out, {'keepDims': True} if keep else None)

    x = cases.inputs.normal(2, 3, 4)
    add('all axes', x)
    add('axis 1', x, 2, 1)
    add('axes [0, 2], keepDims', x, 2, [0, 2], True)
    for order in (0, 1, 3, 1.5, -1):
        add(f'order {order}', x, order, -1)
    add('zeros', f32([[0, 0], [3, 4]]), 2, 1)
    add('order 0, zeros', f32([[0, 0], [3, 0]]), 0, 1)
    add('special values', f32([[NAN, 1], [INF, 1]]), 2, 1)
    add('int32', i32([3, 4]))


@operations('floorDiv')
def floor_div(cases):
    def add(name, a, b):
        out = np.floor_divide(a, b)
        cases.add(name, [a, b], wide(out))

    add('signs', f32([7, -7, 7, -7]), f32([2, 2, -2, -2]))
    add('fractions', f32([1, 0.5, -0.3, 2.5]), f32([0.1, 0.2, 0.1, -0.7]))
    add('zeros', f32([1, -1, 0, 0]), f32([0, 0, 5, -5]))
    add('infinities', f32([INF, 5, -5, 5, -5, NAN]), f32([2, INF, INF, -INF, -INF, 1]))
    add('broadcast', cases.inputs.normal(2, 3), f32([0.5, -0.25, 3]))
    add('int32', i32([7, -7, 7, -7, -2147483648]), i32([2, 2, -2, -2, 3]))
    add('int32, 0', i32([7, -7, 0]), i32([0, 0, 0]))
    add('uint8', u8([200, 7, 9]), u8([3, 2, 10]))


@operations('squaredDifference')
def squared_difference(cases):
    def add(name, a, b):
        cases.add(name, [a, b], np.square(np.subtract(wide(a), wide(b))))

    add('same shapes', cases.inputs.normal(2, 3), cases.inputs.normal(2, 3))
    add('broadcast', cases.inputs.normal(2, 3), cases.inputs.normal(3))
    add('special values', f32([NAN, INF, INF]), f32([1, 1, INF]))
    add('int32', i32([1, 5]), i32([3, 2]))
    add('empty', f32([]), f32([]))


@operations('isInf')
def is_inf(cases):
    for name, x in (
        ('typical values', cases.inputs.normal(2, 3)),
        ('special values', f32([NAN, INF, -INF, 0, 3e38])),
        ('int32', i32([1, 2])),
        ('bool', boolean([1, 0])),
        ('empty', f32([])),
    ):
        cases.add(name, [x], np.isinf(x))


@operations('nanToNum')
def nan_to_num(cases):
    def add(name, x, **options):
        names = {'nan': 'nan', 'posInf': 'posinf', 'negInf': 'neginf'}
        out = np.nan_to_num(x, **{names[k]: v for k, v in options.items()})
        cases.add(name, [x], wide(out), options or None)

    special = f32([NAN, INF, -INF, 0, 3e38])
    add('special values', special)
    add('options', special, nan=1, posInf=5, negInf=-5)
    add('nan alone', special, nan=-1.5)
    add('typical values', cases.inputs.normal(2, 3))
    add('int32', i32([1, 2]))
    add('empty', f32([]))

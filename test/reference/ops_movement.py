"""Shape operations, indexing, scattering, joining and splitting."""

import numpy as np

from common import INF, NAN, boolean, f32, i32, operations, promote, u8

X = f32([[1, 2.5, -3], [0.1, NAN, -0.0]])
EMPTY = f32([]).reshape(0, 3)


def counting(*shape):
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


def adder(cases):
    """add(name, x, *args, out=)"""
    return lambda name, x, *args, out: cases.add(name, [x, *args], out)


@operations('reshape')
def reshape(cases):
    add = adder(cases)
    for name, x, shape in (
        ('[2, 3] to [3, 2]', X, [3, 2]),
        ('-1', counting(2, 3, 4), [4, -1]),
        ('to rank 1', X, [-1]),
        ('scalar to [1, 1]', f32(3), [1, 1]),
        ('[1] to scalar', f32([3]), []),
        ('empty', EMPTY, [3, 0, 2]),
        ('int32', i32([1, 2, 3, 4]), [2, 2]),
        ('uint8', u8([1, 2, 255, 4]), [2, 2]),
        ('bool', boolean([1, 0]), [2, 1]),
    ):
        add(name, x, shape, out=x.reshape(shape))
    add('empty with -1', EMPTY, [-1, 3], out=EMPTY)


@operations('flatten')
def flatten(cases):
    add = adder(cases)
    add('all', counting(2, 3, 2), out=counting(12))
    add('from axis 1', counting(2, 3, 2), 1, out=counting(2, 6))
    add('from axis -2', counting(2, 3, 2), -2, out=counting(2, 6))
    add('from the last axis', X, 1, out=X)
    add('scalar', f32(3), out=f32([3]))
    add('empty', f32([]).reshape(0, 3, 4), 1, out=f32([]).reshape(0, 12))
    add('bool', boolean([[1, 0]]), out=boolean([1, 0]))


@operations('transpose')
def transpose(cases):
    add = adder(cases)
    for name, x, axes in (
        ('rank 2', X, None),
        ('rank 3', counting(2, 3, 4), None),
        ('axes', counting(2, 3, 4), [1, 2, 0]),
        ('negative axes', counting(2, 3, 4), [-1, 0, -2]),
        ('identity', X, [0, 1]),
        ('rank 1', f32([1, 2]), None),
        ('scalar', f32(3), None),
        ('empty', EMPTY, None),
        ('int32', i32([[1, 2, 3]]), None),
        ('rank 4', counting(2, 1, 3, 2), [0, 3, 1, 2]),
    ):
        add(name, x, *([] if axes is None else [axes]), out=np.transpose(x, axes))


@operations('expandDims')
def expand_dims(cases):
    add = adder(cases)
    for name, x, axis in (
        ('axis 0', X, 0),
        ('axis 1', X, 1),
        ('axis 2', X, 2),
        ('axis -1', X, -1),
        ('axis -3', X, -3),
        ('scalar', f32(3), 0),
        ('empty', EMPTY, 1),
        ('bool', boolean([1, 0]), -1),
    ):
        add(name, x, axis, out=np.expand_dims(x, axis))


@operations('squeeze')
def squeeze(cases):
    add = adder(cases)
    for name, x, axis in (
        ('all', counting(1, 3, 1), None),
        ('axis 0', counting(1, 3, 1), 0),
        ('axis -1', counting(1, 3, 1), -1),
        ('to scalar', counting(1, 1), None),
        ('nothing to drop', X, None),
        ('scalar', f32(3), None),
        ('empty', counting(1, 0, 1), None),
        ('int32', i32([[7]]), 1),
    ):
        add(name, x, *([] if axis is None else [axis]), out=np.squeeze(x, axis))


@operations('broadcastTo')
def broadcast_to(cases):
    add = adder(cases)
    for name, x, shape in (
        ('[3] to [2, 3]', X[1], [2, 3]),
        ('[2, 1] to [2, 3]', X[:, :1], [2, 3]),
        ('scalar', f32(3), [2, 2]),
        ('scalar to scalar', f32(3), []),
        ('[2, 1, 2] to [3, 2, 2, 2]', counting(2, 1, 2), [3, 2, 2, 2]),
        ('[1] to [0]', f32([3]), [0]),
        ('empty', EMPTY, [2, 0, 3]),
        ('same shape', X, [2, 3]),
        ('uint8', u8([1, 2]), [2, 2]),
        ('bool', boolean([1, 0]), [2, 2]),
    ):
        add(name, x, shape, out=np.broadcast_to(x, shape))


@operations('flip')
def flip(cases):
    add = adder(cases)
    ordered = counting(2, 3, 2)
    for name, x, axes in (
        ('all axes', ordered, None),
        ('axis 0', ordered, 0),
        ('axis -1', ordered, -1),
        ('axes [0, 1]', ordered, [0, 1]),
        ('axes [-1, 1]', ordered, [-1, 1]),
        ('values are moved as they are', X, 1),
        ('scalar', f32(3), None),
        ('empty', EMPTY, 0),
        ('int32', i32([1, 2, 3]), None),
        ('bool', boolean([1, 0, 0]), 0),
    ):
        add(
            name,
            x,
            *([] if axes is None else [axes]),
            out=np.flip(x, tuple(axes) if isinstance(axes, list) else axes)
        )


@operations('slice')
def slices(cases):
    def add(name, x, *specs):
        index = tuple(
            (
                spec
                if isinstance(spec, int)
                else slice(None) if spec is None else slice(*spec) if len(spec) > 1 else slice(spec[0], None)
            )
            for spec in specs
        )
        cases.add(name, [x, *specs], x[index])

    x = counting(4, 5)
    add('start and stop', x, [1, 3], [2, 5])
    add('a number drops its axis', x, 2)
    add('numbers give a scalar', x, 1, 3)
    add('negative numbers', x, -1, [0, 2])
    add('null takes all', x, None, 1)
    add('axes left out are taken whole', counting(2, 2, 2), [1])
    add('start alone', x, [2], [-2])
    add('stop alone', x, [None, 2], [None, -3])
    add('negative start and stop', x, [-3, -1], [-4, -2])
    add('steps', x, [0, 4, 2], [1, None, 3])
    add('step -1 reverses', x, [None, None, -1], [None, None, -1])
    add('negative steps', x, [3, 0, -1], [-1, None, -2])
    add('negative step, negative stop', x, [-1, -4, -2], [1, -6, -1])
    add('clamped to the axis', x, [2, 100], [-100, 2])
    add('clamped, negative step', x, [100, None, -3], [2, -100, -1])
    add('nothing', x, [3, 3], [4, 1])
    add('of an empty array', EMPTY, [0, 2], [1, 3])
    add('scalar without specs', f32(3))
    add('values are moved as they are', X, 1)
    add('int32', i32([5, 6, 7, 8]), [1, None, 2])
    add('uint8', u8([5, 6, 7, 255]), [-1])
    add('bool', boolean([[1, 0], [0, 1]]), None, 0)


def joiner(cases, join):
    def add(name, tensors, *axis):
        dtype = promote(*tensors)
        cases.add(name, [tensors, *axis], join([t.astype(dtype) for t in tensors], *axis))

    return add


@operations('concat')
def concat(cases):
    add = joiner(cases, np.concatenate)
    a, b, c = counting(2, 3), cases.inputs.normal(1, 3), cases.inputs.normal(2, 2)
    add('default axis', [a, b])
    add('axis 1', [a, c], 1)
    add('axis -1, three', [a, c, a], -1)
    add('axis 1 of rank 3', [counting(2, 1, 2), counting(2, 2, 2)], 1)
    add('one', [a])
    add('with an empty one', [a, EMPTY, b], 0)
    add('empty ones', [EMPTY, EMPTY], 1)
    add('values are moved as they are', [f32([NAN, -0.0]), f32([INF])])
    add('int32 with float32', [i32([1, 2]), f32([0.5])])
    add('uint8 with int32', [u8([255]), i32([-1])])
    add('bool', [boolean([1]), boolean([0, 1])])


@operations('stack')
def stack(cases):
    add = joiner(cases, np.stack)
    a = counting(2, 3)
    add('default axis', [a, a + 10])
    add('axis 1', [a, a + 10, a + 20], 1)
    add('axis -1', [a, a + 10], -1)
    add('scalars', [f32(1), f32(2), f32(3)])
    add('one', [f32([1, 2])], 1)
    add('empty ones', [EMPTY, EMPTY], 1)
    add('int32 with float32', [i32([1, 2]), f32([0.5, 1.5])])
    add('uint8', [u8([1, 2]), u8([3, 255])])


@operations('pad')
def pad(cases):
    def add(name, x, widths, *value):
        fill = value[0] if value else 0
        cases.add(
            name, [x, widths, *value], np.pad(x, widths or 0, constant_values=fill) if x.ndim else x
        )

    add('default value', X, [[1, 0], [2, 1]])
    add('value -1.5', counting(2, 2), [[1, 1], [0, 2]], -1.5)
    add('-Infinity', counting(2, 2), [[0, 1], [1, 0]], -INF)
    add('NaN', counting(2), [[1, 1]], NAN)
    add('widths 0', X, [[0, 0], [0, 0]])
    add('rank 3', counting(1, 2, 2), [[0, 1], [1, 0], [0, 1]], 9)
    add('empty', EMPTY, [[1, 1], [0, 1]], 7)
    add('scalar', f32(3), [])
    add('int32', i32([1, 2]), [[2, 1]], -7)
    add('uint8', u8([1, 2]), [[1, 1]], 255)
    add('bool', boolean([1, 1]), [[1, 1]])
    for mode in ('reflect', 'symmetric', 'edge'):
        for name, x, widths in (
            ('one axis', f32([1, 2, 3]), [[2, 2]]),
            ('values are moved as they are', X, [[1, 0], [2, 1]]),
            ('wider than the axis', counting(2, 3), [[3, 2], [0, 8]]),
            ('size 1', counting(1, 2), [[2, 1], [1, 0]]),
            ('rank 3', counting(2, 2, 3), [[0, 1], [1, 0], [2, 2]]),
            ('nothing', X, [[0, 0], [0, 0]]),
            ('empty', EMPTY, [[0, 0], [1, 2]]),
            ('int32', i32([4, 5, 6]), [[1, 2]]),
            ('bool', boolean([1, 0]), [[1, 1]]),
        ):
            cases.add(f'{mode}, {name}', [x, widths, mode], np.pad(x, widths, mode=mode))


@operations('split')
def split(cases):
    def add(name, x, parts, *axis):
        at = axis[0] if axis else 0
        sizes = parts if isinstance(parts, int) else [x.shape[at] - sum(parts) - 1 if n < 0 else n for n in parts]
        points = parts if isinstance(parts, int) else np.cumsum(sizes)[:-1]
        cases.add(name, [x, parts, *axis], np.split(x, points, at))

    x = counting(6, 2)
    add('count 3', x, 3)
    add('count 1', x, 1)
    add('sizes', x, [1, 2, 3])
    add('sizes with 0', x, [0, 6, 0])
    add('axis 1', x, 2, 1)
    add('sizes with -1', x, [1, -1, 2])
    add('-1 alone', x, [-1])
    add('axis -1, -1 is 0', counting(2, 5), [-1, 5], -1)
    add('axis -1, sizes', counting(2, 5), [4, 1], -1)
    add('axis 1 of rank 3', counting(2, 4, 2), 2, 1)
    add('empty', EMPTY, [0, 0])
    add('int32', i32([1, 2, 3]), 3)
    add('bool', boolean([1, 0, 1]), [2, 1])


@operations('slidingWindows')
def sliding_windows(cases):
    def add(name, x, sizes, **options):
        axes = options.get('axes', list(range(x.ndim)))
        strides = options.get('strides', [1] * len(axes))
        dilations = options.get('dilations', [1] * len(axes))
        spans = [(k - 1) * d + 1 for k, d in zip(sizes, dilations)]
        out = np.lib.stride_tricks.sliding_window_view(x, spans, axes)
        index = [slice(None)] * out.ndim
        for i, axis in enumerate(axes):
            index[axis % x.ndim] = slice(None, None, strides[i])
            index[x.ndim + i] = slice(None, None, dilations[i])
        cases.add(name, [x, sizes], out[tuple(index)], options or None)

    add('rank 1', counting(5), [3])
    add('rank 2', counting(3, 4), [2, 3])
    add('axis 1', counting(2, 5), [2], axes=[1])
    add('axis -1, stride 2', counting(2, 6), [3], axes=[-1], strides=[2])
    add('dilation 2', counting(6), [3], dilations=[2])
    add('stride and dilation', counting(9), [3], strides=[2], dilations=[3])
    add('two axes of an image', counting(1, 3, 4, 1), [2, 2], axes=[1, 2], strides=[1, 2])
    add('window axes in the order of axes', counting(3, 4), [2, 3], axes=[1, 0])
    add('two axes, dilations', counting(4, 5), [2, 2], axes=[0, 1], strides=[1, 2], dilations=[3, 2])
    add('window as large as the axis', counting(4), [4])
    add('window of 1', counting(3), [1], strides=[2])
    add('no batches', f32([]).reshape(0, 4), [2], axes=[1])
    add('int32', i32([1, 2, 3, 4]), [2])


@operations('take')
def take(cases):
    def add(name, x, indices, *axis):
        cases.add(name, [x, indices, *axis], np.take(x, indices, axis=axis[0] if axis else 0))

    x = counting(4, 3)
    add('rows', x, i32([2, 0, 3]))
    add('repeated', x, i32([1, 1, 1, 0]))
    add('axis 1', x, i32([2, 0]), 1)
    add('axis -1 of rank 3', counting(2, 2, 3), i32([1, 2]), -1)
    add('indices [2, 2]', x, i32([[0, 1], [3, 2]]))
    add('indices [2, 2] on axis 1', x, i32([[0, 1], [2, 2]]), 1)
    add('scalar index drops the axis', x, i32(2))
    add('scalar index on axis 1', x, i32(1), 1)
    add('no indices', x, i32([]))
    add('no rows to speak of', f32([]).reshape(3, 0), i32([2, 1]))
    add('uint8 indices', x, u8([3, 0]))
    add('values are moved as they are', X, i32([1, 1, 0]))
    add('int32 values', i32([7, 8, 9]), i32([2, 2]))
    add('bool values', boolean([1, 0]), i32([1, 0, 0]))


@operations('scatterAdd')
def scatter_add(cases):
    import torch

    def add(name, x, indices, updates, *axis):
        at = axis[0] if axis else 0
        out = np.moveaxis((x.astype(np.float64) if x.dtype == np.float32 else x).copy(), at, 0)
        at = at % x.ndim
        moved = np.moveaxis(updates, range(at, at + indices.ndim), range(indices.ndim))
        np.add.at(out, indices.astype(np.int64), moved)
        out = np.moveaxis(out, 0, at)
        if indices.ndim == 1:
            check = torch.from_numpy(x.copy()).index_add(
                at, torch.from_numpy(indices.astype(np.int64)), torch.from_numpy(updates)
            )
            assert np.allclose(check.numpy(), out, equal_nan=True)
        cases.add(name, [x, indices, updates, *axis], out)

    inputs = cases.inputs
    x = inputs.normal(4, 3)
    add('rows', x, i32([2, 0]), inputs.normal(2, 3))
    add('repeated rows', x, i32([1, 1, 3, 1]), inputs.normal(4, 3))
    add('axis 1', x, i32([2, 0, 2]), inputs.normal(4, 3), 1)
    add('axis -1 of rank 3', counting(2, 2, 3), i32([1, 1]), inputs.normal(2, 2, 2), -1)
    add('indices [2, 2]', x, i32([[0, 1], [3, 1]]), inputs.normal(2, 2, 3))
    add('indices [2, 2] on axis 1', x, i32([[0, 1], [2, 1]]), inputs.normal(4, 2, 2), 1)
    add('scalar index', x, i32(2), inputs.normal(3))
    add('into zeros', f32([0, 0, 0]), i32([2, 2, 0, 2]), f32([0.5, 0.25, 1, 2]))
    add('no indices', x, i32([]), f32([]).reshape(0, 3))
    add('special values', f32([1, 2, 3]), i32([0, 1, 1, 0]), f32([NAN, INF, -INF, 1]))
    add('uint8 indices', f32([1, 2]), u8([1, 1]), f32([3, 4]))
    add('int32 wraps', i32([2147483647, 0]), i32([0, 1, 0]), i32([1, 5, 1]))


@operations('oneHot')
def one_hot(cases):
    def add(name, labels, depth, *dtype):
        out = labels[..., None] == np.arange(depth)
        cases.add(name, [labels, depth, *dtype], out.astype(dtype[0] if dtype else 'float32'))

    add('labels [4]', i32([2, 0, 1, 2]), 3)
    add('uint8 labels', u8([0, 9]), 10)
    add('labels [2, 2]', i32([[0, 1], [1, 0]]), 2)
    add('scalar label', i32(1), 3)
    add('depth 1', i32([0, 0]), 1)
    add('no labels', i32([]), 3)
    for dtype in ('int32', 'uint8', 'bool', 'float32'):
        add(dtype, i32([1, 0]), 2, dtype)


@operations('stopGradient')
def stop_gradient(cases):
    add = adder(cases)
    for name, x in (
        ('values stay as they are', X),
        ('scalar', f32(3)),
        ('empty', EMPTY),
        ('int32', i32([[7, -1]])),
        ('bool', boolean([1, 0])),
    ):
        add(name, x, out=x)


@operations('unstack')
def unstack(cases):
    def add(name, x, *axis):
        at = axis[0] if axis else 0
        cases.add(name, [x, *axis], [np.take(x, i, at) for i in range(x.shape[at])])

    add('default axis', counting(3, 2))
    add('axis 1', counting(2, 3), 1)
    add('axis -1 of rank 3', counting(2, 2, 3), -1)
    add('of a vector', f32([1, NAN, -0.0]))
    add('rows without elements', f32([]).reshape(2, 0))
    add('no rows', EMPTY)
    add('int32', i32([[1, 2], [3, 4]]))


@operations('tile')
def tile(cases):
    def add(name, x, repeats):
        cases.add(name, [x, repeats], np.tile(x, repeats))

    add('a number is for the last axis', X, 2)
    add('one for each axis', X, [2, 3])
    add('fewer than axes', counting(2, 2, 2), [2, 1])
    add('more than axes', f32([1, 2]), [2, 1, 3])
    add('scalar', f32(3), [2, 2])
    add('0', X, [0, 2])
    add('none', X, [])
    add('empty', EMPTY, [2, 2])
    add('int32', i32([7, 8]), 3)
    add('bool', boolean([1, 0]), [2, 1])


@operations('repeat')
def repeat(cases):
    def add(name, x, repeats, *axis):
        cases.add(name, [x, repeats, *axis], np.repeat(x, repeats, *axis))

    add('flattened', X, 2)
    add('axis 0', X, 2, 0)
    add('axis -1 of rank 3', counting(2, 1, 3), 3, -1)
    add('one for each row', counting(3, 2), [2, 0, 1], 0)
    add('one for each column', counting(2, 3), [1, 2, 3], 1)
    add('one for each element', f32([1, 2, 3]), [0, 1, 2])
    add('scalar', f32(3), 3)
    add('0', X, 0, 1)
    add('empty', EMPTY, 2, 1)
    add('no rows', EMPTY, [], 0)
    add('int32', i32([7, 8]), 3)
    add('bool', boolean([1, 0]), [2, 1])


@operations('roll')
def roll(cases):
    def add(name, x, shift, *axis):
        given = [tuple(a) if isinstance(a, list) else a for a in axis]
        cases.add(
            name, [x, shift, *axis], np.roll(x, tuple(shift) if isinstance(shift, list) else shift, *given)
        )

    x = counting(3, 4)
    add('as if flattened', x, 2)
    add('axis 0', x, 1, 0)
    add('axis -1, backwards', x, -1, -1)
    add('further than the axis', x, 11, 1)
    add('two axes', x, [1, -2], [0, 1])
    add('an axis twice', x, [1, 1], [0, 0])
    add('not at all', X, 0, 1)
    add('values are moved as they are', X, 1, 1)
    add('scalar', f32(3), 2)
    add('empty', EMPTY, 1, 0)
    add('int32', i32([1, 2, 3]), -5)
    add('bool', boolean([1, 0, 0]), 1)


@operations('meshgrid')
def meshgrid(cases):
    def add(name, *tensors, **options):
        cases.add(name, [list(tensors)], list(np.meshgrid(*tensors, **options)), options or None)

    x, y, z = f32([1, 2, 3]), f32([4, NAN]), f32([-0.0, 5])
    add('two', x, y)
    add('two, ij', x, y, indexing='ij')
    add('three', x, y, z, indexing='xy')
    add('three, ij', x, y, z, indexing='ij')
    add('one', x)
    add('of a scalar', f32(3), x)
    add('empty', f32([]), x)
    add('int32 and float32', i32([1, 2]), x)


@operations('tril', 'triu')
def triangles(cases):
    def add(name, x, *k):
        cases.add(name, [x, *k], getattr(np, cases.operation)(x, *k))

    x = counting(3, 4) + 1
    add('main diagonal', x)
    add('k 1', x, 1)
    add('k -1', x, -1)
    add('k beyond the matrix', x, 5)
    add('k before the matrix', x, -4)
    add('k beyond int32', x, 2**40)
    add('k before int32', x, -(2**40))
    add('tall', counting(4, 2) + 1)
    add('batch', counting(2, 2, 2) + 1)
    add('NaN and -0 on either side', f32([[NAN, -0.0], [-0.0, NAN]]))
    add('empty', EMPTY)
    add('int32', i32([[1, 2], [3, 4]]), 1)
    add('uint8', u8([[1, 2], [3, 255]]))
    add('bool', boolean([[1, 1], [1, 1]]))


@operations('diag')
def diag(cases):
    def add(name, x, *k):
        cases.add(name, [x, *k], np.diag(x, *k))

    add('of a vector', f32([1, NAN, -0.0]))
    add('of a vector, k 1', f32([1, 2, 3]), 1)
    add('of a vector, k -2', f32([1, 2]), -2)
    add('of an empty vector', f32([]), 1)
    add('of an int32 vector', i32([1, 2]))
    add('of a bool vector', boolean([1, 1]))
    add('of a matrix', counting(3, 4))
    add('of a matrix, k 1', counting(3, 4), 1)
    add('of a matrix, k -1', counting(3, 4), -1)
    add('of a matrix, k 3', counting(3, 4), 3)
    add('of a matrix, k beyond it', counting(3, 4), 4)
    add('of a matrix, k before it', counting(3, 4), -3)
    add('of a tall matrix', counting(4, 2), -2)
    add('of an empty matrix', EMPTY)
    add('of a bool matrix', boolean([[1, 0], [0, 1]]))


@operations('spaceToDepth')
def space_to_depth(cases):
    def add(name, x, b):
        n, h, w, c = x.shape
        out = np.zeros((n, h // b, w // b, c * b * b), x.dtype)
        for i in range(b):
            for j in range(b):
                k = (i * b + j) * c
                out[..., k : k + c] = x[:, i::b, j::b]
        cases.add(name, [x, b], out)

    add('2', counting(1, 4, 4, 1), 2)
    add('3 channels', counting(1, 2, 4, 3), 2)
    add('batch', counting(2, 2, 2, 2), 2)
    add('3', counting(1, 3, 6, 1), 3)
    add('1', counting(1, 2, 2, 2), 1)
    add('empty', f32([]).reshape(0, 2, 2, 1), 2)
    add('int32', i32([[[[1], [2]], [[3], [4]]]]), 2)


@operations('depthToSpace')
def depth_to_space(cases):
    def add(name, x, b):
        n, h, w, c = x.shape
        m = c // (b * b)
        out = np.zeros((n, h * b, w * b, m), x.dtype)
        for i in range(b):
            for j in range(b):
                k = (i * b + j) * m
                out[:, i::b, j::b] = x[..., k : k + m]
        cases.add(name, [x, b], out)

    add('2', counting(1, 2, 2, 4), 2)
    add('3 channels', counting(1, 1, 2, 12), 2)
    add('batch', counting(2, 1, 1, 8), 2)
    add('3', counting(1, 1, 2, 9), 3)
    add('1', counting(1, 2, 2, 2), 1)
    add('empty', f32([]).reshape(0, 2, 2, 4), 2)
    add('int32', i32([[[[1, 2, 3, 4]]]]), 2)

"""where, clip and cast."""

import numpy as np

from common import INF, NAN, boolean, f32, i32, operations, promote, u8, widen

HUGE = 3.4028234663852886e38


@operations('where')
def where(cases):
    def add(name, condition, a, b):
        dtype = promote(a, b)
        cases.add(name, [condition, a, b], np.where(condition, widen(a, dtype), widen(b, dtype)))

    draw = cases.inputs.normal
    add('typical values [2, 3]', boolean([[1, 0, 1], [0, 0, 1]]), draw(2, 3), draw(2, 3))
    add('[2, 1], [3], [2, 3]', boolean([[1], [0]]), draw(3), draw(2, 3))
    add('condition [2, 2], scalars', boolean([[1, 0], [0, 1]]), draw(), draw())
    add('scalar condition', boolean(1), draw(2), draw(2))
    add('empty', boolean([]), f32([]), f32([]))
    add('a number', boolean([1, 0, 1]), draw(3), 0)
    add(
        'what is not picked does not leak',
        boolean([1, 0, 1, 0]),
        f32([1, NAN, -0.0, INF]),
        f32([NAN, 2, INF, -0.0]),
    )
    add('int32 with float32', boolean([1, 0]), i32([7, 8]), f32([0.5, 0.25]))
    add('uint8 with int32', boolean([1, 0]), u8([200, 8]), i32([-1, -2]))
    add('bool with bool', boolean([1, 0]), boolean([1, 1]), boolean([0, 0]))
    add('int32 with a fraction', boolean([1, 0]), i32([7, 8]), 0.5)


@operations('clip')
def clip(cases):
    def add(name, x, lo, hi):
        dtype = promote(x, lo, hi)
        cases.add(
            name,
            [x, lo, hi],
            np.minimum(np.maximum(widen(x, dtype), widen(lo, dtype)), widen(hi, dtype)),
        )

    draw = cases.inputs.normal
    add('typical values [3, 4]', draw(3, 4, scale=2), -1, 1)
    add('fractions', draw(6), -0.25, 0.75)
    add('special values', f32([NAN, INF, -INF, 1e-45, HUGE, -1e-40]), -2.5, 2.5)
    add('one side', f32([NAN, INF, -INF, 3, -3]), 0.5, INF)
    add('hi below lo gives hi', f32([-3, 0, 3]), 1, -1)
    add('int32', i32([-7, 0, 7]), -2, 3)
    add('uint8', u8([0, 7, 255]), 5, 200)
    add('int32 with fractions', i32([-7, 0, 7]), -0.5, 0.5)
    add('scalar', f32(4), 0.5, 1.5)
    add('empty', f32([]).reshape(0, 2), 0.5, 1.5)


@operations('cast')
def cast(cases):
    """float32 -> int32 and uint8 truncate, saturate and take NaN to 0; these are written by hand."""
    add = lambda name, x, dtype, out, **more: cases.add(name, [x, dtype], out, **more)
    floats = f32([1.9, -1.9, 0.5, -0.5, NAN, INF, -INF, 3e9, -3e9, 2147483520, 1e-45])
    largest, smallest = 2147483647, -2147483648
    add(
        'float32 to int32',
        floats,
        'int32',
        i32([1, -1, 0, 0, 0, largest, smallest, largest, smallest, 2147483520, 0]),
    )
    add(
        'float32 to uint8',
        f32([1.9, 254.9, 255, 255.5, 256, 1e9, -0.9, -1, NAN, INF, -INF]),
        'uint8',
        u8([1, 254, 255, 255, 255, 255, 0, 0, 0, 255, 0]),
    )
    add(
        'float32 to bool',
        f32([0, -0.0, 1, -1, 0.5, NAN, INF, 1e-45]),
        'bool',
        boolean([0, 0, 1, 1, 1, 1, 1, 1]),
    )
    add('float32 to float32', f32([NAN, -0.0, 0.1]), 'float32', f32([NAN, -0.0, 0.1]))
    ints = i32([0, 1, -1, 255, 256, 257, largest, smallest])
    add('int32 to float32', i32([0, 1, -1, 16777216]), 'float32', np.array([0.0, 1, -1, 16777216]))
    add(
        'int32 to float32 rounds to even',
        i32([16777217, 16777219, -16777217, largest]),
        'float32',
        np.array([16777216.0, 16777220, -16777216, 2147483648]),
        float32_only=True,
    )
    add('int32 to uint8 wraps', ints, 'uint8', u8([0, 1, 255, 255, 0, 1, 255, 0]))
    add('int32 to bool', ints, 'bool', boolean([0, 1, 1, 1, 1, 1, 1, 1]))
    add('int32 to int32', ints, 'int32', ints)
    bytes_ = u8([[0, 1], [128, 255]])
    for dtype, out in (
        ('float32', f32([[0, 1], [128, 255]])),
        ('int32', i32([[0, 1], [128, 255]])),
        ('uint8', bytes_),
        ('bool', boolean([[0, 1], [1, 1]])),
    ):
        add(f'uint8 to {dtype}', bytes_, dtype, out)
    bits = boolean([0, 1])
    for dtype, out in (
        ('float32', f32([0, 1])),
        ('int32', i32([0, 1])),
        ('uint8', u8([0, 1])),
        ('bool', bits),
    ):
        add(f'bool to {dtype}', bits, dtype, out)
    add('scalar', f32(2.5), 'int32', i32(2))
    add('empty', f32([]).reshape(0, 3), 'uint8', u8([]).reshape(0, 3))

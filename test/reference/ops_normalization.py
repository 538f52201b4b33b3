"""Standardisation, the arithmetic of batch and layer normalisation."""

import numpy as np

from common import NAN, boolean, f32, i32, operations, widen


@operations('standardize')
def standardize(cases):
    def add(name, x, axes=None, scale=None, shift=None, **options):
        wide = widen(x)
        over = tuple(axes) if isinstance(axes, list) else axes
        mean = wide.mean(axis=over, keepdims=True)
        variance = wide.var(axis=over, keepdims=True)
        out = (wide - mean) / np.sqrt(variance + options.get('epsilon', 1e-5))
        out = out * (1 if scale is None else widen(scale)) + (0 if shift is None else widen(shift))
        args = [x, axes, scale, shift]
        while not options and args[-1] is None:
            args.pop()
        cases.add(name, args, out, options or None)

    draw = cases.inputs.normal
    add('all axes', draw(3, 4))
    add('axis -1', draw(2, 5), -1)
    add('axes [0, 1], scale and shift of each channel', draw(3, 2, 4), [0, 1], draw(4), draw(4))
    add('axes [0, 1, 2], scale [1, 1, 1, 2]', draw(2, 2, 3, 2), [0, 1, 2], draw(1, 1, 1, 2))
    add('axis 1, scale along it', draw(3, 4), 1, draw(4), draw(4))
    add('axis 0, scale of each row', draw(3, 2), 0, draw(3, 1))
    add('shift alone', draw(4, 2), 0, None, draw(2))
    add('scalar scale and shift', draw(5), None, draw(), draw())
    add('epsilon 0.25', draw(2, 3, scale=0.1), 1, epsilon=0.25)
    add('epsilon 0', draw(2, 3), 1, draw(3), draw(3), epsilon=0)
    add('far from 0', draw(2, 300, mean=8), 1)
    add('equal numbers', f32([[3, 3, 3], [-7, -7, -7]]), 1)
    add('special values', f32([[NAN, 1, 2], [3, 2, 1]]), 1)
    add('a number by itself', f32([[4], [5]]), 1)
    add('int32', i32([1, 2, 6]))
    add('bool', boolean([[1, 0, 0, 1], [1, 1, 1, 0]]), 1)
    add('empty result', f32([]).reshape(0, 3), 1)

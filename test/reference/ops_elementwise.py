"""Elementwise operations: float functions, arithmetic, comparison, logic."""

import numpy as np
from scipy import special

from common import INF, NAN, Inputs, boolean, f32, i32, promote, u8, widen

inputs = Inputs(1)
TINY, DENORMAL, HUGE = 1.401298464324817e-45, -1e-40, 3.4028234663852886e38
POSITIVE_ZERO = [NAN, INF, -INF, 0.0, TINY, DENORMAL, HUGE]
SPECIAL = [*POSITIVE_ZERO, -0.0]
FINITE_OR_RISING = [NAN, INF, 0.0, -0.0, TINY, DENORMAL, HUGE]
HALVES = [-3.5, -2.5, -1.5, -0.5, -0.3, 0.3, 0.49999997, 0.5, 1.5, 2.5, 3.5, 8388607.5, 8388609.0, -1e10]


def gelu(x):
    return 0.5 * x * special.erfc(-x / np.sqrt(2))


def gelu_tanh(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x * x * x)))


def elu(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(np.where(x > 0, 0, x)))


def leaky_relu(x, slope=0.01):
    return np.where(x > 0, x, slope * x)


def relu(x):
    return np.where(x <= 0, np.zeros_like(x), x)


def sine_inputs():
    return [*SPECIAL, 3.1415927, 1.5707964, 100.0, -1e3, 1e5, 1e7]


# name: (reference, domain of typical values, edge values)
FLOAT_FUNCTIONS = {
    'exp': (np.exp, (-5, 5), [*SPECIAL, 1e-8, 88.72, 88.73, -87.4, -100, -104, 1000, -1000]),
    'expm1': (np.expm1, (-2, 2), [*SPECIAL, 1e-8, -1e-8, 1e-4, 88.72, 88.73, -20, -1000]),
    'log': (np.log, (0.1, 10), [*SPECIAL, 1.0, 0.99999994, 1.0000001, 2.0, -1.0]),
    'log1p': (np.log1p, (-0.9, 5), [*SPECIAL, 1e-8, -1e-8, 1e-4, -0.99999994, -1.0, -1.5]),
    'sqrt': (np.sqrt, (0, 10), [*SPECIAL, 1.0, 2.0, 4.0, -1.0]),
    'rsqrt': (lambda x: 1 / np.sqrt(x), (0.1, 10), [*SPECIAL, 1.0, 2.0, 4.0, -1.0]),
    'reciprocal': (lambda x: 1 / x, (0.1, 10), [*SPECIAL, 1.0, -2.0, 3.0, 1e38]),
    'sin': (np.sin, (-7, 7), sine_inputs()),
    'cos': (np.cos, (-7, 7), sine_inputs()),
    'tanh': (np.tanh, (-3, 3), [*SPECIAL, 1e-4, -1e-8, 5, -9, 9.02, 20, -100]),
    'erf': (special.erf, (-2, 2), [*SPECIAL, 1e-4, -1e-8, 0.5, 1, -2.5, 3.9, 4, -6, 100]),
    'sigmoid': (special.expit, (-5, 5), [*SPECIAL, 20, -20, 80, -80, 1e4, -1e4]),
    'softplus': (lambda x: np.logaddexp(0, x), (-5, 5), [*SPECIAL, 20, -20, 100, -80, 1e4, -1e4]),
    'silu': (lambda x: x * special.expit(x), (-5, 5), [*FINITE_OR_RISING, 20, -20, 80, -80, 1e4, -1e4]),
    'gelu': (gelu, (-3, 3), [*FINITE_OR_RISING, 1e-4, 6, -2, -4, -6, 20, -20, 1e4, -1e4]),
    'softsign': (lambda x: x / (1 + np.abs(x)), (-5, 5), [*SPECIAL, 1e-8, 20, -1e4]),
    'elu': (elu, (-3, 3), [*SPECIAL, 1e-8, -1e-8, 20, -20, -1e4]),
}

# Operations that keep integers; -0 is left out where its sign in the result is an accident.
KEEP_DTYPE = {
    'neg': (np.negative, SPECIAL),
    'abs': (np.abs, SPECIAL),
    'sign': (np.sign, POSITIVE_ZERO),
    'square': (np.square, [*SPECIAL, 1e20, 1e-30]),
    'floor': (np.floor, [*SPECIAL, *HALVES]),
    'ceil': (np.ceil, [*SPECIAL, *HALVES]),
    'round': (np.rint, [*SPECIAL, *HALVES]),
    'relu': (relu, POSITIVE_ZERO),
}

INT32_EDGES = i32([0, 1, -1, 7, -7, 46341, 65536, 2147483647, -2147483648])
UINT8_EDGES = u8([0, 1, 2, 15, 16, 20, 128, 255])


def shapes_of(table, op, reference, lo, hi, options=None):
    def add(name, x):
        table.add(op, name, [x], reference(widen(x)), options)

    add('typical values [3, 4]', inputs.uniform(lo, hi, 3, 4))
    add('scalar', inputs.uniform(lo, hi))
    add('rank 3 [2, 1, 3]', inputs.uniform(lo, hi, 2, 1, 3))
    add('empty [2, 0]', f32([]).reshape(2, 0))


def float_functions(table):
    for op, (reference, domain, edges) in FLOAT_FUNCTIONS.items():
        shapes_of(table, op, reference, *domain)
        table.add(op, 'edge values', [f32(edges)], reference(widen(f32(edges))))
        for name, x in (
            ('int32', i32([1, 2, 3, 5])),
            ('uint8', u8([1, 2, 3, 5])),
            ('bool', boolean([1, 1, 0])),
        ):
            table.add(op, f'{name} gives float32', [x], reference(widen(x)))
    near = f32([-0.999, -0.5, 1e-6, -1e-6])
    table.add('log1p', 'near -1 and near 0', [near], np.log1p(widen(near)))
    dense = np.linspace(-5.9, 5.9, 60).round(3).astype(np.float32)
    for op in ('tanh', 'erf', 'sigmoid', 'gelu', 'softplus', 'silu'):
        table.add(op, 'from -5.9 to 5.9', [dense], FLOAT_FUNCTIONS[op][0](widen(dense)))
    x, edges = inputs.normal(3, 4, scale=2), f32([*FINITE_OR_RISING, 1e-4, 6, -2, -4, -6, 20, -20, 1e4, -1e4])
    table.add('gelu', "approximate 'none'", [x], gelu(widen(x)), {'approximate': 'none'})
    table.add('gelu', "approximate 'tanh'", [x], gelu_tanh(widen(x)), {'approximate': 'tanh'})
    table.add(
        'gelu', "approximate 'tanh', edge values", [edges], gelu_tanh(widen(edges)), {'approximate': 'tanh'}
    )
    table.add('elu', 'alpha 1.5', [x, 1.5], elu(widen(x), 1.5))
    shapes_of(table, 'leakyRelu', leaky_relu, -3, 3)
    table.add('leakyRelu', 'edge values', [f32(SPECIAL)], leaky_relu(widen(f32(SPECIAL))))
    table.add('leakyRelu', 'slope 0.25', [x, 0.25], leaky_relu(widen(x), 0.25))
    table.add('leakyRelu', 'slope 0', [f32([2, 1, -1, -2]), 0], np.array([2, 1, -0.0, -0.0]))


def functions_that_keep_dtype(table):
    for op, (reference, edges) in KEEP_DTYPE.items():
        shapes_of(table, op, reference, -5, 5)
        table.add(op, 'edge values', [f32(edges)], reference(widen(f32(edges))))
        for name, x in (('int32', INT32_EDGES), ('uint8', UINT8_EDGES)):
            with np.errstate(over='ignore'):
                out = x if op in ('floor', 'ceil', 'round') else reference(x)
            assert out.dtype == x.dtype
            table.add(op, f'{name} stays {name} and wraps', [x], out)
    for op, reference in (('isNaN', np.isnan), ('isFinite', np.isfinite)):
        shapes_of(table, op, reference, -5, 5)
        table.add(op, 'edge values', [f32(SPECIAL)], reference(f32(SPECIAL)))
        table.add(op, 'int32', [INT32_EDGES], reference(INT32_EDGES))
        table.add(op, 'bool', [boolean([1, 0])], reference(boolean([1, 0])))


def pair(reference, a, b, dtype):
    return reference(widen(a, dtype), widen(b, dtype))


def shapes_of_pairs(table, op, apply, lo=-4, hi=4):
    """Broadcasting; apply(a, b) gives the reference."""

    def add(name, a, b):
        table.add(op, name, [a, b], apply(a, b))

    draw = lambda *shape: inputs.uniform(lo, hi, *shape)
    add('typical values [2, 3]', draw(2, 3), draw(2, 3))
    add('[3, 1] with [4]', draw(3, 1), draw(4))
    add('[2, 1, 3] with [1, 2, 1]', draw(2, 1, 3), draw(1, 2, 1))
    add('scalar with [2, 2]', draw(), draw(2, 2))
    add('scalar with scalar', draw(), draw())
    add('[1] with [0]', draw(1), draw(0))
    add('[0, 3] with [1, 3]', draw(0, 3), draw(1, 3))
    add('a number', draw(2, 3), 1.5)


def dtypes_of_pairs(table, op, apply, nonnegative=False):
    def add(name, a, b):
        table.add(op, name, [a, b], apply(a, b))

    a, b = (
        (i32([0, 1, 2, 7, 3]), i32([3, 0, 2, 5, 4]))
        if nonnegative
        else (i32([0, 1, -2, 7, -7]), i32([3, -1, 2, 5, 4]))
    )
    small = u8([0, 1, 2, 7, 3])
    add('int32 with int32', a, b)
    add('uint8 with uint8', small, u8([3, 1, 2, 5, 4]))
    add('int32 with float32', a, f32([0.5, 1.25, -4, 2, 3]))
    add('uint8 with int32', small, b)
    add('uint8 with float32', small, f32([0.5, 1.25, -4, 2, 3]))
    add('bool with int32', boolean([1, 0, 1, 0, 1]), i32([2, 3, 3, 1, 1]))
    add('bool with float32', boolean([1, 0, 1, 0, 1]), f32([2, 3, 0.5, 1, 0.25]))
    add('int32 with an integer number', a, 2)
    add('int32 with a fraction', a, 0.5)
    add('uint8 with an integer number', small, 3)
    add('bool with an integer number', boolean([1, 0]), 2)


def arithmetic(table):
    def applied(reference, op):
        def apply(a, b):
            dtype = 'float32' if op == 'div' else promote(a, b)
            with np.errstate(all='ignore'):
                return pair(reference, a, b, dtype)

        return apply

    cross = f32([NAN, INF, -INF, -0.0, 0.0, 1.5, -2.0])
    ordered = f32([NAN, INF, -INF, 0.0, 1.5, -2.0, 1e-40])
    for op, reference in (
        ('add', np.add),
        ('sub', np.subtract),
        ('mul', np.multiply),
        ('div', np.divide),
        ('mod', np.mod),
        ('maximum', np.maximum),
        ('minimum', np.minimum),
        ('pow', np.power),
    ):
        apply = applied(reference, op)
        shapes_of_pairs(table, op, apply, *((0.25, 4) if op in ('pow', 'mod') else (-4, 4)))
        dtypes_of_pairs(table, op, apply, nonnegative=op == 'pow')
        if op in ('add', 'sub', 'mul', 'div'):
            table.add(
                op, 'special values [7, 1] with [7]', [cross[:, None], cross], apply(cross[:, None], cross)
            )
        if op in ('maximum', 'minimum'):
            table.add(
                op,
                'special values [7, 1] with [7]',
                [ordered[:, None], ordered],
                apply(ordered[:, None], ordered),
            )

    def add(op, name, a, b):
        table.add(
            op,
            name,
            [a, b],
            applied(
                {
                    'add': np.add,
                    'sub': np.subtract,
                    'mul': np.multiply,
                    'div': np.divide,
                    'mod': np.mod,
                    'pow': np.power,
                }[op],
                op,
            )(a, b),
        )

    largest, smallest = 2147483647, -2147483648
    add('add', 'int32 wraps', i32([largest, smallest, largest]), i32([1, -1, largest]))
    add('sub', 'int32 wraps', i32([smallest, largest, 0]), i32([1, -1, smallest]))
    add('mul', 'int32 wraps', i32([65536, 123456789, smallest]), i32([65536, 987654321, -1]))
    add('add', 'uint8 wraps', u8([200, 255, 10]), u8([100, 1, 20]))
    add('sub', 'uint8 wraps', u8([3, 0, 10]), u8([5, 255, 10]))
    add('mul', 'uint8 wraps', u8([20, 255, 16]), u8([20, 255, 16]))
    add('sub', 'uint8 with a number wraps', u8([1, 5]), 3)
    add('add', 'float32 overflow and denormals', f32([HUGE, TINY, 1e-40]), f32([HUGE, TINY, -9e-41]))
    add('mul', 'float32 overflow and underflow', f32([1e30, 1e-30, 1e-20]), f32([1e30, 1e-30, 1e-20]))
    add('div', 'float32 overflow and underflow', f32([1e30, 1e-30, 1e-20]), f32([1e-30, 1e30, 1e20]))
    add('div', 'int32 by zero', i32([1, -1, 0]), i32([0, 0, 0]))
    add(
        'mod', 'signs follow the divisor', f32([5.5, -5.5, 5.5, -5.5, 0.25, -0.25]), f32([3, 3, -3, -3, 1, 1])
    )
    add('mod', 'int32 signs follow the divisor', i32([7, -7, 7, -7, 6, -6]), i32([3, 3, -3, -3, 3, 3]))
    add('mod', 'int32 by zero is 0', i32([5, -5, 0]), i32([0, 0, 0]))
    add('mod', 'int32 extremes', i32([smallest, largest, smallest]), i32([-1, -1, largest]))
    add(
        'mod',
        'special values',
        f32([NAN, 5.5, INF, 5.5, 5.5, -5.5, 5.5, 0]),
        f32([3, NAN, 3, 0, INF, INF, -INF, 0]),
    )
    add('mod', 'large quotients', f32([1e10, 1000.5, -1e6, 12345.678]), f32([3, 0.3, 0.1, 0.7]))
    exponents = f32([NAN, INF, -INF, 0, 1, 2, 3, -1, -2, 0.5, 1 / 3])
    add('pow', 'special values, first bases', f32([NAN, INF, -INF, -0.0, 0.0])[:, None], exponents)
    add('pow', 'special values, other bases', f32([1, -1, 2, -8, 0.5])[:, None], exponents)
    add(
        'pow',
        'range of float32',
        f32([10, 10, 2, 2, 1.0001, 0.9, 0.999, -2]),
        f32([38, 39, -149, -126, 10000, 500, 10000, 127]),
    )
    for exponent in (0, 1, 2, 3, -1, 0.5, -0.5):
        add('pow', f'exponent {exponent}', f32([0.5, 1.25, 3, 10]), exponent)
    add('pow', 'int32 wraps', i32([3, -3, 46341, 2]), i32([21, 3, 2, 31]))


def comparison(table):
    cross = f32([NAN, INF, -INF, -0.0, 0.0, 1.5])
    for op, reference in (
        ('equal', np.equal),
        ('notEqual', np.not_equal),
        ('less', np.less),
        ('lessEqual', np.less_equal),
        ('greater', np.greater),
        ('greaterEqual', np.greater_equal),
    ):
        apply = lambda a, b: pair(reference, a, b, promote(a, b))
        add = lambda name, a, b: table.add(op, name, [a, b], apply(a, b))
        shapes_of_pairs(table, op, apply)
        dtypes_of_pairs(table, op, apply)
        add('special values [6, 1] with [6]', cross[:, None], cross)
        add(
            'int32 extremes',
            i32([2147483647, -2147483648, 2147483647]),
            i32([2147483646, 2147483647, 2147483647]),
        )
        add('bool with bool', boolean([0, 0, 1, 1]), boolean([0, 1, 0, 1]))


def logic(table):
    truths = f32([NAN, -INF, -0.0, 0, 0.5, 1e-45])
    for op, reference in (
        ('logicalAnd', np.logical_and),
        ('logicalOr', np.logical_or),
        ('logicalXor', np.logical_xor),
    ):
        add = lambda name, a, b: table.add(op, name, [a, b], reference(a, b))
        add('truth table [2, 1] with [2]', boolean([[0], [1]]), boolean([0, 1]))
        add('float32, NaN is true', truths[:, None], truths)
        add('int32 with bool', i32([0, 1, -1, 256]), boolean([1, 1, 0, 1]))
        add('uint8 with float32', u8([0, 1, 255]), f32([0.5, 0, 2]))
        add('scalar with [3]', boolean(1), boolean([1, 0, 1]))
        add('empty [0, 2] with [2]', boolean([]).reshape(0, 2), boolean([1, 0]))
        add('a number', boolean([1, 0]), 1)
    for name, x in (
        ('bool', boolean([[0, 1], [1, 0]])),
        ('float32, NaN is true', truths),
        ('int32', i32([0, 1, -1, 256])),
        ('uint8', u8([0, 1, 255])),
        ('scalar', boolean(0)),
        ('empty', f32([])),
    ):
        table.add('logicalNot', name, [x], np.logical_not(x))


def add_cases(table):
    with np.errstate(all='ignore'):
        float_functions(table)
        functions_that_keep_dtype(table)
        arithmetic(table)
        comparison(table)
        logic(table)

"""Elementwise operations: float functions, arithmetic, comparison, logic."""

import numpy as np
from scipy import special

from common import INF, NAN, Inputs, boolean, f32, i32, operations, promote, u8, widen

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


def celu(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(np.where(x > 0, 0, x) / alpha))


def selu(x):
    return 1.0507009873554805 * elu(x, 1.6732632423543772)


def mish(x):
    return x * np.tanh(np.logaddexp(0, x))


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
    'relu6': (lambda x: np.minimum(relu(x), 6), (-5, 9), [*POSITIVE_ZERO, 5.5, 6, 6.5, 1e4]),
    'hardTanh': (lambda x: np.clip(x, -1, 1), (-3, 3), [*SPECIAL, 0.5, -1, 1, 1.5, -1e4]),
    'hardSigmoid': (lambda x: np.clip(x + 3, 0, 6) / 6, (-5, 5), [*SPECIAL, -3, 3, 2.5, -1e4]),
    'hardSwish': (lambda x: x * np.clip(x + 3, 0, 6) / 6, (-5, 5), [*FINITE_OR_RISING, -3, 3, 2.5, 1e4]),
    'logSigmoid': (lambda x: -np.logaddexp(0, -x), (-5, 5), [*SPECIAL, 20, -20, 100, -80, 1e4, -1e4]),
    'mish': (mish, (-5, 5), [*FINITE_OR_RISING, 20, -20, 1e4]),
    'selu': (selu, (-3, 3), [*SPECIAL, 1e-8, -1e-8, 20, -20, -1e4]),
    'celu': (celu, (-3, 3), [*SPECIAL, 1e-8, -1e-8, 20, -20, -1e4]),
    'elu': (elu, (-3, 3), [*SPECIAL, 1e-8, -1e-8, 20, -20, -1e4]),
    'tan': (np.tan, (-1.5, 1.5), sine_inputs()),
    'asin': (np.arcsin, (-1, 1), [*SPECIAL, 1e-8, 0.5, -0.49999997, 0.97, 1, -1, 0.99999994, 1.1]),
    'acos': (np.arccos, (-1, 1), [*SPECIAL, 1e-8, 0.5, -0.5, 0.97, 1, -1, 0.99999994, -1.1]),
    'atan': (np.arctan, (-4, 4), [*SPECIAL, 1e-8, 0.4375, -0.6875, 1, 1.1875, 2.4375, -1e4, 1e10]),
    'sinh': (np.sinh, (-3, 3), [*SPECIAL, 1e-8, -1e-4, 20, 79.9, -80.1, 88.8, 1000]),
    'cosh': (np.cosh, (-3, 3), [*SPECIAL, 1e-4, 20, 79.9, -80.1, 88.8, -1000]),
    'asinh': (np.arcsinh, (-4, 4), [*SPECIAL, 1e-8, -1e-4, 100, 9e8, -2e9, 1e20]),
    'acosh': (np.arccosh, (1, 5), [*SPECIAL, 1, 1.0000001, 1.001, 9e8, 2e9, 1e20, 0.99, -2, -1e5]),
    'atanh': (np.arctanh, (-0.9, 0.9), [*SPECIAL, 1e-8, -1e-4, 0.99999994, 1, -1, 1.1, -2]),
    # SciPy gives 0 for -0.
    'erfinv': (
        special.erfinv,
        (-0.99, 0.99),
        [*POSITIVE_ZERO, 1e-8, -1e-4, 0.84, -0.86, 0.9999, 0.99999994, 1, -1, 2],
    ),
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
# A dense range of inputs shows the whole curve.
DENSE = np.linspace(-5.9, 5.9, 60).round(3).astype(np.float32)
# For functions that have an option.
NORMAL = Inputs(1, 304).normal(3, 4, scale=2)


def shapes_of(cases, reference, lo, hi):
    add = lambda name, x: cases.add(name, [x], reference(widen(x)))
    draw = lambda *shape: cases.inputs.uniform(lo, hi, *shape)
    add('typical values [3, 4]', draw(3, 4))
    add('scalar', draw())
    add('rank 3 [2, 1, 3]', draw(2, 1, 3))
    add('empty [2, 0]', f32([]).reshape(2, 0))


@operations(*FLOAT_FUNCTIONS)
def float_function(cases):
    op = cases.operation
    reference, domain, edges = FLOAT_FUNCTIONS[op]
    shapes_of(cases, reference, *domain)
    cases.add('edge values', [f32(edges)], reference(widen(f32(edges))))
    for name, x in (
        ('int32', i32([1, 2, 3, 5])),
        ('uint8', u8([1, 2, 3, 5])),
        ('bool', boolean([1, 1, 0])),
    ):
        cases.add(f'{name} gives float32', [x], reference(widen(x)))
    if op in ('tanh', 'erf', 'sigmoid', 'gelu', 'softplus', 'silu'):
        cases.add('from -5.9 to 5.9', [DENSE], reference(widen(DENSE)))
    if op == 'log1p':
        near = f32([-0.999, -0.5, 1e-6, -1e-6])
        cases.add('near -1 and near 0', [near], np.log1p(widen(near)))
    if op == 'elu':
        cases.add('alpha 1.5', [NORMAL, 1.5], elu(widen(NORMAL), 1.5))
    if op == 'celu':
        cases.add('alpha 1.5', [NORMAL, 1.5], celu(widen(NORMAL), 1.5))
    if op == 'hardTanh':
        cases.add('from -2 to 0.5', [NORMAL, -2, 0.5], np.clip(widen(NORMAL), -2, 0.5))
    if op == 'gelu':
        edges = f32([*FINITE_OR_RISING, 1e-4, 6, -2, -4, -6, 20, -20, 1e4, -1e4])
        approximate = lambda name, x, kind, out: cases.add(name, [x], out, {'approximate': kind})
        approximate("approximate 'none'", NORMAL, 'none', gelu(widen(NORMAL)))
        approximate("approximate 'tanh'", NORMAL, 'tanh', gelu_tanh(widen(NORMAL)))
        approximate("approximate 'tanh', edge values", edges, 'tanh', gelu_tanh(widen(edges)))


@operations('leakyRelu')
def leaky_relus(cases):
    shapes_of(cases, leaky_relu, -3, 3)
    cases.add('edge values', [f32(SPECIAL)], leaky_relu(widen(f32(SPECIAL))))
    cases.add('slope 0.25', [NORMAL, 0.25], leaky_relu(widen(NORMAL), 0.25))
    cases.add('slope 0', [f32([2, 1, -1, -2]), 0], np.array([2, 1, -0.0, -0.0]))


@operations('prelu')
def parametric_relus(cases):
    add = lambda name, x, alpha: cases.add(name, [x, alpha], np.where(widen(x) > 0, widen(x), widen(x) * widen(alpha)))
    x = cases.inputs.normal(2, 3)
    add('a slope for each channel', x, f32([0.25, -1, 0]))
    add('a scalar', x, f32(0.5))
    add('a slope for each element', x, cases.inputs.normal(2, 3))
    add('special values', f32([NAN, INF, -INF, 0, -1]), f32([1, -1, 0.5, 2, NAN]))
    add('int32', i32([1, -2, 3]), f32([0.5]))
    add('empty', f32([]).reshape(0, 3), f32([1, 2, 3]))


@operations(*KEEP_DTYPE)
def function_that_keeps_dtype(cases):
    op = cases.operation
    reference, edges = KEEP_DTYPE[op]
    shapes_of(cases, reference, -5, 5)
    cases.add('edge values', [f32(edges)], reference(widen(f32(edges))))
    for name, x in (('int32', INT32_EDGES), ('uint8', UINT8_EDGES)):
        out = x if op in ('floor', 'ceil', 'round') else reference(x)
        assert out.dtype == x.dtype
        cases.add(f'{name} stays {name} and wraps', [x], out)


@operations('isNaN', 'isFinite')
def kinds_of_numbers(cases):
    reference = {'isNaN': np.isnan, 'isFinite': np.isfinite}[cases.operation]
    shapes_of(cases, reference, -5, 5)
    cases.add('edge values', [f32(SPECIAL)], reference(f32(SPECIAL)))
    cases.add('int32', [INT32_EDGES], reference(INT32_EDGES))
    cases.add('bool', [boolean([1, 0])], reference(boolean([1, 0])))


def pair(reference, a, b, dtype):
    return reference(widen(a, dtype), widen(b, dtype))


def shapes_of_pairs(cases, apply, lo=-4, hi=4):
    """Broadcasting; apply(a, b) gives the reference."""

    def add(name, a, b):
        cases.add(name, [a, b], apply(a, b))

    draw = lambda *shape: cases.inputs.uniform(lo, hi, *shape)
    add('typical values [2, 3]', draw(2, 3), draw(2, 3))
    add('[3, 1] with [4]', draw(3, 1), draw(4))
    add('[2, 1, 3] with [1, 2, 1]', draw(2, 1, 3), draw(1, 2, 1))
    add('scalar with [2, 2]', draw(), draw(2, 2))
    add('scalar with scalar', draw(), draw())
    add('[1] with [0]', draw(1), draw(0))
    add('[0, 3] with [1, 3]', draw(0, 3), draw(1, 3))
    add('a number', draw(2, 3), 1.5)


def dtypes_of_pairs(cases, apply, nonnegative=False):
    def add(name, a, b):
        cases.add(name, [a, b], apply(a, b))

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


ARITHMETIC = {
    'add': np.add,
    'sub': np.subtract,
    'mul': np.multiply,
    'div': np.divide,
    'mod': np.mod,
    'maximum': np.maximum,
    'minimum': np.minimum,
    'pow': np.power,
}
LARGEST, SMALLEST = 2147483647, -2147483648
CROSS = f32([NAN, INF, -INF, -0.0, 0.0, 1.5, -2.0])


def arithmetic(cases):
    """Makes the cases that all arithmetic has, and gives add(name, a, b) for more."""
    op = cases.operation

    def apply(a, b):
        return pair(ARITHMETIC[op], a, b, 'float32' if op == 'div' else promote(a, b))

    shapes_of_pairs(cases, apply, *((0.25, 4) if op in ('pow', 'mod') else (-4, 4)))
    dtypes_of_pairs(cases, apply, nonnegative=op == 'pow')
    return lambda name, a, b: cases.add(name, [a, b], apply(a, b))


@operations('atan2')
def atan2(cases):
    apply = lambda a, b: pair(np.arctan2, a, b, 'float32')
    add = lambda name, a, b: cases.add(name, [a, b], apply(a, b))
    shapes_of_pairs(cases, apply)
    dtypes_of_pairs(cases, apply)
    add('special values [7, 1] with [7]', CROSS[:, None], CROSS)
    add('large and small', f32([1e30, 1e-30, -1e30, 1e-30]), f32([1e-30, 1e30, -1e-30, -1e30]))


@operations('add')
def add(cases):
    add = arithmetic(cases)
    add('special values [7, 1] with [7]', CROSS[:, None], CROSS)
    add('int32 wraps', i32([LARGEST, SMALLEST, LARGEST]), i32([1, -1, LARGEST]))
    add('uint8 wraps', u8([200, 255, 10]), u8([100, 1, 20]))
    add('float32 overflow and denormals', f32([HUGE, TINY, 1e-40]), f32([HUGE, TINY, -9e-41]))


@operations('sub')
def sub(cases):
    add = arithmetic(cases)
    add('special values [7, 1] with [7]', CROSS[:, None], CROSS)
    add('int32 wraps', i32([SMALLEST, LARGEST, 0]), i32([1, -1, SMALLEST]))
    add('uint8 wraps', u8([3, 0, 10]), u8([5, 255, 10]))
    add('uint8 with a number wraps', u8([1, 5]), 3)


@operations('mul')
def mul(cases):
    add = arithmetic(cases)
    add('special values [7, 1] with [7]', CROSS[:, None], CROSS)
    add('int32 wraps', i32([65536, 123456789, SMALLEST]), i32([65536, 987654321, -1]))
    add('uint8 wraps', u8([20, 255, 16]), u8([20, 255, 16]))
    add('float32 overflow and underflow', f32([1e30, 1e-30, 1e-20]), f32([1e30, 1e-30, 1e-20]))


@operations('div')
def div(cases):
    add = arithmetic(cases)
    add('special values [7, 1] with [7]', CROSS[:, None], CROSS)
    add('float32 overflow and underflow', f32([1e30, 1e-30, 1e-20]), f32([1e-30, 1e30, 1e20]))
    add('int32 by zero', i32([1, -1, 0]), i32([0, 0, 0]))


@operations('mod')
def mod(cases):
    add = arithmetic(cases)
    add('signs follow the divisor', f32([5.5, -5.5, 5.5, -5.5, 0.25, -0.25]), f32([3, 3, -3, -3, 1, 1]))
    add('int32 signs follow the divisor', i32([7, -7, 7, -7, 6, -6]), i32([3, 3, -3, -3, 3, 3]))
    add('int32 by zero is 0', i32([5, -5, 0]), i32([0, 0, 0]))
    add('int32 extremes', i32([SMALLEST, LARGEST, SMALLEST]), i32([-1, -1, LARGEST]))
    add(
        'special values',
        f32([NAN, 5.5, INF, 5.5, 5.5, -5.5, 5.5, 0]),
        f32([3, NAN, 3, 0, INF, INF, -INF, 0]),
    )
    add('large quotients', f32([1e10, 1000.5, -1e6, 12345.678]), f32([3, 0.3, 0.1, 0.7]))


@operations('maximum', 'minimum')
def larger_or_smaller(cases):
    add = arithmetic(cases)
    ordered = f32([NAN, INF, -INF, 0.0, 1.5, -2.0, 1e-40])
    add('special values [7, 1] with [7]', ordered[:, None], ordered)
    add('bool with bool stays bool', boolean([[0], [1]]), boolean([0, 1]))


@operations('pow')
def power(cases):
    add = arithmetic(cases)
    exponents = f32([NAN, INF, -INF, 0, 1, 2, 3, -1, -2, 0.5, 1 / 3])
    add('special values, first bases', f32([NAN, INF, -INF, -0.0, 0.0])[:, None], exponents)
    add('special values, other bases', f32([1, -1, 2, -8, 0.5])[:, None], exponents)
    add(
        'range of float32',
        f32([10, 10, 2, 2, 1.0001, 0.9, 0.999, -2]),
        f32([38, 39, -149, -126, 10000, 500, 10000, 127]),
    )
    for exponent in (0, 1, 2, 3, -1, 0.5, -0.5):
        add(f'exponent {exponent}', f32([0.5, 1.25, 3, 10]), exponent)
    add('int32 wraps', i32([3, -3, 46341, 2]), i32([21, 3, 2, 31]))
    bits = i32([1 << bit for bit in range(31)] + [LARGEST])
    add('int32, each bit of the exponent', i32([0, 2, 3, -1])[:, None], bits)


COMPARISONS = {
    'equal': np.equal,
    'notEqual': np.not_equal,
    'less': np.less,
    'lessEqual': np.less_equal,
    'greater': np.greater,
    'greaterEqual': np.greater_equal,
}


@operations(*COMPARISONS)
def comparison(cases):
    apply = lambda a, b: pair(COMPARISONS[cases.operation], a, b, promote(a, b))
    add = lambda name, a, b: cases.add(name, [a, b], apply(a, b))
    shapes_of_pairs(cases, apply)
    dtypes_of_pairs(cases, apply)
    cross = f32([NAN, INF, -INF, -0.0, 0.0, 1.5])
    add('special values [6, 1] with [6]', cross[:, None], cross)
    add('int32 extremes', i32([LARGEST, SMALLEST, LARGEST]), i32([LARGEST - 1, LARGEST, LARGEST]))
    add('bool with bool', boolean([0, 0, 1, 1]), boolean([0, 1, 0, 1]))


TRUTHS = f32([NAN, -INF, -0.0, 0, 0.5, 1e-45])
LOGIC = {'logicalAnd': np.logical_and, 'logicalOr': np.logical_or, 'logicalXor': np.logical_xor}


@operations(*LOGIC)
def logic(cases):
    add = lambda name, a, b: cases.add(name, [a, b], LOGIC[cases.operation](a, b))
    add('truth table [2, 1] with [2]', boolean([[0], [1]]), boolean([0, 1]))
    add('float32, NaN is true', TRUTHS[:, None], TRUTHS)
    add('int32 with bool', i32([0, 1, -1, 256]), boolean([1, 1, 0, 1]))
    add('uint8 with float32', u8([0, 1, 255]), f32([0.5, 0, 2]))
    add('scalar with [3]', boolean(1), boolean([1, 0, 1]))
    add('empty [0, 2] with [2]', boolean([]).reshape(0, 2), boolean([1, 0]))
    add('a number', boolean([1, 0]), 1)


@operations('logicalNot')
def logical_not(cases):
    for name, x in (
        ('bool', boolean([[0, 1], [1, 0]])),
        ('float32, NaN is true', TRUTHS),
        ('int32', i32([0, 1, -1, 256])),
        ('uint8', u8([0, 1, 255])),
        ('scalar', boolean(0)),
        ('empty', f32([])),
    ):
        cases.add(name, [x], np.logical_not(x))

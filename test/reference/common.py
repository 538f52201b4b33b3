"""What the scripts in this folder share: inputs, promotion, and the JSON encoding that load.ts reads."""

import json
import math
import pathlib

import numpy as np

FOLDER = pathlib.Path(__file__).resolve().parent
RANKS = {'bool': 0, 'uint8': 1, 'int32': 2, 'float32': 3}

NAN, INF = math.nan, math.inf


def f32(values):
    return np.array(values, np.float32)


def i32(values):
    return np.array(values, np.int32)


def u8(values):
    return np.array(values, np.uint8)


def boolean(values):
    return np.array(values, np.bool_)


class Inputs:
    """Reproducible inputs with three decimals: full float32 mantissas that are short in JSON."""

    def __init__(self, seed, start=0):
        self.rng = np.random.Generator(np.random.PCG64(seed).advance(start))

    def normal(self, *shape, scale=1.0, mean=0.0):
        return f32(np.round(self.rng.standard_normal(shape) * scale + mean, 3))

    def uniform(self, lo, hi, *shape):
        return f32(np.round(self.rng.uniform(lo, hi, shape), 3))

    def integers(self, lo, hi, *shape, dtype=np.int32):
        """Integers in [lo, hi)."""
        return self.rng.integers(lo, hi, shape).astype(dtype)


def dtype_name(array):
    """The dtype of the library that holds this array; float64 is the true value of a float32."""
    name = array.dtype.name
    return 'float32' if name == 'float64' else name


def promote(*operands):
    """Result dtype: the highest of the arrays; a number is weak, but a fraction makes integers float32."""
    rank = max(RANKS[dtype_name(x)] for x in operands if isinstance(x, np.ndarray))
    for x in operands:
        if not isinstance(x, np.ndarray):
            rank = max(
                rank, RANKS['int32'] if rank == 0 else 0, 0 if float(x).is_integer() else RANKS['float32']
            )
    return next(name for name, r in RANKS.items() if r == rank)


def widen(x, dtype='float32'):
    """As NumPy computes the reference: float32 in double precision, after rounding integers to float32."""
    if dtype == 'float32':
        return (
            np.asarray(x, np.float64)
            if not isinstance(x, np.ndarray)
            else x.astype(np.float32).astype(np.float64)
        )
    return np.asarray(x).astype(dtype)


def number(value):
    """A JSON number, or the name of a value that JSON has no number for."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float):
        if math.isnan(value):
            return 'NaN'
        if math.isinf(value):
            return 'Infinity' if value > 0 else '-Infinity'
        if value == 0:
            return '-0' if math.copysign(1, value) < 0 else 0
        if value.is_integer() and abs(value) < 1e15:
            return int(value)
    return value


def given(x):
    """An argument. A float32 prints as the shortest decimal that reads back to it (0.1); ints as they are."""
    if isinstance(x, np.ndarray):
        if x.dtype == np.float32:
            data = [number(float(str(v))) for v in x.ravel()]
        else:
            assert x.dtype.name in RANKS, x.dtype
            data = [number(v) for v in x.ravel()]
        return {'shape': list(x.shape), 'dtype': dtype_name(x), 'data': data}
    if isinstance(x, (list, tuple)):
        return [given(v) for v in x]
    if isinstance(x, dict):
        return {key: given(v) for key, v in x.items()}
    if x is None or isinstance(x, (str, bool)):
        return x
    return number(x)


def wanted(x):
    """A result. Floats are the reference in double precision, not rounded to float32."""
    if isinstance(x, (list, tuple)):
        return [wanted(v) for v in x]
    x = np.asarray(x)
    name = dtype_name(x)
    assert name in RANKS, x.dtype
    data = x.astype(np.float64).ravel() if name == 'float32' else x.ravel()
    return {'shape': list(x.shape), 'dtype': name, 'data': [number(v) for v in data]}


def lines(value, depth):
    """JSON with one line for everything deeper than `depth`, so that a change shows as a changed line."""
    if depth == 0 or not isinstance(value, (dict, list)) or not value:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    inner = lambda v: lines(v, depth - 1).replace('\n', '\n  ')
    if isinstance(value, dict):
        body = ',\n  '.join(f'{json.dumps(key)}: {inner(v)}' for key, v in value.items())
        return f'{{\n  {body}\n}}'
    body = ',\n  '.join(inner(v) for v in value)
    return f'[\n  {body}\n]'


def write(name, value, depth):
    path = FOLDER / f'{name}.json'
    path.write_text(lines(value, depth) + '\n', encoding='utf-8')
    print(f'{path.name}: {path.stat().st_size} bytes')


class Cases:
    """The cases of one operation, and the random inputs that they may draw."""

    def __init__(self, operation, inputs):
        self.operation = operation
        self.inputs = inputs
        self.list = []

    def add(self, name, args, out, options=None, float32_only=False):
        case = {'name': name, 'args': given(args)}
        if options is not None:
            case['options'] = given(options)
        case['out'] = wanted(out)
        if float32_only:
            case['float32Only'] = True
        assert name not in [c['name'] for c in self.list], (self.operation, name)
        self.list.append(case)


OPERATIONS = {}


def operations(*names):
    """Says of which operations a function makes the cases: `function(cases)`, where `cases.operation` is one of the names."""

    def register(function):
        for name in names:
            assert name not in OPERATIONS, name
            OPERATIONS[name] = function
        return function

    return register

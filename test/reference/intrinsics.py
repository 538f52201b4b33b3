"""True values of the elementary functions, for test/ir/math.test.ts: /usr/bin/python3 intrinsics.py (mpmath, NumPy).

Each point is [arguments..., value, rest]: the true value is `value`, its nearest double, plus `rest`.
"""

import math

import mpmath as mp
import numpy as np

from common import write

rng = np.random.Generator(np.random.PCG64(20240611))

SMALL = [5e-324, 1e-310, 2.2250738585072014e-308, 1e-300, 1e-40, 1e-20, 2.0**-55, 2.0**-54, 2.0**-53, 1e-10, 7.4e-9, 7.5e-9]
LN2 = math.log(2)


def both(values):
    return [v for x in values for v in (x, -x)]


def around(*values):
    """Each value with its neighbours in double and in single precision."""
    out = []
    for v in values:
        single = np.float32(v)
        out += [v, np.nextafter(v, -np.inf), np.nextafter(v, np.inf), single]
        out += [np.nextafter(single, np.float32(-np.inf)), np.nextafter(single, np.float32(np.inf))]
    return [float(v) for v in out]


def uniform(lo, hi, n):
    return [float(v) for v in rng.uniform(lo, hi, n)]


def singles(lo, hi, n):
    return [float(np.float32(v)) for v in rng.uniform(lo, hi, n)]


def spread(lo, hi, n):
    """Both signs, uniform in the logarithm; within its range every other one is a float32."""
    size = np.exp(rng.uniform(math.log(lo), math.log(hi), n)) * rng.choice([-1, 1], n)
    return [float(np.float32(v)) if i % 2 and 1e-37 < abs(v) < 3e38 else float(v) for i, v in enumerate(size)]


EXP = both(SMALL) + around(0.5 * LN2, -0.5 * LN2, 1.5 * LN2, 1, -1, LN2, -LN2) + uniform(-1, 1, 50) + singles(-103, 88, 90)
ANGLES = (
    both(SMALL + [0.5, 1, 2, 3, 1e22, 1e300, 1.7976931348623157e308, 6381956970095103 * 2.0**797, 2.0**20, 2.0**30])
    + around(*[k * math.pi / 4 for k in (1, 2, 3, 4, 5, 6, 8, 100, 1001, 99999, 1048575)], 1647099, 3e38, 16777216)
    + singles(-10, 10, 50)
    + spread(1, 1e6, 40)
    + spread(1e6, 3e38, 80)
)

ARGUMENTS = {
    'exp': EXP + around(709.7, 88.7, -87.3, -103.9) + [709.782712893384, -708.4, -740.5, -745.1] + uniform(-745, 709, 50),
    'expm1': EXP + around(709.7, 88.7, -17, -37, 44, -36.7) + [709.782712893384, -60, -100] + uniform(-50, 709, 50),
    'log': SMALL
    + around(1, 0.5**0.5, 2**0.5, 2, 0.5, 10, math.e)
    + [abs(v) for v in spread(1e-300, 1e300, 60) + spread(1e-38, 3e38, 60)]
    + uniform(0.5, 2, 60)
    + singles(0, 20, 60)
    + [1.7976931348623157e308, 3.4028234663852886e38, 1.401298464324817e-45, 9.3e-302, 9.4e-302],
    'log1p': both(SMALL)
    + around(2**0.5 - 1, 0.5**0.5 - 1, 1, -0.5, -0.9, 3)
    + [-0.9999999999999999, -0.99999994, 1e16, 1e17, 1.7976931348623157e308, 3.4028234663852886e38]
    + uniform(-1, 3, 60)
    + singles(-1, 20, 60)
    + [v for v in spread(1e-20, 0.5, 60)]
    + [abs(v) for v in spread(1, 1e300, 40)],
    'sin': ANGLES,
    'cos': ANGLES,
    'tanh': both(SMALL) + around(0.5, -0.5, 1, 0.55, 9, 19, 22, 21.9, -22) + uniform(-1, 1, 60) + singles(-10, 10, 120)
    + spread(1e-9, 30, 60),
    'erf': both(SMALL) + around(0.5, -0.5, 1, -1, 1.25, 3.8, 6, 8, 5.9, 2.857) + uniform(-1.2, 1.2, 60)
    + singles(-6, 6, 120) + spread(1e-9, 8, 60),
}

POWERS = (
    [(b, e) for b in (0.9, 0.999, 0.99, 0.5, 2.0, 10.0, 3.0, 1.1) for e in (1, 2, 3, 10, 100, 300, -1, -7, 0.5, -0.5)]
    + [(-b, e) for b in (0.5, 1.5, 3.0, 1e10) for e in (1, 2, 3, -3, 25, -30)]
    + [(5e-324, 0.5), (1e-310, -0.9), (1e308, 1.0001), (1 + 2.0**-52, 2.0**52), (1 - 2.0**-53, 2.0**56), (2.0, -1074.0)]
    + [(2.0, -1073.5), (0.1, 320.0), (10.0, 308.0), (10.0, -320.0), (1.7976931348623157e308, 1.0), (1e-200, 1.6)]
    + list(zip(uniform(0, 10, 60), uniform(-30, 30, 60)))
    + list(zip(singles(0, 5, 60), singles(-10, 10, 60)))
    + list(zip(uniform(0.8, 1.25, 60), uniform(-2000, 2000, 60)))
    + list(zip([abs(v) for v in spread(1e-38, 1e38, 80)], uniform(-1, 1, 80)))
)


def point(f, arguments):
    mp.mp.prec = 2400
    true = f(*map(mp.mpf, arguments))
    value = float(true)
    return [*arguments, value, float(true - mp.mpf(value))]


def unique(points):
    return list(dict.fromkeys(points))


table = {name: [point(getattr(mp, name), (x,)) for x in unique(xs)] for name, xs in ARGUMENTS.items()}
table['pow'] = [point(mp.power, (float(b), float(e))) for b, e in unique(POWERS)]
write('intrinsics', table, 2)

"""Writes comparison.json: distributions from mpmath, intervals and tests from statsmodels and SciPy.

    apt install python3-scipy python3-statsmodels python3-mpmath && /usr/bin/python3 -B test/metrics/comparison.py

Made with Python 3.11.2, SciPy 1.10.1, statsmodels 0.13.5 and mpmath 1.2.1, the packages of Debian 12. The distributions
are computed with 60 digits, so that their far tails are right to the last bit; SciPy must agree with them to 1e-7 (near 0 and far out it loses digits).
"""

import itertools
import json
import pathlib

import mpmath as mp
import numpy as np
from scipy import special, stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

mp.mp.dps = 60


def agreed(exact, scipy):
    exact = float(exact)
    assert exact == scipy or abs(scipy - exact) <= 1e-7 * abs(exact), (exact, scipy)
    return exact


def normal_quantile(tail):
    x = mp.findroot(lambda x: mp.log(mp.ncdf(-x)) - mp.log(tail), mp.mpf(float(stats.norm.isf(tail))))
    return agreed(x, stats.norm.isf(tail))


def outside(t, freedom):
    t, f = mp.mpf(t), mp.mpf(freedom)
    return mp.betainc(f / 2, mp.mpf(1) / 2, 0, f / (f + t * t), regularized=True)


def inside(t, freedom):
    t, f = mp.mpf(t), mp.mpf(freedom)
    return mp.betainc(mp.mpf(1) / 2, f / 2, 0, t * t / (f + t * t), regularized=True)


def student_quantile(tail, freedom):
    start = mp.mpf(float(stats.t.isf(tail, freedom)))
    log_chance = lambda u: mp.log(outside(mp.exp(u), freedom)) - mp.log(2 * mp.mpf(tail))
    if tail > 0.25:
        log_chance = lambda u: mp.log(inside(mp.exp(u), freedom)) - mp.log(1 - 2 * mp.mpf(tail))
    return agreed(mp.exp(mp.findroot(log_chance, mp.log(start))), stats.t.isf(tail, freedom))


def at_most(k, n):
    total, term = mp.mpf(1), mp.mpf(1)
    for i in range(1, k + 1):
        term = term * (n - i + 1) / i
        total += term
    chance, exactly = total / mp.mpf(2) ** n, term / mp.mpf(2) ** n
    return agreed(chance, stats.binom.cdf(k, n, 0.5)), float(exactly)


def distributions():
    points = [0, 1e-300, 1e-9, 0.1, 0.5, 0.9999, 1, 1.0001, 1.3, 1.99, 2, 3.3, 5, 7.9, 8.1, 12.5, 20.01, 26.1]
    tails = [1e-300, 1e-100, 1e-20, 1e-9, 1e-3, 0.02, 0.025, 0.05, 0.0749, 0.0751, 0.2, 0.2499, 0.2501, 0.3, 0.45, 0.4999]
    freedoms = [1, 2, 3, 4, 9, 29, 100, 999, 20000]
    student = [0.5 - 1e-6, 0.45, 0.3, 0.2501, 0.2499, 0.1, 0.05, 0.025, 0.005, 5e-4, 1e-6, 1e-10, 5e-17]
    tosses = [(0, 1), (0, 5), (2, 5), (3, 24), (0, 900), (10, 1000), (480, 1000), (500, 1000), (0, 1070)]
    return {
        'erfc': [[x, agreed(mp.erfc(mp.mpf(x)), special.erfc(x))] for x in points + [-1e-9, -0.7, -1, -3, -9]],
        'chiSquaredTail': [
            [x, agreed(mp.erfc(mp.sqrt(mp.mpf(x) / 2)), stats.chi2.sf(x, 1))]
            for x in (0, 1e-12, 0.0025, 0.5, 1, 1.99, 2, 2.01, 3.84, 10.25, 50, 123.4, 700, 1390.5)
        ],
        'normalQuantile': [[p, normal_quantile(p)] for p in tails],
        'studentQuantile': [[p, f, student_quantile(p, f)] for p, f in itertools.product(student, freedoms)],
        'fairBinomial': [[k, n, *at_most(k, n)] for k, n in tosses + [(300, 1200), (700, 2500), (4800, 10000)]],
    }


def wilson():
    counts = [(0, 1), (1, 1), (3, 7), (0, 10), (10, 10), (9964, 10000), (9975, 10000), (10000, 10000), (1, 60000)]
    counts += [(0, 1000000), (123456, 1000000), (999999, 1000000)]
    for (k, n), confidence in itertools.product(counts, (0.5, 0.9, 0.95, 0.99, 0.999999)):
        interval = proportion_confint(k, n, alpha=1 - confidence, method='wilson')
        yield [k, n, confidence, *map(float, interval)]


def tests():
    for only_a, only_b in [(1, 0), (5, 5), (12, 12), (20, 4), (3, 22), (12, 13), (40, 40), (31, 60), (700, 500)]:
        table = [[9000, only_a], [only_b, 7]]
        found = {'onlyA': only_a, 'onlyB': only_b}
        for name, options in [
            ('exact', {'exact': True}),
            ('corrected', {'exact': False, 'correction': True}),
            ('uncorrected', {'exact': False, 'correction': False}),
        ]:
            result = mcnemar(table, **options)
            found[name] = [float(result.statistic), float(result.pvalue)]
        # Fagerland, Lydersen & Laake 2013, equation 6.
        few, n = min(only_a, only_b), only_a + only_b
        mid = 2 * stats.binom.cdf(few, n, 0.5) - stats.binom.pmf(few, n, 0.5)
        yield {**found, 'midP': [float(few), float(mid)]}


def summaries():
    samples = [
        [0.9961, 0.9967],
        [0.9964, 0.9964, 0.9969],
        [0.99641, 0.99628, 0.99702, 0.99655, 0.99614],
        [1e9 + 1, 1e9 + 2, 1e9 + 4, 1e9 + 8],
        [-3.5, 0, 12.25, 1e-3, 7, 7, 7, -1, 2, 4.5, 0.1],
        [i * i / 7 for i in range(40)],
    ]
    for values, confidence in itertools.product(samples, (0.1, 0.6827, 0.95, 0.999)):
        n, mean, deviation = len(values), float(np.mean(values)), float(np.std(values, ddof=1))
        margin = student_quantile((1 - confidence) / 2, n - 1) * stats.sem(values)
        scipy = stats.t.interval(confidence, n - 1, mean, stats.sem(values))
        ends = [agreed(mean - margin, scipy[0]), agreed(mean + margin, scipy[1])]
        yield {
            'values': values,
            'confidence': confidence,
            'mean': mean,
            'standardDeviation': deviation,
            'interval': ends,
        }


def lines(name, values):
    return f'  "{name}": [\n    ' + ',\n    '.join(json.dumps(v, allow_nan=False) for v in values) + '\n  ]'


found = {**distributions(), 'wilson': wilson(), 'mcnemar': tests(), 'summaries': summaries()}
path = pathlib.Path(__file__).with_suffix('.json')
path.write_text('{\n' + ',\n'.join(lines(*item) for item in found.items()) + '\n}\n')
print(f'{path.name}: {path.stat().st_size} bytes')

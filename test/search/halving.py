"""Writes halving.json: the rounds of scikit-learn's successive halving.

    /usr/bin/python3 -B test/search/halving.py

Made with scikit-learn 1.2.1. It takes logarithms in floating point, so that log(243, 3) comes out below 5 and a round is
missing; cases in which an exact logarithm would be another are left out.
"""

import itertools
import json
import math
import pathlib
import warnings

import numpy as np
from scipy.stats import uniform
from sklearn.base import BaseEstimator
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import HalvingRandomSearchCV

warnings.filterwarnings('ignore')


class Model(BaseEstimator):
    """Its score is its parameter."""

    def __init__(self, x=0.0, epochs=1):
        self.x = x
        self.epochs = epochs

    def fit(self, X, y=None):
        return self

    def score(self, X, y=None):
        return self.x


def exact(n, factor):
    k = 0
    while factor ** (k + 1) <= n:
        k += 1
    return k


def logs_are_exact(trials, factor, search):
    pairs = [(trials, factor), (search.max_resources_ // search.min_resources_, factor)]
    return all(math.floor(math.log(n, f)) == exact(n, f) for n, f in pairs)


def cases():
    X = np.zeros((4, 1))
    trials = (1, 2, 4, 9, 10, 27, 28, 64, 100)
    for count, factor, least, most in itertools.product(trials, (2, 3, 4), (None, 1, 2, 5), (1, 5, 9, 27, 64)):
        if least is not None and least > most:
            continue
        search = HalvingRandomSearchCV(
            Model(),
            {'x': uniform()},
            n_candidates=count,
            factor=factor,
            resource='epochs',
            min_resources='exhaust' if least is None else least,
            max_resources=most,
            cv=[([0, 1], [2, 3])],
            refit=False,
            random_state=1,
        ).fit(X)
        if not logs_are_exact(count, factor, search):
            continue
        yield {
            'trials': count,
            'factor': factor,
            **({} if least is None else {'minEpochs': least}),
            'maxEpochs': most,
            'rungs': [list(map(int, rung)) for rung in zip(search.n_candidates_, search.n_resources_)],
        }


lines = ',\n'.join('  ' + json.dumps(case) for case in cases())
path = pathlib.Path(__file__).with_suffix('.json')
path.write_text(f'[\n{lines}\n]\n', encoding='utf-8')
print(f'{path.name}: {path.stat().st_size} bytes, {lines.count(chr(10)) + 1} cases')

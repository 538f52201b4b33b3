"""Writes scikit.json: scores, confusion matrices and reports as scikit-learn 1.9 gives them.

    pip install scikit-learn==1.9.1 && python test/metrics/scikit.py

test/reference/metrics.json comes from scikit-learn 1.2 and covers scores over all classes. This file covers the default
classes, chosen classes, zero divisions and the printed reports. Between the two versions F1 changed in its last bit (so
that 0.875 no longer prints as 0.87), and reports whose labels cover more than the classes that occur now have an
accuracy instead of a micro average.
"""

import json
import math
import pathlib
import warnings

import numpy as np
from sklearn.metrics import classification_report, confusion_matrix
from sklearn.metrics import f1_score, precision_score, recall_score

warnings.filterwarnings('ignore')
rng = np.random.Generator(np.random.PCG64(2))


def plain(value):
    return 'NaN' if isinstance(value, float) and math.isnan(value) else value


def case(truth, predicted, weights=None, labels=None, zero_division=0, digits=2, names=None):
    shared = {'labels': labels, 'sample_weight': weights, 'zero_division': zero_division}
    options = {
        'labels': labels,
        'sampleWeights': weights,
        'zeroDivision': plain(zero_division),
        'digits': digits,
        'targetNames': names,
    }
    return {
        'truth': truth,
        'predicted': predicted,
        'options': {key: value for key, value in options.items() if value is not None},
        **{
            key: {a: plain(float(score(truth, predicted, average=a, **shared))) for a in ('micro', 'macro', 'weighted')}
            for key, score in (('precision', precision_score), ('recall', recall_score), ('f1', f1_score))
        },
        'confusion': confusion_matrix(truth, predicted, labels=labels, sample_weight=weights).tolist(),
        'report': classification_report(truth, predicted, **shared, digits=digits, target_names=names),
    }


def digits(count, classes, errors, step=1):
    truth = rng.integers(0, classes, count) * step
    wrong = rng.random(count) < errors
    return truth.tolist(), np.where(wrong, rng.integers(0, classes, count) * step, truth).tolist()


def cases():
    few = ([0, 0, 1, 1, 1, 3, 4], [0, 1, 1, 1, 3, 0, 4])
    weights = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0]
    for zero_division in (0, 1, math.nan):
        yield case(*few, zero_division=zero_division)
        yield case(*few, labels=[4, 2, 0, 7], zero_division=zero_division)
        yield case(*few, labels=[0, 1, 2, 3, 4], zero_division=zero_division, digits=3)
        yield case(*few, weights=weights, zero_division=zero_division)
        yield case(*few, weights=weights, labels=[4, 1], zero_division=zero_division)
        yield case([0, 0], [1, 1], labels=[0, 2], zero_division=zero_division)
    yield case(*few, names=['ant', 'bee', 'cat', 'ein sehr langer Name mit ß und 🐝'], digits=0)
    yield case(*few, digits=14)
    yield case(*few, weights=[1e-5, 2e18, 3, 4, 0.1, 12.345, 1e-4])
    # scikit-learn prints whole counts as floats where nothing is right.
    yield case([0, 1, 2, 2], [1, 2, 0, 1])
    yield case([0] * 8, [0] + [1] * 7)
    yield case([0] * 8, [0] * 3 + [1] * 5)
    yield case([5], [5])
    for classes, count in ((2, 20), (3, 20), (9, 60), (12, 60), (20, 70), (140, 200)):
        truth, predicted = digits(count, classes, 0.3, step=1 + classes % 2)
        if classes == 140:
            truth, predicted = list(range(140)), [(c * 7) % 70 + c // 2 for c in range(140)]
        yield case(truth, predicted, digits=4)
        yield case(truth, predicted, weights=np.round(rng.random(len(truth)), 2).tolist())


def lines():
    for one in cases():
        if len(one['confusion']) > 20:
            del one['confusion']
        yield json.dumps(one, ensure_ascii=False, allow_nan=False)


path = pathlib.Path(__file__).with_suffix('.json')
path.write_text('[\n  ' + ',\n  '.join(lines()) + '\n]\n')
print(f'{path.name}: {path.stat().st_size} bytes')

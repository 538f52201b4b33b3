"""Writes metrics.json: classification metrics and reports from scikit-learn, absent classes included.

Every score is over the classes 0 .. classes - 1 (labels=range(classes)), with 0 where a ratio has no
denominator.
"""

import numpy as np
from sklearn.metrics import accuracy_score, classification_report, confusion_matrix
from sklearn.metrics import precision_recall_fscore_support, top_k_accuracy_score

from common import Inputs, f32, given, i32, write

inputs = Inputs(7)
NAMES = ('precision', 'recall', 'f1')


def floats(values):
    return [float(v) for v in np.ravel(values)]


def scores(labels, predictions, classes, weights):
    shared = {'labels': range(classes), 'sample_weight': weights, 'zero_division': 0}
    each = precision_recall_fscore_support(labels, predictions, average=None, **shared)
    table = {name: {'perClass': floats(values)} for name, values in zip(NAMES, each)}
    for average in ('micro', 'macro', 'weighted'):
        for name, value in zip(
            NAMES, precision_recall_fscore_support(labels, predictions, average=average, **shared)
        ):
            table[name][average] = float(value)
    return {**table, 'support': floats(each[3])}


def case(name, labels, predictions, classes, weights=None, targetNames=None, report=True):
    labels, predictions = i32(labels), i32(predictions)
    shared = {'labels': range(classes), 'sample_weight': weights}
    reports = [
        {
            'options': options,
            'text': classification_report(
                labels,
                predictions,
                **shared,
                digits=options['digits'],
                target_names=options.get('targetNames'),
                zero_division=0,
            ),
        }
        for options in (
            {'digits': 4},
            {'digits': 2},
            *([{'digits': 4, 'targetNames': targetNames}] if targetNames else []),
        )
    ]
    return {
        'name': name,
        'classes': classes,
        'labels': given(labels),
        'predictions': given(predictions),
        **({} if weights is None else {'sampleWeights': given(weights)}),
        'accuracy': float(accuracy_score(labels, predictions, sample_weight=weights)),
        **scores(labels, predictions, classes, weights),
        'confusion': confusion_matrix(labels, predictions, **shared).tolist(),
        'reports': reports if report else [],
    }


def digits(count, error_rate):
    labels = inputs.integers(0, 10, count)
    wrong = inputs.rng.random(count) < error_rate
    return labels, np.where(wrong, inputs.integers(0, 10, count), labels)


def classification():
    animals = ['cat', 'dog', 'a very long name of a class']
    labels, predictions = digits(200, 0.2)
    few = ([0, 1, 2, 2, 1, 0, 1, 2, 0, 1], [0, 2, 2, 1, 1, 0, 1, 2, 1, 0])
    halves = f32(inputs.integers(0, 5, 10) / 2 + 0.5)
    return [
        case('three classes', *few, 3, targetNames=animals),
        case('three classes, sample weights', *few, 3, weights=halves, targetNames=animals),
        case('two classes', [0, 1, 1, 0, 1, 1], [0, 1, 0, 0, 1, 1], 2, targetNames=['no', 'yes']),
        case('all right', [0, 1, 2, 2], [0, 1, 2, 2], 3),
        # scikit-learn 1.2 prints the counts of this one as 1.0, by accident.
        case('all wrong', [0, 1, 2, 2], [1, 2, 0, 1], 3, report=False),
        # 1/8, 3/8 and 1/32: Python rounds an exact half to the even digit, toFixed of JavaScript away from 0.
        case(
            'halves between two digits',
            [0] * 8 + [1] * 8 + [2] * 32,
            [0] + [1] * 10 + [0] * 5 + [2] + [1] * 31,
            3,
        ),
        case('a class that is never predicted', [0, 1, 2, 2, 1], [0, 1, 1, 0, 1], 3, targetNames=animals),
        case('a class that is never a label', [0, 1, 1, 0, 1], [0, 2, 1, 2, 1], 3, targetNames=animals),
        case(
            'a class in neither', [0, 1, 3, 3, 1, 0], [0, 1, 3, 1, 1, 3], 4, targetNames=['a', 'b', 'c', 'd']
        ),
        case(
            'classes in neither, sample weights', [0, 4, 4, 0], [4, 4, 4, 0], 6, weights=f32([1, 0.5, 2, 1.5])
        ),
        case('one sample', [2], [2], 3),
        case('one class', [0, 0, 0], [0, 0, 0], 1),
        case(
            '200 samples of ten classes',
            labels,
            predictions,
            10,
            targetNames=[f'digit {d}' for d in range(10)],
        ),
        case(
            '200 samples of ten classes, sample weights',
            labels,
            predictions,
            10,
            weights=f32(inputs.integers(1, 9, 200) / 4),
        ),
        case('1000 samples of ten classes', *digits(1000, 0.03), 10),
    ]


def top_k():
    """No ties at the k-th place: libraries differ there."""
    cases = []
    for name, classes, count, weighted in (
        ('five classes', 5, 12, False),
        ('ten classes', 10, 30, False),
        ('ten classes, sample weights', 10, 30, True),
    ):
        labels = inputs.integers(0, classes, count)
        logits = f32(np.round(inputs.normal(count, classes, scale=2) + 2.0 * np.eye(classes)[labels], 3))
        assert all(len(set(row)) == classes for row in logits.tolist())
        weights = f32(inputs.integers(0, 5, count) / 2) if weighted else None
        exponentials = np.exp(logits.astype(np.float64))
        probabilities = (exponentials / exponentials.sum(1, keepdims=True)).astype(np.float32)
        score = lambda values, k: float(
            top_k_accuracy_score(labels, values, k=k, labels=range(classes), sample_weight=weights)
        )
        expected = {str(k): score(logits, k) for k in (1, 3)}
        assert expected == {str(k): score(probabilities, k) for k in (1, 3)}
        assert expected['1'] == accuracy_score(labels, logits.argmax(1), sample_weight=weights)
        cases.append(
            {
                'name': name,
                'classes': classes,
                'labels': given(labels),
                'logits': given(logits),
                'probabilities': given(probabilities),
                **({} if weights is None else {'sampleWeights': given(weights)}),
                'accuracy': expected['1'],
                'topK': expected,
            }
        )
    return cases


write('metrics', {'classification': classification(), 'topK': top_k()}, depth=2)

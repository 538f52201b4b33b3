"""Writes scores.json: rankings, agreement, probabilities and regression from scikit-learn.

    apt install python3-sklearn && /usr/bin/python3 -B test/metrics/scores.py

Made with scikit-learn 1.2.1. Its ROC curves begin with the largest score plus 1; newer ones, and ours, with infinity.
"""

import json
import pathlib

import numpy as np
from sklearn import metrics
from sklearn.calibration import calibration_curve

rng = np.random.Generator(np.random.PCG64(15))


def rounded(values, digits=3):
    """Few digits, so that scores tie."""
    return np.round(values, digits)


def binary(name, count, digits, weights=False):
    labels = rng.integers(0, 2, count)
    labels[:2] = [0, 1]
    scores = rounded(np.clip(rng.normal(0.4 + 0.2 * labels, 0.25), 0, 1), digits)
    weight = rounded(rng.random(count), 2) if weights else None
    fpr, tpr, thresholds = metrics.roc_curve(labels, scores, sample_weight=weight)
    precision, recall, pr_thresholds = metrics.precision_recall_curve(labels, scores, sample_weight=weight)
    observed, predicted = calibration_curve(labels, scores, n_bins=5)
    return {
        'name': name,
        'labels': labels.tolist(),
        'scores': scores.tolist(),
        'sampleWeights': None if weight is None else weight.tolist(),
        'roc': [fpr.tolist(), tpr.tolist(), thresholds[1:].tolist()],
        'precisionRecall': [precision.tolist(), recall.tolist(), pr_thresholds.tolist()],
        'rocAuc': metrics.roc_auc_score(labels, scores, sample_weight=weight),
        'averagePrecision': metrics.average_precision_score(labels, scores, sample_weight=weight),
        'logLoss': metrics.log_loss(labels, scores, sample_weight=weight),
        'calibration': [observed.tolist(), predicted.tolist()],
    }


def classes(name, count, classes, weights=False):
    labels = rng.integers(0, classes, count)
    labels[:classes] = range(classes)
    scores = rng.gamma(1, size=(count, classes))
    scores[np.arange(count), labels] += rng.gamma(1, size=count)
    scores = rounded(scores / scores.sum(1, keepdims=True), 2)
    scores[:, -1] = 1 - scores[:, :-1].sum(1)
    scores = scores.clip(0)
    scores /= scores.sum(1, keepdims=True)
    weight = rounded(rng.random(count), 2) if weights else None
    predicted = scores.argmax(1)
    one_hot = np.eye(classes)[labels]
    shared = {'sample_weight': weight}
    confidence = scores.max(1)
    bins = np.clip(np.ceil(confidence * 10).astype(int) - 1, 0, 9)
    error = sum(
        (bins == b).mean() * abs((predicted == labels)[bins == b].mean() - confidence[bins == b].mean())
        for b in set(bins.tolist())
    )
    return {
        'name': name,
        'labels': labels.tolist(),
        'scores': scores.tolist(),
        'sampleWeights': None if weight is None else weight.tolist(),
        'rocAuc': {
            average: metrics.roc_auc_score(labels, scores, multi_class='ovr', average=average, **shared)
            for average in ('macro', 'weighted')
        },
        'averagePrecision': {
            average: metrics.average_precision_score(one_hot, scores, average=average, **shared)
            for average in ('macro', 'weighted')
        },
        'logLoss': metrics.log_loss(labels, scores, **shared),
        'calibrationError': error,
        'predicted': predicted.tolist(),
        'balancedAccuracy': metrics.balanced_accuracy_score(labels, predicted, **shared),
        'adjustedBalancedAccuracy': metrics.balanced_accuracy_score(labels, predicted, adjusted=True, **shared),
        'matthewsCorrelation': metrics.matthews_corrcoef(labels, predicted, **shared),
        'cohenKappa': {
            str(kind): metrics.cohen_kappa_score(labels, predicted, weights=kind, **shared)
            for kind in (None, 'linear', 'quadratic')
        },
    }


def regression(name, shape, weights=False):
    labels = rounded(rng.normal(size=shape) * 3)
    predictions = rounded(labels + rng.normal(size=shape))
    weight = rounded(rng.random(shape[0]), 2) if weights else None
    shared = {'sample_weight': weight}
    return {
        'name': name,
        'labels': labels.tolist(),
        'predictions': predictions.tolist(),
        'sampleWeights': None if weight is None else weight.tolist(),
        'r2Score': metrics.r2_score(labels, predictions, **shared),
        'rootMeanSquaredError': np.sqrt(metrics.mean_squared_error(labels, predictions, **shared)),
        'meanAbsolutePercentageError': metrics.mean_absolute_percentage_error(labels, predictions, **shared),
    }


path = pathlib.Path(__file__).with_suffix('.json')
path.write_text(
    json.dumps(
        {
            'binary': [
                binary('few', 12, 1),
                binary('ties', 60, 1),
                binary('no ties', 60, 6),
                binary('weights', 60, 2, weights=True),
            ],
            'classes': [
                classes('three', 30, 3),
                classes('ten', 80, 10),
                classes('weights', 60, 4, weights=True),
            ],
            'regression': [
                regression('one output', (20,)),
                regression('one output, weights', (20,), weights=True),
                regression('three outputs', (20, 3)),
                regression('three outputs, weights', (20, 3), weights=True),
            ],
        },
        indent=1,
        separators=(',', ':'),
    ).replace('\n    ', '').replace('\n   ]', ']')
    + '\n'
)

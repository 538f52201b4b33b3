"""Writes more-scores.json: scores of scikit-learn for several classes, several labels and probabilities."""

import json
from pathlib import Path

import numpy as np
from scipy.special import expit, softmax
from sklearn import metrics

random = np.random.default_rng(3)
N, C = 23, 4
truth = random.integers(0, C - 1, N)  # class 3 never occurs, and is predicted
predicted = np.where(random.random(N) < 0.6, truth, random.integers(0, C, N))
weights = np.round(random.random(N) * 2, 3)
scores = np.round(random.normal(size=(N, C)), 3)
labels = (random.random((N, C)) < 0.4).astype(int)
labels[:, 3] = 0
images = random.integers(0, 3, (3, 2, 4))
predicted_images = np.where(random.random(images.shape) < 0.5, images, random.integers(0, 3, images.shape))

FUNCTIONS = {
    'precision': metrics.precision_score,
    'recall': metrics.recall_score,
    'f1': metrics.f1_score,
    'iou': metrics.jaccard_score,
    'fBeta 0.5': lambda *args, **options: metrics.fbeta_score(*args, beta=0.5, **options),
    'fBeta 2': lambda *args, **options: metrics.fbeta_score(*args, beta=2, **options),
}
cases = []
for name, function in FUNCTIONS.items():
    for average in ('macro', 'micro', 'weighted', None):
        for weighted in (False, True):
            options = dict(average=average, zero_division=0, sample_weight=weights if weighted else None)
            single = function(truth, predicted, **options)
            several = function(labels, (scores > 0.25).astype(int), **options)
            cases.append(
                {
                    'score': name,
                    'average': average,
                    'weighted': weighted,
                    'single': np.asarray(single).tolist(),
                    'several': np.asarray(several).tolist(),
                }
            )
hot = np.eye(C)[truth]
column = np.round(random.normal(size=N), 3)
result = {
    'truth': truth.tolist(),
    'predicted': predicted.tolist(),
    'weights': weights.tolist(),
    'scores': scores.tolist(),
    'labels': labels.tolist(),
    'images': images.tolist(),
    'predictedImages': predicted_images.tolist(),
    'iouOfImages': metrics.jaccard_score(images.ravel(), predicted_images.ravel(), average=None).tolist(),
    'iouOfImagesWeighted': metrics.jaccard_score(
        images.ravel(), predicted_images.ravel(), average='macro', sample_weight=np.repeat([1, 0.5, 2], 8)
    ),
    'cases': cases,
    'column': column.tolist(),
    'logLoss': {
        'classes': metrics.log_loss(truth, softmax(scores, 1), labels=range(C)),
        'weighted': metrics.log_loss(truth, softmax(scores, 1), labels=range(C), sample_weight=weights),
        'binary': metrics.log_loss(truth > 0, expit(column)),
    },
}
(Path(__file__).parent / 'more-scores.json').write_text(json.dumps(result) + '\n')

"""Writes reduce-on-plateau.json: learning rates after each epoch, with the method of Keras 3.12 (keras/src/callbacks/
reduce_lr_on_plateau.py, on_epoch_end) copied here."""

import json
from pathlib import Path

import numpy as np


class ReduceLROnPlateau:
    def __init__(self, factor, patience, mode, min_delta, cooldown, min_lr, lr):
        self.factor, self.patience, self.cooldown, self.min_lr, self.lr = factor, patience, cooldown, min_lr, lr
        if mode == 'min':
            self.monitor_op = lambda a, b: np.less(a, b - min_delta)
            self.best = np.inf
        else:
            self.monitor_op = lambda a, b: np.greater(a, b + min_delta)
            self.best = -np.inf
        self.cooldown_counter = 0
        self.wait = 0

    def in_cooldown(self):
        return self.cooldown_counter > 0

    def on_epoch_end(self, current):
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self.monitor_op(current, self.best):
            self.best = current
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience:
                old_lr = self.lr
                if old_lr > self.min_lr:
                    new_lr = old_lr * self.factor
                    new_lr = max(new_lr, self.min_lr)
                    self.lr = new_lr
                    self.cooldown_counter = self.cooldown
                    self.wait = 0


random = np.random.default_rng(0)
cases = []
for mode in ['min', 'max']:
    for patience, min_delta, cooldown, min_lr in [(1, 0, 0, 0), (2, 0.1, 1, 0.1), (3, 1e-4, 2, 0), (0, 0.5, 3, 0.2)]:
        sign = 1 if mode == 'min' else -1
        values = [float(x) for x in np.round(sign * (5 / (1 + np.arange(24)) + random.normal(0, 0.2, 24)), 3)]
        callback = ReduceLROnPlateau(0.5, patience, mode, min_delta, cooldown, min_lr, 1.0)
        rates = []
        for value in values:
            callback.on_epoch_end(value)
            rates.append(callback.lr)
        options = dict(factor=0.5, patience=patience, mode=mode, minDelta=min_delta, cooldown=cooldown, minLearningRate=min_lr)
        cases.append({'options': options, 'values': values, 'learningRates': rates})
text = '[\n' + ',\n'.join(json.dumps(case) for case in cases) + '\n]\n'
(Path(__file__).parent / 'reduce-on-plateau.json').write_text(text)

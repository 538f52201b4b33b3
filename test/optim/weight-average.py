"""Writes weight-average.json: averaged weights after every step, from PyTorch's AveragedModel in float64.

    apt install python3-torch && /usr/bin/python3 -B test/optim/weight-average.py

Made with PyTorch 1.13.1. A model of two parameters and a buffer is trained by SGD with momentum on given gradients; the
buffer takes given values, as a running mean would. AveragedModel copies at its first update; `started` begins at the
initial values instead. TensorFlow's warm-up, min(decay, (1 + n) / (10 + n)), is written out, n counted from 0.
"""

import json
import pathlib

import numpy as np
import torch
from torch.optim.swa_utils import AveragedModel

rng = np.random.Generator(np.random.PCG64(9))
STEPS, FROZEN_FROM = 12, 5


def draw(*shape):
    return torch.from_numpy(np.round(rng.standard_normal(shape), 3).astype(np.float32).astype(np.float64))


initial = {'w': draw(2, 3), 'b': draw(3), 'mean': draw(3)}
steps = [{'w': draw(2, 3), 'b': draw(3), 'mean': draw(3)} for _ in range(STEPS)]


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.w = torch.nn.Parameter(initial['w'].clone())
        self.b = torch.nn.Parameter(initial['b'].clone())
        self.register_buffer('mean', initial['mean'].clone())


def plain(values):
    return {name: values[name].reshape(-1).tolist() for name in ('w', 'b', 'mean')}


def ema(decay):
    return lambda average, p, n: decay(int(n)) * average + (1 - decay(int(n))) * p


def train(avg_fn, started):
    model = Model()
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    averaged = AveragedModel(model, avg_fn=avg_fn, use_buffers=True)
    if started:
        averaged.n_averaged += 1
    averages = []
    for i, step in enumerate(steps):
        model.w.grad = step['w']
        model.b.grad = step['b'] if i < FROZEN_FROM else None
        optimizer.step()
        model.mean.copy_(step['mean'])
        averaged.update_parameters(model)
        averages.append(plain(averaged.module.state_dict()))
    return averages


float32 = lambda x: {name: [float(str(np.float32(v))) for v in values] for name, values in plain(x).items()}
path = pathlib.Path(__file__).with_suffix('.json')
found = {
    'initial': float32(initial),
    'frozenFrom': FROZEN_FROM,
    'steps': [float32(step) for step in steps],
    'constant': train(ema(lambda n: 0.9), True),
    'warmup': train(ema(lambda n: min(0.4, n / (9 + n))), True),  # n counts from 1 there
    'equal': train(None, False),
}
body = ',\n'.join(
    f'  "{name}": [\n    ' + ',\n    '.join(map(json.dumps, value)) + '\n  ]'
    if isinstance(value, list)
    else f'  "{name}": {json.dumps(value)}'
    for name, value in found.items()
)
path.write_text('{\n' + body + '\n}\n')
print(f'{path.name}: {path.stat().st_size} bytes')

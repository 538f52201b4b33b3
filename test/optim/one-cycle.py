"""Writes one-cycle.json: parameters after every step under PyTorch's OneCycleLR, which moves the momentum too.

    apt install python3-torch && /usr/bin/python3 -B test/optim/one-cycle.py

Made with PyTorch 1.13.1, in float64. The gradients are those of a loss sum(p * gradient).
"""

import json
import pathlib

import numpy as np
import torch

rng = np.random.Generator(np.random.PCG64(4))
STEPS = 10
draw = lambda: np.round(rng.standard_normal(4), 3)
initial, gradients = draw(), [draw() for _ in range(STEPS)]

MAKERS = {
    'SGD': lambda p: torch.optim.SGD(p, 0.1, momentum=0.9),
    'nesterov': lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True),
    'RMSprop': lambda p: torch.optim.RMSprop(p, 0.1, momentum=0.9),
    'Adam': lambda p: torch.optim.Adam(p, 0.1, foreach=False),
    'AdamW': lambda p: torch.optim.AdamW(p, 0.1, foreach=False),
}


def train(make):
    p = torch.nn.Parameter(torch.from_numpy(initial.astype(np.float32).astype(np.float64)))
    optimizer = make([p])
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.05, total_steps=STEPS)
    found = []
    for i, gradient in enumerate(gradients):
        p.grad = torch.from_numpy(gradient.astype(np.float32).astype(np.float64))
        optimizer.step()
        found.append(p.detach().tolist())
        if i + 1 < STEPS:
            schedule.step()
    return found


found = {
    'initial': initial.tolist(),
    'gradients': [g.tolist() for g in gradients],
    **{name: train(make) for name, make in MAKERS.items()},
}
path = pathlib.Path(__file__).with_suffix('.json')
path.write_text('{\n' + ',\n'.join(f'  "{k}": {json.dumps(v)}' for k, v in found.items()) + '\n}\n')
print(f'{path.name}: {path.stat().st_size} bytes')

"""Writes extreme-gradients.json: clipping and optimizers on gradients that float32 can hold, but not their squares, and
centered RMSprop on constant gradients. From PyTorch in float64, which holds all intermediate values.

    apt install python3-torch && /usr/bin/python3 -B test/optim/extreme-gradients.py

Made with PyTorch 1.13.1. Clipping is written out as g * min(1, limit / norm): PyTorch adds 1e-6 to the norm, which
matters for small norms. Optimizers update one number, at first 1, with the given gradients.
"""

import json
import pathlib

import numpy as np
import torch

F32 = np.float32


def rounded(values):
    return torch.tensor([float(F32(v)) for v in values], dtype=torch.float64)


def clip(name, limits, gradients, repeat=1):
    """`limits` as the option `clip`: `norm` limits each gradient, `globalNorm` all together."""
    parts = [rounded(g * repeat) for g in gradients]
    for kind, limit in limits.items():
        norms = [torch.linalg.vector_norm(g) for g in parts]
        if kind == 'globalNorm':
            norms = [torch.linalg.vector_norm(torch.stack(norms))] * len(parts)
        parts = [g if norm <= limit else g / norm * limit for g, norm in zip(parts, norms)]
    return {
        'name': name,
        'clip': limits,
        'gradients': [[float(v) for v in g] for g in gradients],
        'repeat': repeat,
        'clipped': [g[: len(g) // repeat].tolist() for g in parts],
    }


def run(optimizer, gradients, keep=None, **options):
    names = {'learningRate': 'lr', 'weightDecay': 'weight_decay'}
    p = torch.nn.Parameter(torch.ones(1, dtype=torch.float64))
    made = getattr(torch.optim, optimizer)(
        [p], foreach=False, **{names.get(key, key): value for key, value in options.items()}
    )
    values = []
    for gradient in gradients:
        p.grad = rounded([gradient])
        made.step()
        values.append(p.item())
    assert all(np.isfinite(values)), (optimizer, options)
    constant = len(set(gradients)) == 1
    return {
        'optimizer': optimizer,
        'options': options,
        'gradients': gradients[:1] if constant else gradients,
        'repeat': len(gradients) if constant else 1,
        'values': values if keep is None else values[-keep:],
    }


rng = np.random.Generator(np.random.PCG64(3))
ordinary = [round(float(x), 3) for x in rng.standard_normal(12)]

clips = [
    clip('large', {'norm': 1}, [[3e19, 4e19]]),
    clip('largest', {'norm': 1}, [[3e38, -3e38, 1e38], [0.5, 0.25]]),
    clip('many', {'norm': 1}, [[1e18]], repeat=1000),
    clip('many, and a limit that is reached by none', {'norm': 1e20}, [[1e18]], repeat=1000),
    clip('large limit', {'norm': 1e38}, [[3e38, -3e38]]),
    clip('small', {'norm': 1e-9}, [[3e-8, 4e-8]]),
    clip('smaller, with a norm of normal size beside it', {'norm': 1e-22}, [[3e-21, 4e-21], [3, 4]]),
    clip('denormal', {'norm': 2e-38}, [[3e-38, 4e-38, 0]]),
    clip('small limit of a large gradient', {'norm': 1e-20}, [[3e19, 4e19]]),
    clip('small and below the limit', {'norm': 1e-6}, [[3e-21, 4e-21], [0, 0]]),
    clip('at the limit', {'norm': 5}, [[3, 4]]),
    clip('below the limit', {'norm': 5.5}, [[3, 4]]),
    clip('together, squares overflow', {'globalNorm': 2}, [[3e19, 4e19], [1e18] * 3, [1]]),
    clip('together, only the sum of squares overflows', {'globalNorm': 1}, [[1.5e19], [1.5e19]]),
    clip('together, small', {'globalNorm': 1e-12}, [[3e-10, 4e-10], [5e-10]]),
    clip('together and below the limit', {'globalNorm': 1e-3}, [[3e-10, 4e-10], [5e-10]]),
]

runs = [
    *(
        run(optimizer, [gradient, *ordinary], **options)
        for gradient in (1e18, 1e20, -1e30, 3e38)
        for optimizer, options in (
            ('Adam', {'learningRate': 0.1}),
            ('AdamW', {'learningRate': 0.1, 'weightDecay': 0.1}),
            ('RMSprop', {'learningRate': 0.01}),
            ('RMSprop', {'learningRate': 0.01, 'momentum': 0.9}),
            ('RMSprop', {'learningRate': 0.01, 'centered': True}),
        )
    ),
    run('Adam', [1e20, -1e25, 1e30, 3e38, -3e38], learningRate=0.1, betas=(0, 0)),
    run('RMSprop', [0.1] * 1400, keep=200, learningRate=1e-4, centered=True),
    run('RMSprop', [0.3] * 32, learningRate=1e-4, alpha=0.5, centered=True),
    run('RMSprop', [-0.3] * 32, learningRate=1e-5, alpha=0.5, centered=True, momentum=0.9),
    run('RMSprop', [1e4] * 600, keep=50, learningRate=1e-4, centered=True),
    run('RMSprop', [1000 + x for x in ordinary] * 3, learningRate=1e-3, alpha=0.9, centered=True),
]

path = pathlib.Path(__file__).with_suffix('.json')
lines = lambda rows: '[\n    ' + ',\n    '.join(json.dumps(row) for row in rows) + '\n  ]'
path.write_text(f'{{\n  "clips": {lines(clips)},\n  "runs": {lines(runs)}\n}}\n', encoding='utf-8')
print(f'{path.name}: {path.stat().st_size} bytes')

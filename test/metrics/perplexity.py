"""Writes perplexity.json: exp of PyTorch's cross entropy in double precision, from float32 logits."""

import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

random = np.random.Generator(np.random.PCG64(11))
logits = np.round(random.standard_normal((3, 5, 7)) * 4, 3).astype(np.float32)
labels = random.integers(0, 7, (3, 5)).astype(np.int32)
padded = np.where(np.arange(5) < np.array([[5], [2], [0]]), labels, -100).astype(np.int32)
mask = np.array([[1, 1, 1, 1, 0], [1, 0, 0.5, 0, 0], [2, 0, 0, 0, 1]], np.float32)

losses = F.cross_entropy(
    torch.from_numpy(logits).double().movedim(-1, 1), torch.from_numpy(padded).long(), ignore_index=-100, reduction='none'
)
every = F.cross_entropy(
    torch.from_numpy(logits).double().movedim(-1, 1), torch.from_numpy(labels).long(), reduction='none'
)
weights = torch.from_numpy(mask).double()
out = {
    'logits': [float(str(x)) for x in logits.ravel()],
    'labels': labels.ravel().tolist(),
    'padded': padded.ravel().tolist(),
    'mask': mask.ravel().tolist(),
    'all': every.mean().exp().item(),
    'ignored': (losses.sum() / (padded != -100).sum()).exp().item(),
    'masked': ((every * weights).sum() / weights.sum()).exp().item(),
}
path = pathlib.Path(__file__).with_suffix('.json')
path.write_text(json.dumps(out) + '\n')

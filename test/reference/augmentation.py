"""Writes augmentation.json: images under affine and elastic changes, computed by scipy.ndimage.

The forward matrix is put together from its parts as torchvision's RandomAffine documents them (rotation,
scale and shear about the middle, then the shift) and inverted numerically. Cases with a fill of 0 and square
images are checked with PyTorch's affine_grid and grid_sample.
"""

import math

import numpy as np
import torch
from scipy import ndimage
from torch.nn import functional

from common import Inputs, given, wanted, write

inputs = Inputs(11)
UNCHANGED = {'rotation': 0, 'scale': 1, 'shear': 0, 'flip': False, 'shiftX': 0, 'shiftY': 0}


def forward(p, height, width):
    """Where a point (x, y, 1) of the image goes."""
    angle, shear = math.radians(p['rotation']), math.radians(p['shear'])
    middle = np.array([[1, 0, (width - 1) / 2], [0, 1, (height - 1) / 2], [0, 0, 1.0]])
    flip = np.diag([-1.0 if p['flip'] else 1.0, 1, 1])
    rotate = np.array(
        [[math.cos(angle), -math.sin(angle), 0], [math.sin(angle), math.cos(angle), 0], [0, 0, 1.0]]
    )
    scale = np.diag([p['scale'], p['scale'], 1.0])
    slant = np.array([[1, -math.tan(shear), 0], [0, 1, 0], [0, 0, 1.0]])
    shift = np.array([[1, 0, p['shiftX']], [0, 1, p['shiftY']], [0, 0, 1.0]])
    return shift @ middle @ rotate @ scale @ slant @ flip @ np.linalg.inv(middle)


def sources(p, height, width):
    """The places (y, x) of the image at which pixels are read: [2, height, width]."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    points = np.linalg.inv(forward(p, height, width)) @ np.stack([x.ravel(), y.ravel(), np.ones(x.size)])
    return points[1::-1].reshape(2, height, width)


def read(image, places, fill):
    image = image.astype(np.float64)
    channels = [
        ndimage.map_coordinates(image[..., c], places, order=1, mode='grid-constant', cval=fill)
        for c in range(image.shape[2])
    ]
    return np.stack(channels, axis=-1)


def check_with_torch(image, p, out):
    """The same by PyTorch, in coordinates from -1 to 1, where square images need no change of shape."""
    height, width, _ = image.shape
    norm = np.array([[2 / (width - 1), 0, -1], [0, 2 / (height - 1), -1], [0, 0, 1.0]])
    theta = norm @ np.linalg.inv(forward(p, height, width)) @ np.linalg.inv(norm)
    batch = torch.tensor(image.astype(np.float64)).permute(2, 0, 1)[None]
    grid = functional.affine_grid(torch.tensor(theta[None, :2]), batch.shape, align_corners=True)
    sampled = functional.grid_sample(batch, grid, padding_mode='zeros', align_corners=True)
    np.testing.assert_allclose(sampled[0].permute(1, 2, 0).numpy(), out, atol=1e-12)


def affine_case(name, height, width, channels=1, fill=0.0, **changes):
    p = {**UNCHANGED, **changes}
    image = inputs.uniform(0, 1, height, width, channels)
    out = read(image, sources(p, height, width), fill)
    if fill == 0:
        check_with_torch(image, p, out)
    return {'name': name, 'parameters': p, 'fill': fill, 'image': given(image), 'out': wanted(out)}


def elastic_case(name, height, width, sigma, alpha, channels=1, fill=0.0, **changes):
    p = {**UNCHANGED, **changes}
    image = inputs.uniform(0, 1, height, width, channels)
    noise = inputs.uniform(-1, 1, 2, height, width)  # along x, along y
    smooth = [ndimage.gaussian_filter(n.astype(np.float64), sigma, mode='constant', cval=0) for n in noise]
    shifts = alpha * np.stack(smooth)
    out = read(image, sources(p, height, width) + shifts[::-1], fill)
    return {
        'name': name,
        'parameters': p,
        'fill': fill,
        'sigma': sigma,
        'alpha': alpha,
        'image': given(image),
        'noise': given(noise),
        'shifts': wanted(shifts),
        'out': wanted(out),
    }


write(
    'augmentation',
    {
        'affine': [
            affine_case('nothing', 5, 6),
            affine_case('whole shift', 5, 6, shiftX=2, shiftY=-1),
            affine_case('shift', 6, 7, channels=2, shiftX=-1.3, shiftY=0.6),
            affine_case('out of sight', 4, 4, fill=0.25, shiftX=9),
            affine_case('rotation', 7, 5, rotation=33),
            affine_case('rotation back', 6, 6, fill=-1.5, rotation=-100),
            affine_case('quarter turn', 5, 5, rotation=90),
            affine_case('zoom in', 6, 8, scale=1.7),
            affine_case('zoom out', 6, 8, channels=3, fill=2, scale=0.6),
            affine_case('shear', 8, 6, shear=25),
            affine_case('flip', 4, 7, channels=2, flip=True),
            affine_case('one row', 1, 6, fill=0.5, rotation=10, shiftX=0.4),
            affine_case(
                'all', 9, 8, 2, rotation=-21, scale=1.2, shear=-12, flip=True, shiftX=0.7, shiftY=-1.1
            ),
            affine_case('all, filled', 8, 9, 1, 0.7, rotation=14, scale=0.85, shear=9, shiftX=-2, shiftY=1.5),
        ],
        'elastic': [
            elastic_case('alone', 9, 7, sigma=1.5, alpha=4),
            elastic_case('wide', 8, 11, sigma=4, alpha=34, fill=0.3),
            elastic_case('narrow', 5, 6, sigma=0.1, alpha=0.8),
            elastic_case('on one row', 1, 9, sigma=2, alpha=6),
            elastic_case(
                'with all', 10, 9, 2.2, 9, 3, 0.5, rotation=17, scale=1.1, shear=6, shiftX=1.2, shiftY=-0.4
            ),
        ],
    },
    3,
)

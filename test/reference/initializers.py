"""Writes initializers.json: fans, bounds and standard deviations of the initialisers.

Keras's definitions: the kernel's last two axes are inputs and outputs and the axes before them are the
receptive field; uniform draws from [-limit, limit] with limit = sqrt(3 * scale / fan), normal draws from a
normal distribution cut at two standard deviations, whose `stddev` is widened so that the samples have the
deviation sqrt(scale / fan).
The bounds are checked against torch.nn.init, the widening against scipy.stats.
"""

import math

import torch
from scipy import stats
from torch.nn import init

from common import write

CUT = 0.87962566103423978  # standard deviation of a standard normal cut at -2 and 2
assert abs(stats.truncnorm(-2, 2).std() - CUT) < 1e-12

# name: (scale, fan as a function of fanIn and fanOut)
SCALING = {
    'glorot': (1, lambda fan_in, fan_out: (fan_in + fan_out) / 2),
    'he': (2, lambda fan_in, fan_out: fan_in),
    'lecun': (1, lambda fan_in, fan_out: fan_in),
}


def fans(shape):
    field = math.prod(shape[:-2])
    fan_in, fan_out = field * shape[-2], field * shape[-1]
    # PyTorch stores [out, in, ...receptive field].
    assert (fan_in, fan_out) == init._calculate_fan_in_and_fan_out(
        torch.empty(shape[-1], shape[-2], *shape[:-2])
    )
    return fan_in, fan_out


def check_limit(name, shape, limit):
    """The widest of many draws of PyTorch's own initialiser comes close to the limit and never passes it."""
    torch.manual_seed(0)
    weight = torch.empty(shape[-1], shape[-2], *shape[:-2])
    fill = {
        'glorot': lambda: init.xavier_uniform_(weight),
        'he': lambda: init.kaiming_uniform_(weight, nonlinearity='relu'),
        'lecun': lambda: init.kaiming_uniform_(weight, nonlinearity='linear'),
    }[name]
    widest = max(fill().abs().max().item() for _ in range(10))
    assert 0.999 * limit < widest <= limit * (1 + 1e-6), (name, shape, limit, widest)


def entry(shape):
    fan_in, fan_out = fans(shape)
    table = {'shape': shape, 'fanIn': fan_in, 'fanOut': fan_out}
    for name, (scale, fan) in SCALING.items():
        deviation = math.sqrt(scale / fan(fan_in, fan_out))
        limit = math.sqrt(3) * deviation
        check_limit(name, shape, limit)
        table[f'{name}Uniform'] = {'limit': limit, 'deviation': deviation}
        stddev = deviation / CUT
        table[f'{name}Normal'] = {'stddev': stddev, 'limit': 2 * stddev, 'deviation': deviation}
    return table


write(
    'initializers',
    {
        'truncatedNormalDeviation': CUT,
        'shapes': [entry(shape) for shape in ([784, 128], [128, 10], [3, 3, 16, 32], [5, 1, 8])],
    },
    depth=2,
)

"""Where the random inputs of each operation begin.

An operation has a stream of its own, seeded with its name: adding or changing one operation changes no inputs of others. The
first operations shared a few streams; these entries keep their inputs. A new operation needs no entry.
"""

import zlib

from common import Inputs

# seed: { operation: position in the stream }
SHARED = {
    1: {
        'exp': 0, 'expm1': 19, 'log': 38, 'log1p': 57, 'sqrt': 76, 'rsqrt': 95, 'reciprocal': 114,
        'sin': 133, 'cos': 152, 'tanh': 171, 'erf': 190, 'sigmoid': 209, 'softplus': 228, 'silu': 247,
        'gelu': 266, 'elu': 285, 'leakyRelu': 317, 'neg': 336, 'abs': 355, 'sign': 374, 'square': 393,
        'floor': 412, 'ceil': 431, 'round': 450, 'relu': 469, 'isNaN': 488, 'isFinite': 507, 'add': 526,
        'sub': 570, 'mul': 614, 'div': 658, 'mod': 702, 'maximum': 746, 'minimum': 790, 'pow': 834,
        'equal': 878, 'notEqual': 922, 'less': 966, 'lessEqual': 1010, 'greater': 1054,
        'greaterEqual': 1098,
    },
    8: {'where': 0, 'clip': 30, 'maxPool': 0, 'avgPool': 1616},
    17: {'standardize': 0},
    2: {
        'sum': 0, 'prod': 24, 'mean': 2085, 'variance': 2110, 'max': 2134, 'argmax': 2159, 'min': 2183,
        'argmin': 2207, 'any': 2233, 'all': 2245, 'logSumExp': 2257, 'softmax': 2282, 'logSoftmax': 2347,
        'matmul': 2413,
    },
    3: {'concat': 0, 'scatterAdd': 7},
    6: {'conv': 0, 'convTranspose': 3083},
}
STARTS = {name: (seed, start) for seed, starts in SHARED.items() for name, start in starts.items()}


def inputs_of(operation):
    seed, start = STARTS.get(operation, (zlib.crc32(operation.encode()), 0))
    return Inputs(seed, start)

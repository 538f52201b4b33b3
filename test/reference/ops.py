"""Writes ops.json: known answers of every operation, from NumPy, SciPy and PyTorch in double precision.

`ops.py NAME ...` writes the answers of these operations only and leaves all others as they are. It needs PyTorch only for
operations whose answers come from PyTorch.
"""

import importlib
import json
import sys
import warnings

import numpy as np

from common import FOLDER, OPERATIONS, Cases, write
from streams import inputs_of

# The modules that need PyTorch come last, so that the other operations can be found without it.
MODULES = [
    'ops_elementwise',
    'ops_select',
    'ops_normalization',
    'ops_reduction',
    'ops_movement',
    'ops_convolution',
    'ops_pooling',
    'ops_order',
    'ops_image',
]


def load(names):
    """Imports the modules that make the cases of these operations; all modules if there are no names."""
    missing = set(names)
    for module in MODULES:
        if names and not missing:
            return
        importlib.import_module(module)
        missing -= OPERATIONS.keys()
    if missing:
        sys.exit(f'no cases of {", ".join(sorted(missing))}: add them to one of {", ".join(MODULES)}')


def cases_of(name):
    cases = Cases(name, inputs_of(name))
    with np.errstate(all='ignore'), warnings.catch_warnings():
        warnings.simplefilter('ignore', RuntimeWarning)
        OPERATIONS[name](cases)
    return cases.list


names = sys.argv[1:]
try:
    load(names)
    made = {name: cases_of(name) for name in names or OPERATIONS}
except ModuleNotFoundError as error:
    sys.exit(f'{error}: apt install python3-torch python3-scipy')
known = json.loads((FOLDER / 'ops.json').read_text(encoding='utf-8'))
kept = {name: cases for name, cases in known.items() if names or name in made}
write('ops', {**kept, **made}, depth=2)

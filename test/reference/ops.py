"""Writes ops.json: known answers of every operation, from NumPy, SciPy and PyTorch in double precision.

`ops.py NAME ...` writes the answers of these operations only and leaves all others as they are. It needs PyTorch only for
operations of the modules that import it.
"""

import importlib
import json
import sys

from common import FOLDER, Table, write

# Those that need NumPy and SciPy alone come first, so that their operations can be written without PyTorch.
MODULES = [
    'ops_elementwise',
    'ops_select',
    'ops_normalization',
    'ops_reduction',
    'ops_movement',
    'ops_convolution',
    'ops_pooling',
]


def cases_of(module):
    table = Table()
    importlib.import_module(module).add_cases(table)
    return table.cases


def everything():
    return {op: cases for module in MODULES for op, cases in cases_of(module).items()}


def only(names):
    cases = json.loads((FOLDER / 'ops.json').read_text(encoding='utf-8'))
    missing = set(names)
    for module in MODULES:
        if not missing:
            break
        found = {op: new for op, new in cases_of(module).items() if op in missing}
        cases.update(found)
        missing -= found.keys()
    if missing:
        sys.exit(f'no cases of {", ".join(sorted(missing))}: add them to one of {", ".join(MODULES)}')
    return cases


write('ops', only(sys.argv[1:]) if sys.argv[1:] else everything(), depth=2)

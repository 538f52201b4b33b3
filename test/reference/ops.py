"""Writes ops.json: known answers of every operation, from NumPy, SciPy and PyTorch in double precision."""

import ops_convolution
import ops_elementwise
import ops_movement
import ops_normalization
import ops_pooling
import ops_reduction
import ops_select
from common import Table, write

table = Table()
for module in (
    ops_elementwise,
    ops_select,
    ops_reduction,
    ops_movement,
    ops_convolution,
    ops_normalization,
    ops_pooling,
):
    module.add_cases(table)
write('ops', table.cases, depth=2)

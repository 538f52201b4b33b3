"""What Python's standard library reads from a file of saveModel.

    /usr/bin/python3 -B test/io/model/model.py    reads golden/model-1.safetensors, writes model.json
"""

import json
import os
import struct

here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, '../golden/model-1.safetensors'), 'rb') as file:
    (length,) = struct.unpack('<Q', file.read(8))
    header = json.loads(file.read(length))
    data = file.read()

metadata = header.pop('__metadata__')
tensors = {}
for name, entry in header.items():
    begin, end = entry['data_offsets']
    code, size = {'F32': ('f', 4), 'F64': ('d', 8)}[entry['dtype']]
    tensors[name] = struct.unpack(f'<{(end - begin) // size}{code}', data[begin:end])

with open(os.path.join(here, 'model.json'), 'w') as out:
    json.dump({'model': json.loads(metadata['model']), 'tensors': tensors}, out)
    out.write('\n')

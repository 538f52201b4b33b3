"""Files in the safetensors format, made and read with NumPy after the specification, independently of the library.

    python3 test/io/safetensors.py                 writes safetensors.json, the files that the tests read
    python3 test/io/safetensors.py read FILE       prints a file's tensors as JSON, after checking its layout
"""

import json
import os
import struct
import sys

import numpy as np

DTYPES = {
    'BOOL': '?', 'U8': 'u1', 'I8': 'i1', 'I16': '<i2', 'U16': '<u2', 'F16': '<f2', 'I32': '<i4', 'U32': '<u4',
    'F32': '<f4', 'F64': '<f8', 'I64': '<i8', 'U64': '<u8',
}


def bfloat16(x):
    """The upper halves of float32 values, rounded to nearest, ties to even."""
    bits = np.asarray(x, '<f4').view('<u4').astype(np.uint64)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype('<u2')


def write(tensors, metadata=None):
    """The bytes of a file. `tensors`: name -> (dtype, array of the stored elements)."""
    header = {} if metadata is None else {'__metadata__': metadata}
    data = b''
    for name, (dtype, array) in tensors.items():
        part = array.tobytes()
        header[name] = {'dtype': dtype, 'shape': list(array.shape), 'data_offsets': [len(data), len(data) + len(part)]}
        data += part
    text = json.dumps(header, ensure_ascii=False, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    return struct.pack('<Q', len(text)) + text + data


def read(file):
    length, = struct.unpack('<Q', file[:8])
    assert length % 8 == 0
    header = json.loads(file[8:8 + length].decode(), object_pairs_hook=lambda pairs: unique(pairs))
    metadata = header.pop('__metadata__', {})
    data = file[8 + length:]
    at = 0
    result = {}
    order = []
    for name, entry in header.items():
        begin, end = entry['data_offsets']
        assert begin == at, f'{name} begins at {begin}, not at {at}'
        at = end
        stored = '<u2' if entry['dtype'] == 'BF16' else DTYPES[entry['dtype']]
        array = np.frombuffer(data[begin:end], stored).reshape(entry['shape'])
        order.append((-array.itemsize, name))
        assert (8 + length + begin) % array.itemsize == 0
        if entry['dtype'] == 'BF16':
            array = (array.ravel().astype('<u4') << 16).view('<f4')
        result[name] = {'dtype': entry['dtype'], 'shape': entry['shape'], 'data': array.ravel().astype(float).tolist()}
    assert at == len(data), f'{len(data)} bytes, the last tensor ends at {at}'
    assert order == sorted(order), order
    return {'metadata': metadata, 'tensors': result}


def unique(pairs):
    result = dict(pairs)
    assert len(result) == len(pairs), 'a name occurs twice'
    return result


def main():
    random = np.random.default_rng(1)
    floats = np.float32([0, -0.0, 1, -1.5, 3.14159, 65504, 1e-4, -6e-8, 2**-14, 0.1]).reshape(2, 5)
    ints = random.integers(-100, 100, (3, 2))
    arrays = {
        'BOOL': random.integers(0, 2, (2, 2)).astype('?'),
        'U8': np.uint8([0, 1, 254, 255]),
        'I8': np.int8([-128, -1, 0, 127]),
        'I16': np.array([-32768, 32767, 5], '<i2'),
        'U16': np.array([0, 65535, 5], '<u2'),
        'F16': floats.astype('<f2'),
        'I32': np.array([-2**31, 2**31 - 1, 7], '<i4'),
        'U32': np.array([0, 2**31 - 1, 7], '<u4'),
        'F32': floats.astype('<f4'),
        'F64': floats.astype('<f8') * (1 + 2**-40),
        'I64': np.array([-2**31, 2**31 - 1, -1, 0, 12345], '<i8'),
        'U64': np.array([0, 2**31 - 1, 12345], '<u8'),
    }
    tensors = {f'{dtype.lower()} ä': (dtype, array) for dtype, array in arrays.items()}
    tensors['bf16'] = ('BF16', bfloat16(floats))
    tensors['scalar'] = ('F32', np.array(2.5, '<f4'))
    tensors['empty'] = ('F32', np.zeros((0, 3), '<f4'))
    # Half of the files' tensors begin at odd addresses.
    unaligned = {'byte': ('U8', np.uint8([7])), **tensors}
    values = {
        name: {
            'shape': list(array.shape),
            'data': ((array.astype('<u4') << 16).view('<f4') if dtype == 'BF16' else array).astype(float).ravel().tolist(),
        }
        for name, (dtype, array) in tensors.items()
    }
    codes = np.arange(65536, dtype='<u2')
    half = codes.view('<f2').astype('<f4')
    # Midpoints of neighboring binary16 and their neighbors in float32.
    positive = half[:0x7BFF].astype('<f8')
    middle = ((positive + half[1:0x7C00].astype('<f8')) / 2).astype('<f4')
    sample = middle[:: 97]
    near = np.concatenate([sample, np.nextafter(sample, np.float32(0)), np.nextafter(sample, np.float32(1e9))])
    near = np.concatenate([near, -near[::5]])
    out = {
        'values': values,
        'metadata': {'format': 'pt', 'name': 'ü "quoted"'},
        'file': write(tensors, {'format': 'pt', 'name': 'ü "quoted"'}).hex(),
        'unaligned': write(unaligned).hex(),
        'rounding': {
            'float32': near.astype('<f4').tobytes().hex(),
            'float16': near.astype('<f2').tobytes().hex(),
            'bfloat16': bfloat16(near).tobytes().hex(),
        },
    }
    # What the library writes: the largest elements first, then by name.
    out['written'] = write({
        '0.kernel': ('F32', floats.astype('<f4')),
        'labels': ('I32', np.array([[-1], [2**31 - 1]], '<i4')),
        '2': ('U8', np.uint8([1, 2, 3])),
        'mask': ('BOOL', np.array([True, False, True])),
    }, {'name': 'ü "quoted"'}).hex()
    out['writtenHalf'] = write({
        '7': ('I32', np.array(5, '<i4')),
        'a': ('F16', floats.astype('<f2')),
        'b': ('F16', np.zeros((0, 3), '<f2')),
    }).hex()
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'safetensors.json')
    with open(path, 'w') as file:
        json.dump(out, file, ensure_ascii=False)
        file.write('\n')
    print(os.path.getsize(path), 'bytes')


if __name__ == '__main__':
    if sys.argv[1:2] == ['read']:
        with open(sys.argv[2], 'rb') as file:
            json.dump(read(file.read()), sys.stdout)
    else:
        main()

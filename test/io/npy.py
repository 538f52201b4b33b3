"""Files of NumPy for the tests of .npy and .npz.

    /usr/bin/python3 -B test/io/npy.py             writes npy.json
    /usr/bin/python3 -B test/io/npy.py read FILE   prints what NumPy reads from a .npy or .npz file, as JSON
"""

import io
import json
import os
import sys

import numpy as np


def saved(array, version=None):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version=version)
    return file.getvalue().hex()


def described(array):
    return {'dtype': array.dtype.name, 'shape': list(array.shape), 'data': array.astype(float).ravel().tolist()}


def case(name, array, version=None):
    return {'name': name, 'file': saved(array, version), **described(array)}


def archive(save, arrays):
    file = io.BytesIO()
    save(file, **arrays)
    return {'file': file.getvalue().hex(), 'arrays': {name: described(array) for name, array in arrays.items()}}


def main():
    values = np.array([[0, 1, 2], [3, 100, 127]])
    cases = []
    for code in 'b1 u1 i1 u2 i2 u4 i4 u8 i8 f2 f4 f8'.split():
        for order in '<>':
            array = values.astype(order + code)
            if code[0] == 'i':
                array[0, 1] = -3
            if code[0] == 'f':
                array[1] = [-0.5, 3.140625, -65504]
            cases.append(case(f'{order}{code}', array))
            cases.append(case(f'{order}{code} in Fortran order', np.asfortranarray(array)))
    cases.append(case('a scalar', np.array(2.5, '<f4')))
    cases.append(case('an empty array', np.zeros((0, 3), '<f4')))
    cases.append(case('one axis', np.arange(5, dtype='<i4')))
    cases.append(case('three axes', np.asfortranarray(np.arange(24, dtype='>f4').reshape(2, 3, 4))))
    for version in [(1, 0), (2, 0), (3, 0)]:
        cases.append(case(f'version {version[0]}', values.astype('<f4'), version))
    arrays = {
        'x': np.random.default_rng(1).normal(size=(4, 5)).astype('<f4'),
        'labels': np.arange(300, dtype='<i8') % 10,
        'ä/b': np.array([True, False]),
    }
    refused = {
        'objects': np.array([None], object),
        'complex': np.zeros(2, '<c8'),
        'records': np.zeros(2, [('a', '<f4'), ('b', '<i4')]),
        'text': np.array(['ab']),
        'dates': np.array(['2020-01-01'], 'M8[D]'),
        'long': np.array([0, 2**31], '<i8'),
    }
    out = {
        'cases': cases,
        'npz': archive(np.savez, arrays),
        'compressed': archive(np.savez_compressed, arrays),
        'refused': {name: io_bytes(array) for name, array in refused.items()},
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'npy.json')
    with open(path, 'w') as file:
        json.dump(out, file, ensure_ascii=False)
        file.write('\n')
    print(os.path.getsize(path), 'bytes')


def io_bytes(array):
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue().hex()


def read(path):
    loaded = np.load(path)
    if isinstance(loaded, np.ndarray):
        return described(loaded)
    return {name: described(loaded[name]) for name in loaded.files}


if __name__ == '__main__':
    if sys.argv[1:2] == ['read']:
        json.dump(read(sys.argv[2]), sys.stdout)
    else:
        main()

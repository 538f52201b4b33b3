"""A PyTorch network as a safetensors file, with predictions before and after training, and the way back.

    /usr/bin/python3 -B test/io/weights.py               writes weights.json
    /usr/bin/python3 -B test/io/weights.py predict FILE  loads a file of saveWeights into the PyTorch network and prints predictions
"""

import json
import os
import struct
import sys

import numpy as np
import torch
from torch import nn

DTYPES = {torch.float32: ('F32', '<f4'), torch.int64: ('I64', '<i8')}


def network():
    return nn.Sequential(
        nn.Conv2d(2, 3, (3, 2)),
        nn.BatchNorm2d(3),
        nn.ReLU(),
        nn.ConvTranspose2d(3, 4, 2),
        nn.Flatten(),
        nn.Linear(4 * 4 * 5, 6),
        nn.Tanh(),
        nn.Linear(6, 2),
    )


def to_bytes(state):
    header, data = {}, b''
    for name, tensor in state.items():
        code, dtype = DTYPES[tensor.dtype]
        part = tensor.detach().numpy().astype(dtype).tobytes()
        header[name] = {'dtype': code, 'shape': list(tensor.shape), 'data_offsets': [len(data), len(data) + len(part)]}
        data += part
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    return struct.pack('<Q', len(text)) + text + data


def inputs():
    return torch.from_numpy(np.random.default_rng(2).normal(size=(3, 2, 5, 5)).astype('<f4'))


def training_data():
    rng = np.random.default_rng(3)
    return [torch.from_numpy(rng.normal(size=size).astype('<f4')) for size in [(8, 2, 5, 5), (8, 2)]]


def train(model):
    """Five steps over one batch."""
    x, y = training_data()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.5)
    model.train()
    for _ in range(5):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
    model.eval()


def described(tensor):
    return {'shape': list(tensor.shape), 'data': tensor.detach().double().ravel().tolist()}


def main():
    torch.manual_seed(1)
    model = network()
    with torch.no_grad():
        model(torch.randn(16, 2, 5, 5) * 2 + 1)  # running statistics
        model[1].weight.uniform_(0.5, 2)
        model[1].bias.normal_()
    model.eval()
    x = inputs()
    out = {
        'file': to_bytes(model.state_dict()).hex(),
        'x': described(x.permute(0, 2, 3, 1)),
        'y': described(model(x)),
    }
    train(model)
    batch, targets = training_data()
    out['training'] = {'x': described(batch.permute(0, 2, 3, 1)), 'y': described(targets)}
    out['trained'] = described(model(x))
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'weights.json')
    with open(path, 'w') as file:
        json.dump(out, file)
        file.write('\n')
    print(os.path.getsize(path), 'bytes')


def predict(path):
    with open(path, 'rb') as file:
        content = file.read()
    length, = struct.unpack('<Q', content[:8])
    header = json.loads(content[8:8 + length])
    header.pop('__metadata__')
    weights = {}
    for name, entry in header.items():
        begin, end = entry['data_offsets']
        array = np.frombuffer(content[8 + length + begin:8 + length + end], '<f4').reshape(entry['shape'])
        weights[name] = torch.from_numpy(array.copy())
    model = network()
    with torch.no_grad():
        for i, layer in enumerate(model):
            if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
                layer.weight.copy_(weights[f'{i}.kernel'].permute(3, 2, 0, 1))
                layer.bias.copy_(weights[f'{i}.bias'])
            elif isinstance(layer, nn.BatchNorm2d):
                for ours, theirs in [('gamma', layer.weight), ('beta', layer.bias), ('runningMean', layer.running_mean),
                                     ('runningVariance', layer.running_var)]:
                    theirs.copy_(weights[f'{i}.{ours}'])
            elif isinstance(layer, nn.Linear):
                kernel = weights[f'{i}.kernel']
                if i == 5:
                    kernel = kernel.reshape(4, 5, 4, 6).permute(2, 0, 1, 3).reshape(-1, 6)
                layer.weight.copy_(kernel.T)
                layer.bias.copy_(weights[f'{i}.bias'])
    json.dump(model.eval()(inputs()).tolist(), sys.stdout)


if __name__ == '__main__':
    if sys.argv[1:2] == ['predict']:
        predict(sys.argv[2])
    else:
        main()

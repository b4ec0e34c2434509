"""simpnet by backpropagation in PyTorch, as Amit 2019, section 4, trains it; errors after each epoch, a line of JSON each.

Called with threads, seed, epochs, batch elements, rate, and an .npz of x_train, y_train, x_test, y_test, scale and offset.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

MAPS, KERNEL, UNITS, CLASSES, CLIPPED = 32, 5, 500, 10, 1.5


def limits(channels: int, places: int) -> list[tuple[tuple[int, ...], float]]:
    """Return the shapes of the weights, and Glorot's limit of each."""
    windows = KERNEL**2
    shapes = [(MAPS, channels, KERNEL, KERNEL), (UNITS, MAPS * places // 4), (CLASSES, UNITS)]
    fans = [(channels + MAPS) * windows, *(sum(shape) for shape in shapes[1:])]
    return [(shape, float(np.sqrt(6 / fan))) for shape, fan in zip(shapes, fans)]


def fields(w: list[torch.Tensor], x: torch.Tensor, lost: bool) -> torch.Tensor:
    """Return the fields of the output of conv 32 5x5; maxpool 3; drop .8; full conn. 500; drop .3; output."""
    rates = F.hardtanh(F.conv2d(x, w[0], padding=KERNEL // 2))
    pooled = F.max_pool2d(F.pad(rates, (0, 1, 0, 1), value=-2.0), 3, 2)
    hidden = F.hardtanh(F.dropout(pooled.flatten(1), 0.8, lost) @ w[1].T)
    return F.dropout(hidden, 0.3, lost) @ w[2].T


def hinge(h: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return Amit's Eq. 2 with mu = 1/(classes - 1), the mean over the minibatch."""
    signs = 2.0 * F.one_hot(labels, CLASSES) - 1
    weights = torch.where(signs > 0, 1.0, 1 / (CLASSES - 1))
    return (weights * F.relu(1 - signs * h)).sum(1).mean()


def train(seed: int, epochs: int, batch_size: int, rate: float, path: str) -> None:
    """Train by gradient descent at a fixed rate; after each step the weights are clipped."""
    file = dict(np.load(path))
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    x, tests = (torch.from_numpy(file[k]) for k in ("x_train", "x_test"))
    y, answers = (torch.from_numpy(file[k]) for k in ("y_train", "y_test"))
    scale, offset = float(file["scale"]), float(file["offset"])
    bounds = limits(x.shape[1], x.shape[2] * x.shape[3])
    w = [torch.empty(shape).uniform_(-b, b, generator=generator).requires_grad_() for shape, b in bounds]
    for _ in range(epochs):
        began, wrong = time.perf_counter(), 0
        for rows in torch.randperm(len(x), generator=generator).split(batch_size):
            h = fields(w, x[rows] * scale + offset, True)
            wrong += int((h.argmax(1) != y[rows]).sum())
            gradients = torch.autograd.grad(hinge(h, y[rows]), w)
            with torch.no_grad():
                for weights, gradient, (_, bound) in zip(w, gradients, bounds):
                    weights.sub_(gradient, alpha=rate).clamp_(-CLIPPED * bound, CLIPPED * bound)
        with torch.no_grad():
            shown = [fields(w, part * scale + offset, False).argmax(1) for part in tests.split(batch_size)]
        missed = int((torch.cat(shown) != answers).sum())
        facts = {
            "train": wrong / len(x),
            "test": missed / len(tests),
            "seconds": round(time.perf_counter() - began, 1),
        }
        print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    threads, seed, epochs, batch_size = map(int, sys.argv[1:5])
    torch.set_num_threads(threads)
    train(seed, epochs, batch_size, float(sys.argv[5]), sys.argv[6])

"""Convolutions in PyTorch, eager: tied by `conv2d` and its gradients, untied by `unfold`, batched products and `fold`.

Called with threads, rounds, batch elements, channels, size, maps and kernel; answers with milliseconds, medians of the rounds,
as JSON: {"tied": {"forward": ..., "feedback": ..., "update": ...}, "untied": {...}}.
"""

from __future__ import annotations

import json
import statistics
import sys
import time

import torch
import torch.nn.functional as F


def median(run, rounds: int) -> float:
    """Return milliseconds of a call."""
    run()
    taken = []
    for _ in range(rounds):
        begin = time.perf_counter()
        run()
        taken.append(time.perf_counter() - begin)
    return 1e3 * statistics.median(taken)


def measured(
    rounds: int, batch_size: int, channels: int, size: int, maps: int, kernel: int
) -> dict[str, dict[str, float]]:
    """Measure both kinds, with weights of their own for feedback."""
    edge = kernel // 2
    x, errors = torch.randn(batch_size, channels, size, size), torch.randn(batch_size, maps, size, size)
    w = torch.randn(maps, channels, kernel, kernel)
    r = w.clone()
    places, taps = size * size, channels * kernel * kernel
    own, back = (torch.randn(places, maps, taps) for _ in range(2))
    flat = errors.reshape(batch_size, maps, places)

    def seen():
        return F.unfold(x, kernel, padding=edge)

    def fed_back():
        sent = torch.bmm(back.transpose(1, 2), flat.permute(2, 1, 0)).permute(2, 1, 0)
        return F.fold(sent.contiguous(), (size, size), kernel, padding=edge)

    def took(run) -> float:
        return median(run, rounds)

    return {
        "tied": {
            "forward": took(lambda: F.conv2d(x, w, padding=edge)),
            "feedback": took(lambda: F.conv_transpose2d(errors, r, padding=edge)),
            "update": took(lambda: w.add_(torch.nn.grad.conv2d_weight(x, w.shape, errors, padding=edge), alpha=1e-6)),
        },
        "untied": {
            "forward": took(lambda: torch.bmm(own, seen().permute(2, 1, 0)).permute(2, 1, 0).contiguous()),
            "feedback": took(fed_back),
            "update": took(lambda: own.baddbmm_(flat.permute(2, 1, 0), seen().permute(2, 0, 1), alpha=1e-6)),
        },
    }


if __name__ == "__main__":
    threads, *numbers = map(int, sys.argv[1:])
    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
    print(json.dumps(measured(*numbers)))

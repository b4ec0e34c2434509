"""Convolutions in PyTorch, eager: tied by `conv2d` and its gradients, untied by `unfold`, batched products and `fold`.

Reads cases from standard input as JSON, [[columns, channels, size, maps, kernel], ...], and answers with milliseconds:
[{"tied": {"forward": ..., "feedback": ..., "update": ...}, "untied": {...}}, ...], medians of some repetitions.
"""

from __future__ import annotations

import json
import statistics
import sys
import time

import torch
import torch.nn.functional as F

REPEATS = 15


def median(run) -> float:
    """Milliseconds of a call."""
    run()
    taken = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        run()
        taken.append(time.perf_counter() - begin)
    return 1e3 * statistics.median(taken)


def measured(columns: int, channels: int, size: int, maps: int, kernel: int) -> dict[str, dict[str, float]]:
    """Both kinds, with weights of their own for feedback."""
    edge = kernel // 2
    x, errors = torch.randn(columns, channels, size, size), torch.randn(columns, maps, size, size)
    w = torch.randn(maps, channels, kernel, kernel)
    r = w.clone()
    places, taps = size * size, channels * kernel * kernel
    own, back = (torch.randn(places, maps, taps) for _ in range(2))
    flat = errors.reshape(columns, maps, places)

    def seen():
        return F.unfold(x, kernel, padding=edge)

    def told():
        told = torch.bmm(back.transpose(1, 2), flat.permute(2, 1, 0)).permute(2, 1, 0)
        return F.fold(told.contiguous(), (size, size), kernel, padding=edge)

    return {
        "tied": {
            "forward": median(lambda: F.conv2d(x, w, padding=edge)),
            "feedback": median(lambda: F.conv_transpose2d(errors, r, padding=edge)),
            "update": median(lambda: w.add_(torch.nn.grad.conv2d_weight(x, w.shape, errors, padding=edge), alpha=1e-6)),
        },
        "untied": {
            "forward": median(lambda: torch.bmm(own, seen().permute(2, 1, 0)).permute(2, 1, 0).contiguous()),
            "feedback": median(told),
            "update": median(lambda: own.baddbmm_(flat.permute(2, 1, 0), seen().permute(2, 0, 1), alpha=1e-6)),
        },
    }


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[1]))
    torch.set_grad_enabled(False)
    print(json.dumps([measured(*case) for case in json.load(sys.stdin)]))

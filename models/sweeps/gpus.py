"""Which GPU a run of the backend cuda has, where there are several."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from ...circuits.backends.cuda.gpu import visible_gpus

__all__ = ["Gpus", "gpus_here"]


class Gpus:
    """The GPUs of this machine, each with as many runs as the others, or one more.

    Parameters
    ----------
    names : sequence of str
        The GPUs, as CUDA_VISIBLE_DEVICES names them.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._runs = Counter(dict.fromkeys(names, 0))
        self._lock = threading.Lock()

    @contextmanager
    def environment(self, payload: Mapping[str, Any]) -> Iterator[dict[str, str]]:
        """Give a job the GPU with the fewest runs, for as long as it runs; yields the variables that say so.

        Jobs of other backends have none, and neither has a machine with one GPU, where nothing is to be chosen.
        """
        if payload["options"].get("backend") != "cuda" or len(self._runs) < 2:
            yield {}
            return
        with self._lock:
            chosen = min(self._runs, key=lambda name: self._runs[name])
            self._runs[chosen] += 1
        try:
            yield {"CUDA_VISIBLE_DEVICES": chosen}
        finally:
            with self._lock:
                self._runs[chosen] -= 1


@cache
def gpus_here() -> Gpus:
    """Return the GPUs that this process may use; the same object for all runs that it starts."""
    return Gpus(visible_gpus())

"""Sums of updates of tied weights, which are long, and are split among the blocks or threads of a GPU.

Into how many parts does not depend on how many elements show something, nor on the GPU, so that bits do not either.
"""

from __future__ import annotations

from ...lowering.kernels import Fused, Kernel, Traced, WeightUpdate

#: A tile of weights, and how much of a sum a block reads at a time: as in source/tiles.h.
TILE, DEEP = (16, 32), 64
#: As many blocks, and as many threads, keep every multiprocessor of a GPU at work, and hide what memory takes.
BLOCKS, THREADS = 512, 1 << 17
#: The least terms of a sum that are worth a thread.
LEAST = 16


def splits_of(kernel: Kernel, batch_size: int) -> int:
    """Return into how many parts the sum of an update is split; 0 if it is not.

    A product's sum over the places of all elements is split among blocks (templates/local_product.cu), that of an expression
    among threads (templates/fused.cu). Of rules with traces each element is a part, since it has its own (templates/traced.cu).
    """
    if not isinstance(kernel, WeightUpdate) or not kernel.target:
        return 0
    if kernel.connectivity.kind != "local" or not kernel.connectivity.shared:
        return 0
    if isinstance(kernel, Traced):
        return batch_size
    numbers = kernel.connectivity.numbers()
    maps, inputs, terms = numbers["maps"], numbers["channels"] * numbers["taps"], batch_size * numbers["places"]
    if isinstance(kernel, Fused):
        return max(1, min(-(-terms // LEAST), THREADS // (maps * inputs)))
    return max(1, min(-(-terms // DEEP), BLOCKS // (-(-maps // TILE[0]) * -(-inputs // TILE[1]))))

"""Sums of updates of tied weights, which are long, and are split among the blocks of a GPU."""

from __future__ import annotations

from ...lowering.kernels import Product

#: A tile of weights, and how much of a sum a block reads at a time: as in source/tiles.h.
TILE, DEEP = (16, 32), 64
#: As many blocks keep every multiprocessor of a GPU at work, and hide what memory takes.
BLOCKS = 512


def splits_of(kernel: Product, batch_size: int) -> int:
    """Return into how many parts the sum over the places of all elements is split.

    It does not depend on how many elements show something, nor on the GPU, so that bits do not either.
    """
    numbers = kernel.connectivity.numbers()
    tiles = -(-numbers["maps"] // TILE[0]) * -(-numbers["channels"] * numbers["taps"] // TILE[1])
    stages = -(-batch_size * numbers["places"] // DEEP)
    return max(1, min(stages, BLOCKS // tiles))

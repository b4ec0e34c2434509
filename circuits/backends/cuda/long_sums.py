"""The long sums of updates of tied weights, which are split among the blocks or threads of a GPU.

The number of parts does not depend on the GPU, nor on how many batch elements have a stimulus, and so the result, bit for
bit, does not depend on these either.
"""

from __future__ import annotations

from ...lowering.kernels import Fused, Kernel, Traced, WeightUpdate

#: The size of a tile of weights, and how much of a sum a block reads at a time: as in source/tiles.h.
TILE, DEEP = (16, 32), 64
#: The number of blocks, and of threads, that keep every multiprocessor of a GPU busy and hide the latency of memory.
BLOCKS, THREADS = 512, 1 << 17
#: The smallest number of terms of a sum that is worth a thread.
LEAST = 16


def splits_of(kernel: Kernel, batch_size: int) -> int:
    """Return the number of parts into which the sum of an update is split; 0 if it is not split.

    The sum of a product, over the places of all batch elements, is split among blocks (templates/local_product.cu); the sum
    of an expression is split among threads (templates/fused.cu). For rules with traces each batch element is a part, since
    it has a trace of its own (templates/traced.cu).
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

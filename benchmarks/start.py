"""How long one process takes to begin: `python -m benchmarks.start 784-500-10 SEED` (see build.py)."""

from __future__ import annotations

import json
import sys
import time


def once(sizes: tuple[int, ...], seed: int) -> dict[str, float]:
    """Return seconds to import, to read the data, to build and start, and to show the first batch elements: in this process."""
    begin = time.perf_counter()
    import numpy as np

    from recircuit import urfb
    from recircuit.circuits.inputs import as_inputs
    from recircuit.models.networks.layered import layered

    imported = time.perf_counter()
    rng = np.random.default_rng(seed)
    x, y = rng.random((10_000, sizes[0]), np.float32), rng.integers(0, sizes[-1], 10_000)
    read = time.perf_counter()
    net = layered(sizes, urfb.with_parameters(rate=0.1 + 0.01 * seed), batch_size=100, seed=seed)
    program = net.program(sys.argv[3] if len(sys.argv) > 3 else "cpp")
    built = time.perf_counter()
    clamped = {p.name: x if p.clamp.kind == "values" else y for p in net.populations.values() if p.clamp}
    inputs = as_inputs(net, clamped)
    inputs.load(program)
    program.run(net.timetable(), inputs.order(1, net.batch_size)).raise_if_diverged()
    shown = time.perf_counter()
    net.close()
    return {
        "import": imported - begin, "data": read - imported, "build": built - read, "first presentation": shown - built,
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(once(tuple(map(int, sys.argv[1].split("-"))), int(sys.argv[2]))))

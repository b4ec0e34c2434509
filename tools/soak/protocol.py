"""Messages that are damaged, to a compiled circuit and from it."""

from __future__ import annotations

import random
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from text_inputs import circuit

from recircuit.circuits.backends.compiled.messages import MAGIC, Kind, Malformed, pack, unpack
from recircuit.errors import RecircuitError

from .odd_inputs import hammer, spoiled, st
from .tally import Tally

FIELDS: tuple[Any, ...] = (
    "h.rate", "x_to_h.w", "nobody", "walk", "", 0, 1, -1, 2**62, 1.5, float("nan"), np.zeros(2), np.zeros(6),
    np.arange(3, dtype=np.int32), np.zeros(4, np.uint8), np.zeros(0),
)  # fmt: skip


def answers(tally: Tally, count: int, number: int, folder: Path) -> None:
    """Read bodies of answers with changed bytes: they are read, or are refused as no message."""
    del folder

    def use(chance: int) -> None:
        rng = random.Random(chance)
        body = pack([rng.choice(FIELDS) for _ in range(rng.randrange(5))])
        with suppress(Malformed):
            unpack(bytearray(spoiled(body, chance)))

    hammer(tally, st.integers(0, 2**32), use, count, number)


def packets(tally: Tally, count: int, number: int, folder: Path) -> None:
    """Send packets to a running compiled circuit. It says what is wrong, or ends; its state is right, or refused."""
    del folder
    net = circuit()
    net.run(np.ones((1, 3)), 1, backend="cpp")
    before = net.state()

    def use(chance: int) -> None:
        rng = random.Random(chance)
        body = pack([rng.choice(FIELDS) for _ in range(rng.randrange(4))])
        kind, size = rng.choice([*Kind, 0, 99]), rng.choice((len(body), len(body), 0, 2**63, len(body) + 8))
        packet = struct.pack("=IIQQQ", rng.choice((MAGIC, MAGIC, 7)), kind, rng.choice((0, 1, 10**9)), size, 0) + body
        if kind in (Kind.SET, Kind.RESTORE, Kind.SEED, Kind.RUN):
            packet = spoiled(packet, chance)[:-1]
        worker: Any = net.program("cpp")
        try:
            worker.worker()._channel.socket.send(packet)
            now = net.state()
        except (RecircuitError, OSError):
            net.close()
            net.set_state(before)
            return
        if any(not np.array_equal(now[key], value) for key, value in before.items()):
            if kind not in (Kind.SET, Kind.RUN, Kind.PRESENT):
                tally.fault("wrong", f"after the packet {packet!r}")
            net.set_state(before)

    hammer(tally, st.integers(0, 2**32), use, count, number)
    net.close()

"""An epoch of an experiment: all training samples are shown, then the test samples, and the answers are counted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ....circuits import Circuit
from ....circuits.readout import Readout
from ...data import Dataset
from ...training.order import epoch_order, epoch_seed, in_batches

__all__ = ["show_epoch"]


def show_epoch(
    net: Circuit, data: Dataset, labels: NDArray[np.integer], seed: int, number: int
) -> tuple[dict[str, float], str]:
    """The shares of ``train`` and ``test`` samples that are answered wrongly, and what became NaN or infinite.

    Where something did, from there on answers are a guess, and all shares are those of guessing.

    Parameters
    ----------
    net : Circuit
        With the rows of training and test samples loaded, in this order.
    labels : NDArray[np.integer]
        The labels of these rows.

    Raises
    ------
    KeyboardInterrupt
        If Ctrl-C was pressed.
    """
    program, readout = net.program(), Readout.of(net)
    program.seed(epoch_seed(seed, number))
    orders = {
        "train": epoch_order(data.n_train, net.batch_size, seed, number),
        "test": in_batches(data.n_train + np.arange(data.n_test), net.batch_size),
    }
    wrong: dict[str, float] = {}
    for part, order in orders.items():
        table = readout.table("train" if part == "train" else "evaluate")
        with np.errstate(all="ignore"):  # what overflows is found by its result
            result = program.run(table, order, collect=readout.collect)
        if result.diverged:
            return dict.fromkeys(orders, 1 - 1 / data.classes), result.diverged
        wrong[part] = readout.wrong(result, order, labels)
    return wrong, ""

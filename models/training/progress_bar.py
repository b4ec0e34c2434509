"""The progress bar of a training. Nothing is shown where there is neither a terminal nor a notebook."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tqdm.auto import tqdm

from ...terminal import is_terminal
from .measured_text import errors_in

__all__ = ["Bar"]


class Bar:
    """A bar that counts presentations (stimuli, in all batch elements) over all epochs, with their rate and the last errors."""

    def __init__(self, shown: bool = True) -> None:
        self.shown = shown and (is_terminal(sys.stderr) or "ipykernel" in sys.modules)
        self._bar: tqdm | None = None
        self._per_epoch = 0

    @contextmanager
    def over(self, epochs: int, per_epoch: int, done: int = 0) -> Iterator[None]:
        """Show the bar during a ``with`` block in which a run of `epochs` goes on, of which some are done."""
        self._per_epoch = per_epoch
        if not self.shown:
            yield
            return
        total, begin = epochs * per_epoch, done * per_epoch
        with tqdm(
            total=total, initial=begin, unit=" presentations", unit_scale=True, leave=False, dynamic_ncols=True
        ) as self._bar:
            yield
        self._bar = None

    def at(self, epoch: int, presentations: int) -> None:
        """Show that an epoch, counted from 0, has had so many presentations."""
        if self._bar is not None:
            self._bar.update(epoch * self._per_epoch + presentations - self._bar.n)
            self._bar.set_description(f"epoch {epoch + 1}", refresh=False)

    def measured(self, row: Mapping[str, float]) -> None:
        """Show the errors of the last epoch beside the rate."""
        if self._bar is not None:
            self._bar.set_postfix_str(", ".join(f"{name} {error}" for name, error in errors_in(row).items()))

"""Data sets as HTML, for Jupyter."""

from __future__ import annotations

from html import escape

import numpy as np

from ...tables import html_table

__all__ = ["Displayed"]


class Displayed:
    """The part of a data set that Jupyter shows."""

    name: str
    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    classes: int
    shape: tuple[int, ...]
    scale: float
    offset: float

    def _repr_html_(self) -> str:
        rows = []
        for part, x, y in (("training", self.x_train, self.y_train), ("test", self.x_test, self.y_test)):
            rates = (
                [f"{self.offset + self.scale * float(f(x)):.4g}" for f in (np.min, np.mean, np.max)]
                if x.size
                else [""] * 3
            )
            each = np.bincount(y, minlength=self.classes)
            rows.append((part, f"{len(x):,}", f"{each.min():,} to {each.max():,}", *rates))
        shape = " × ".join(map(str, self.shape))
        title = f"<p><b>{escape(self.name)}</b>: samples of {shape}, {self.x_train.dtype}, {self.classes} classes</p>"
        return title + html_table(("part", "samples", "of a class", "least rate", "mean rate", "largest rate"), rows)

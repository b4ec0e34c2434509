"""All-to-all connections."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Matrix


@dataclass(frozen=True)
class Dense(Matrix):
    """Every pre unit projects to every post unit.

    ::

        field[i] = sum over j of w[i, j] * sent[j]

    The weights w have the shape (n_post, n_pre).
    """

"""How many parts a circuit has: each takes a while to build, which is said before that begins."""

from __future__ import annotations

import warnings

from ...errors import RecircuitError

#: A circuit of more populations and projections is told of, and one of more is refused.
MANY, MOST = 500, 10_000
#: Seconds that each takes to build for NumPy on a processor of 2020.
EACH = 0.03


def warn_of_size(populations: int, projections: int) -> None:
    """Say of a circuit of very many parts that it takes long to build."""
    parts = populations + projections
    if parts > MANY:
        warnings.warn(
            f"circuit: it has {populations:,} populations and {projections:,} projections. Building takes about "
            f"{EACH * parts:.0f} s on the backend numpy, and many times longer on those that compile. Units with the same "
            "equations are faster in one population.",
            stacklevel=2,
        )


def check_size(parts: int, what: str = "populations and projections", instead: str = "") -> None:
    """Refuse to declare more than can be built within minutes.

    Raises
    ------
    RecircuitError
        If there are more than `MOST`.
    """
    if parts > MOST:
        instead = instead or (
            "Put units with the same equations into one population; projections join any of its units (rc.Given, rc.Blocks)."
        )
        raise RecircuitError(f"circuit: at most {MOST:,} {what} can be declared. {instead}")
